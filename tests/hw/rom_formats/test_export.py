"""Exports of all formats: files, index, verification."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.rom_formats import FORMATS, RomImage, export_roms, verify_roms
from tests.support.hw.roms import GOLDEN, OTHER, SMALL, WIDE


def _files(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_export_writes_files_and_index(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "roms"
    index = export_roms([SMALL, OTHER], out)
    files = {key: entry.path("gamma") for key, entry in FORMATS.items()}
    assert index["roms"][0] == {
        "name": "gamma",
        "layer": "tone",
        "depth": 4,
        "width": 10,
        "sha256": SMALL.sha256,
        "files": files,
    }
    assert (index["format"], index["version"]) == ("lutscale-roms", 1)
    assert json.loads((out / "index.json").read_bytes()) == index
    for key, path in files.items():
        assert (out / path).read_bytes() == GOLDEN[key].encode()
    assert len(_files(out)) == 2 * len(FORMATS) + 1
    assert [path.name for path in out.parent.iterdir()] == ["roms"]
    verify_roms(out)


def test_export_is_deterministic(tmp_path: Path) -> None:
    export_roms([SMALL, OTHER], tmp_path / "a", ["gowin_mi", "readmemh"])
    export_roms([SMALL, OTHER], tmp_path / "b", {"readmemh": 0, "gowin_mi": 0})
    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    assert len(_files(tmp_path / "a")) == 5


def test_export_replaces_an_earlier_one(tmp_path: Path) -> None:
    export_roms([SMALL, OTHER], tmp_path / "out")
    export_roms([OTHER], tmp_path / "out", ["readmemh"])
    assert set(_files(tmp_path / "out")) == {"index.json", "verilog/sharpen.hex"}
    verify_roms(tmp_path / "out")
    (tmp_path / "empty").mkdir()
    export_roms([OTHER], tmp_path / "empty")
    verify_roms(tmp_path / "empty")


def test_export_skips_formats_that_cannot_hold_a_rom(tmp_path: Path) -> None:
    index = export_roms([WIDE, OTHER], tmp_path / "out")
    assert set(FORMATS) - set(index["roms"][0]["files"]) == {"lattice_mem"}
    assert set(index["roms"][1]["files"]) == set(FORMATS)
    verify_roms(tmp_path / "out")
    with pytest.raises(InputError, match="ROM wide must be at most 256 bits wide"):
        export_roms([WIDE], tmp_path / "asked", ["lattice_mem"])
    assert not (tmp_path / "asked").exists()


def test_export_leaves_the_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    export_roms([SMALL], tmp_path, ["readmemh"])
    (tmp_path / "verilog" / "mine.hex").write_text("ff")
    export_roms([OTHER], tmp_path, ["readmemh"])
    ours = {"index.json", "verilog/sharpen.hex"}
    assert set(_files(tmp_path)) == {*ours, "thesis.txt", "verilog/mine.hex"}
    verify_roms(tmp_path)


def test_export_refuses_to_replace_the_files_of_others(tmp_path: Path) -> None:
    for name in ("verilog/gamma.hex", "index.json"):
        out = tmp_path / name.replace("/", "_")
        (out / name).parent.mkdir(parents=True)
        (out / name).write_text('{"format": "other"}')
        with pytest.raises(InputError, match=f"{name} must be a file that an earlier run wrote"):
            export_roms([SMALL], out)
        assert _files(out) == {name: b'{"format": "other"}'}
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="file must be a folder, not a file"):
        export_roms([SMALL], tmp_path / "file")


def test_export_refuses_bad_arguments(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="must differ in more than case, not repeat 'gamma'"):
        export_roms([SMALL, OTHER, SMALL], out)
    with pytest.raises(ValueError, match="not repeat 'GAMMA'"):
        export_roms([SMALL, dataclasses.replace(SMALL, name="GAMMA")], out)
    with pytest.raises(ValueError, match="at least one image"):
        export_roms([], out)
    with pytest.raises(InputError, match=r"formats must be among readmemh, .* not 'actel'"):
        export_roms([SMALL], out, ["readmemh", "actel"])
    with pytest.raises(InputError, match="not none"):
        export_roms([SMALL], out, [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("earlier", [False, True])
def test_failed_export_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    out = tmp_path / "out"
    if earlier:
        export_roms([OTHER], out)
    before = _files(tmp_path)

    def broken(rom: RomImage) -> str:
        raise RuntimeError("disk full")

    entry = dataclasses.replace(FORMATS["gowin_mi"], formatter=broken)
    monkeypatch.setitem(FORMATS, "gowin_mi", entry)
    with pytest.raises(RuntimeError, match="disk full"):
        export_roms([SMALL], out)
    assert _files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if earlier else [])


def test_verify_names_the_changed_word(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_roms([SMALL, OTHER], out)
    path = out / "xilinx" / "gamma.mif"
    path.write_bytes(path.read_bytes().replace(b"0000101010", b"0000101011"))
    with pytest.raises(InputError) as caught:
        verify_roms(out)
    assert str(caught.value) == f"{path}: word at address 0x2 must be 0x2a, not 0x2b"


@pytest.mark.slow
@pytest.mark.parametrize("key", FORMATS)
@pytest.mark.parametrize("alone", [False, True])
def test_verify_finds_every_flipped_bit(tmp_path: Path, key: str, alone: bool) -> None:
    out = tmp_path / "out"
    export_roms([OTHER], out, [key] if alone else None)
    path = out / FORMATS[key].path(OTHER.name)
    good = path.read_bytes()
    for place in range(len(good)):
        for bit in range(8):
            flipped = bytearray(good)
            flipped[place] ^= 1 << bit
            path.write_bytes(bytes(flipped))
            with pytest.raises(InputError, match=path.name):
                verify_roms(out)
    path.write_bytes(good.replace(b"\n", b"\r\n"))
    verify_roms(out)


def test_verify_finds_missing_and_shortened_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_roms([SMALL], out)
    path = out / "verilog" / "gamma.hex"
    path.write_text("000\n3ff\n02a\n")
    with pytest.raises(InputError, match=r"gamma.hex: depth must be 4 words, not 3"):
        verify_roms(out)
    path.write_text("000\n3ff\n02a\n955\n")
    with pytest.raises(InputError, match=r"gamma.hex: word at address 0x3 must be below 2\*\*10"):
        verify_roms(out)
    path.unlink()
    with pytest.raises(InputError, match=r"gamma.hex must be a readable file"):
        verify_roms(out)
    path.write_text(GOLDEN["readmemh"])
    (out / "xilinx" / "gamma.mif").write_text("00\n11\n10\n01\n")
    with pytest.raises(InputError, match=r"gamma.mif: width must be 10 bits, not 2"):
        verify_roms(out)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "../x", '"name" must be an identifier'),
        ("layer", 3, '"layer" must be a string'),
        ("depth", True, '"depth" must be 1 to'),
        ("width", 0, '"width" must be 1 to 4096, not 0'),
        ("sha256", "00", '"sha256" must be 64 hexadecimal digits'),
        ("files", {}, '"files" must be an object of at least one path'),
        ("files", {"readmemh": "../secret"}, "its own path, not 'readmemh': '../secret'"),
        ("files", {"actel": "actel/gamma.mem"}, "its own path, not 'actel'"),
        ("sha256", "0" * 64, "contents must have SHA-256 0000"),
    ],
)
def test_verify_refuses_a_wrong_index(
    tmp_path: Path, field: str, value: object, message: str
) -> None:
    out = tmp_path / "out"
    index = export_roms([SMALL], out)
    index["roms"][0][field] = value
    (out / "index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=message):
        verify_roms(out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "index.json must be a readable file"),
        ("{", "index.json must be JSON"),
        ("[]", 'index.json must have "format": "lutscale-roms"'),
        ('{"format": "lutscale-roms", "version": 2}', '"version" must be 1, not 2'),
        ('{"format": "lutscale-roms", "version": 1, "roms": []}', '"roms" must be a list'),
        ('{"format": "lutscale-roms", "version": 1, "roms": [1]}', r"roms\[0\]: entry must be"),
    ],
)
def test_verify_refuses_a_broken_index(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "index.json").write_text(text)
    with pytest.raises(InputError, match=message):
        verify_roms(tmp_path)
