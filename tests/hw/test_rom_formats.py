"""Tests for ROM images, their file formats, and exported folders."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.errors import InputError
from lutscale.hw.flow.yosys import run_yosys
from lutscale.hw.rom_formats import (
    FORMATS,
    MAX_WIDTH,
    RomImage,
    export_roms,
    format_lattice_mem,
    parse_gowin_mi,
    parse_intel_mif,
    parse_lattice_mem,
    parse_readmemh,
    parse_xilinx_coe,
    parse_xilinx_mif,
    verify_roms,
)

SMALL = RomImage("gamma", "tone", 10, (0, 0x3FF, 0x2A, 0x155))
OTHER = RomImage("sharpen", "conv 1", 3, (5, 0, 7))
WIDE = RomImage("wide", "conv 2", 257, (1 << 256,))

GOLDEN = {
    "readmemh": "000\n3ff\n02a\n155\n",
    "xilinx_coe": (
        "memory_initialization_radix=16;\nmemory_initialization_vector=\n000,\n3FF,\n02A,\n155;\n"
    ),
    "xilinx_mif": "0000000000\n1111111111\n0000101010\n0101010101\n",
    "intel_mif": (
        "WIDTH=10;\nDEPTH=4;\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\nCONTENT BEGIN\n"
        "0 : 000;\n1 : 3FF;\n2 : 02A;\n3 : 155;\nEND;\n"
    ),
    "lattice_mem": (
        "#Format=Hex\n#Depth=4\n#Width=10\n#AddrRadix=3\n#DataRadix=3\n#Data\n000\n3FF\n02A\n155\n"
    ),
    "gowin_mi": "#File_format=Hex\n#Address_depth=4\n#Data_width=10\n000\n3FF\n02A\n155\n",
}


@st.composite
def rom_images(draw: st.DrawFn) -> RomImage:
    width = draw(st.integers(1, 160))
    word = st.one_of(
        st.integers(0, 2**width - 1), st.sampled_from([0, 1, 2 ** (width - 1), 2**width - 1])
    )
    words = draw(st.lists(word, min_size=1, max_size=70))
    return RomImage("table", "layer", width, tuple(words))


@given(rom=rom_images(), key=st.sampled_from(sorted(FORMATS)))
@settings(max_examples=300, deadline=None)
def test_round_trip(rom: RomImage, key: str) -> None:
    text = FORMATS[key].formatter(rom)
    parsed = FORMATS[key].parser(text)
    assert parsed.words == rom.words
    assert parsed.width == (None if key in ("readmemh", "xilinx_coe") else rom.width)
    assert FORMATS[key].parser(text.replace("\n", "\r\n")) == parsed


@pytest.mark.parametrize("key", FORMATS)
def test_small_rom_is_written_as_documented(key: str) -> None:
    assert FORMATS[key].formatter(SMALL) == GOLDEN[key]


@pytest.mark.parametrize("key", FORMATS)
def test_widest_word_round_trips(key: str) -> None:
    width = min(FORMATS[key].max_width, MAX_WIDTH)
    rom = RomImage("w", "l", width, (2**width - 1, 0))
    assert FORMATS[key].parser(FORMATS[key].formatter(rom)).words == rom.words


def test_paths_never_clash() -> None:
    paths = {entry.path("x") for entry in FORMATS.values()}
    assert paths == {
        "verilog/x.hex",
        "xilinx/x.coe",
        "xilinx/x.mif",
        "intel/x.mif",
        "lattice/x.mem",
        "gowin/x.mi",
    }
    assert all(key == entry.key for key, entry in FORMATS.items())


def test_rom_image_properties() -> None:
    assert SMALL.depth == 4
    assert SMALL.sha256 == hashlib.sha256(b"000\n3ff\n02a\n155\n").hexdigest()
    assert dataclasses.replace(SMALL, name="b", layer="c").sha256 == SMALL.sha256


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": "1x"}, ValueError, "name must be"),
        ({"name": "a/b"}, ValueError, "name must be"),
        ({"name": "a\n"}, ValueError, "name must be"),
        ({"name": "é"}, ValueError, "name must be"),
        ({"name": ""}, ValueError, "name must be"),
        ({"name": 3}, TypeError, "name must be a str, not 3"),
        ({"layer": None}, TypeError, "layer must be a str, not None"),
        ({"width": 0}, ValueError, "width must be 1 to 4096 bits, not 0"),
        ({"width": 4097}, ValueError, "width must be 1 to 4096 bits, not 4097"),
        ({"width": True}, TypeError, "width must be an int, not True"),
        ({"words": ()}, ValueError, "words must hold 1 to"),
        ({"words": [1]}, TypeError, "words must be a tuple of int, not list"),
        ({"words": (0, -1)}, ValueError, r"words\[1\] must be 0 to 2\*\*10 - 1, not -0x1"),
        ({"words": (1024,)}, ValueError, r"words\[0\] must be 0 to 2\*\*10 - 1, not 0x400"),
        ({"words": (1.0,)}, TypeError, r"words\[0\] must be an int, not 1.0"),
    ],
)
def test_rom_image_refuses(changes: dict[str, object], error: type, message: str) -> None:
    fields = {"name": "n", "layer": "l", "width": 10, "words": (1,), **changes}
    with pytest.raises(error, match=message):
        RomImage(**fields)  # type: ignore[arg-type]


def test_readmemh_reads_comments_and_underscores() -> None:
    text = "// head\n0_0 FF /* two\nlines */ 7f\t// tail\n"
    assert parse_readmemh(text).words == (0, 0xFF, 0x7F)


def test_coe_reads_vendor_layouts() -> None:
    text = (
        "; a comment\nMEMORY_INITIALIZATION_RADIX = 2 ; radix\n\n"
        "memory_initialization_vector = 1111, 0000\n0101,\n1\n; the end\n"
    )
    assert parse_xilinx_coe(text).words == (15, 0, 5, 1)
    text = "memory_initialization_radix=10;\nmemory_initialization_vector=1 2 30;\n; bye"
    assert parse_xilinx_coe(text).words == (1, 2, 30)


def test_intel_mif_reads_the_vendor_example() -> None:
    text = (
        "%  multiple-line -- comment\n[0..F] : 3; %\n-- single-line % comment\n"
        "DEPTH = 16; -- words\nwidth = 8;\nADDRESS_RADIX = HEX;\nDATA_RADIX = BIN;\n"
        "CONTENT -- start\nBEGIN\n00 : 00000000;--first\n01:00000001 11 101;\n"
        "04 : 100;% inline %\n[05..0E] : 10001111;\nf:\n1\n;\nEND;%% -- done\n"
    )
    parsed = parse_intel_mif(text)
    assert parsed.width == 8
    assert parsed.words == (0, 1, 3, 5, 4, *[0x8F] * 10, 1)


def test_intel_mif_reads_other_radixes() -> None:
    text = (
        "WIDTH=4;DEPTH=12;ADDRESS_RADIX=UNS;DATA_RADIX=DEC;\n"
        "CONTENT BEGIN 0:-8 -1 7; [3..10]:1; 11:15; END;"
    )
    assert parse_intel_mif(text).words == (8, 15, 7, *[1] * 8, 15)
    assert parse_intel_mif("DEPTH=1;WIDTH=8;CONTENT BEGIN 0:f0; END;").words == (0xF0,)


def test_lattice_mem_reads_comments_and_binary() -> None:
    head = "#Format=Bin\n#Depth=2\n#Width=8\n#AddrRadix=3\n#DataRadix=0\n#Data\n"
    parsed = parse_lattice_mem(head + "# for a 2x8 memory\n11011 // first\n\n11111010#\n")
    assert (parsed.width, parsed.words) == (8, (0b11011, 0b11111010))


def test_gowin_mi_reads_binary_and_trailing_space() -> None:
    text = "#File_format=Bin\n#Address_depth=2\n#Data_width=4 \n1010\n0001"
    parsed = parse_gowin_mi(text)
    assert (parsed.width, parsed.words) == (4, (10, 1))


LATTICE = "#Format=Hex\n#Depth=1\n#Width=8\n#AddrRadix=3\n#DataRadix=3\n#Data\n"
GOWIN = "#File_format=Hex\n#Address_depth=1\n#Data_width=8\n"
INTEL = "WIDTH=8;\nDEPTH=2;\nCONTENT BEGIN\n"
COE = "memory_initialization_radix=16;\nmemory_initialization_vector=\n"
MALFORMED = [
    ("readmemh", "", "line 1: file must hold 1 to"),
    ("readmemh", "00\n0g\n", "line 2: word must be hexadecimal digits, not '0g'"),
    ("readmemh", "00\nxx\n", "line 2: word must be hexadecimal"),
    ("readmemh", "@0\n00\n", "line 1: word must be hexadecimal digits, not '@0'"),
    ("readmemh", "00\n0x1\n", "line 2: word must be hexadecimal digits"),
    ("readmemh", "-1\n", "line 1: word must be hexadecimal digits"),
    ("readmemh", "٣\n", "line 1: word must be hexadecimal digits"),
    ("readmemh", "00\n/* 01\n", "line 2: comment must be closed"),
    ("readmemh", "f" * 1025, r"line 1: word must be below 2\*\*4096"),
    ("xilinx_coe", "", "line 1: memory_initialization_radix=...; must follow"),
    ("xilinx_coe", COE[:32], "line 1: memory_initialization_vector=...; must follow"),
    ("xilinx_coe", COE.replace("16", "8"), "line 1: radix must be 2, 10 or 16, not '8'"),
    ("xilinx_coe", COE[32:] + "1;", "line 1: keyword must be memory_initialization_radix"),
    ("xilinx_coe", COE.replace("vector", "vektor") + "1;", "line 2: keyword must be memory_in"),
    ("xilinx_coe", COE + "00,\n01", "line 4: statement must end in ';'"),
    ("xilinx_coe", COE + "00,\n,01;", "line 4: word must be hexadecimal digits, not ','"),
    ("xilinx_coe", COE + "00,\n01,;", "line 4: a word must follow the last comma"),
    ("xilinx_coe", COE + ";", "line 3: file must hold 1 to"),
    ("xilinx_coe", COE + "00,\nzz;", "line 4: word must be hexadecimal digits, not 'zz'"),
    ("xilinx_coe", COE + "00;\n01;", "line 4: text after the vector must be a comment"),
    ("xilinx_coe", "00;", "line 1: statement must be keyword=value;"),
    ("xilinx_mif", "", "line 1: word must be binary digits"),
    ("xilinx_mif", "010\n01\n", "line 2: word must be 3 binary digits as on line 1, not '01'"),
    ("xilinx_mif", "010\n\n010\n", "line 2: word must be 3 binary digits"),
    ("xilinx_mif", "010\n012\n", "line 2: word must be binary digits, not '012'"),
    ("xilinx_mif", "0" * 4097, "line 1: word must be at most 4096 binary digits"),
    ("intel_mif", "", "line 1: more must follow, but the file ends"),
    ("intel_mif", "WIDTH=8;\nCONTENT BEGIN", "line 2: DEPTH=...; must precede CONTENT"),
    ("intel_mif", "WIDTH=8;\nWIDTH=8;", "line 2: keyword must be DEPTH or ADDRESS_RADIX"),
    ("intel_mif", "WIDTH 8;", "line 1: text here must be '=', not '8'"),
    ("intel_mif", INTEL.replace("2", "0") + "END;", "line 2: DEPTH must be 1 to"),
    ("intel_mif", INTEL.replace("2", "99999999") + "END;", "line 2: DEPTH must be 1 to"),
    ("intel_mif", "DATA_RADIX=TEN;" + INTEL + "END;", "line 1: radix must be BIN, OCT"),
    ("intel_mif", INTEL + "0:0;\n1:0;\n", "line 5: more must follow, but the file ends"),
    ("intel_mif", INTEL + "0:0;\nEND;\n", "line 5: address 0x1 must have a word, as DEPTH is 2"),
    ("intel_mif", INTEL + "0:0 1;\n1:0;\nEND;\n", "line 5: address must be given once, not '0x1'"),
    ("intel_mif", INTEL + "0:0 1 2;\nEND;\n", "line 4: address must be below DEPTH, 2, not '0x2'"),
    ("intel_mif", INTEL + "2:0;\nEND;\n", "line 4: address must be below DEPTH, 2, not '2'"),
    ("intel_mif", INTEL + "[1..0]:0;\nEND;\n", "line 4: a range must rise and have one word"),
    ("intel_mif", INTEL + "[0..1]:0 1;\nEND;\n", "line 4: a range must rise and have one word"),
    ("intel_mif", INTEL + "[0.1]:0;\nEND;\n", r"line 4: text here must be '..', not '.'"),
    ("intel_mif", INTEL + "0:100;\nEND;\n", r"line 4: word must be below 2\*\*8, not '100'"),
    ("intel_mif", INTEL + "0:-1;\nEND;\n", "line 4: word must be hexadecimal digits, not '-1'"),
    ("intel_mif", "DATA_RADIX=DEC;" + INTEL + "0:-129;", r"word must be at least -2\*\*7"),
    ("intel_mif", INTEL + "0:0 % open\n", "line 4: comment must be closed"),
    ("intel_mif", INTEL + "0:0 1;\nEND;\nX", "line 6: text after END; must be a comment"),
    ("intel_mif", INTEL + "0:0 1;\nEND", "line 5: ';' must follow, but the file ends"),
    ("lattice_mem", "@0 00 01\n", "line 1: header must be #Format=..., not '@0 00 01'"),
    ("lattice_mem", LATTICE.replace("Hex", "AddrHex") + "0:0", "line 1: #Format must be Hex or"),
    ("lattice_mem", LATTICE.replace("x=3", "x=4"), "line 4: #AddrRadix must be 0, 1, 2 or 3"),
    ("lattice_mem", LATTICE.replace("#Data\n", "") + "00\n", "line 6: end of the header must be"),
    ("lattice_mem", LATTICE.replace("=8", "=257"), "line 3: #Width must be 1 to 256"),
    ("lattice_mem", LATTICE.replace("=1", "=65537"), "line 2: #Depth must be 1 to 65536"),
    ("lattice_mem", LATTICE, "line 6: file must hold 1 words, as its header states, not 0"),
    ("lattice_mem", LATTICE + "00\n01\n", "line 8: file must hold 1 words, .* not 2"),
    ("lattice_mem", LATTICE + "100\n", r"line 7: word must be below 2\*\*8, not '100'"),
    ("lattice_mem", LATTICE + "00 01\n", "line 7: word must be hexadecimal digits, not '00 01'"),
    ("gowin_mi", "", "line 1: header must be #File_format=..., not ''"),
    ("gowin_mi", GOWIN.replace("Hex", "AddrHex"), "line 1: #File_format must be Hex or Bin"),
    ("gowin_mi", GOWIN.replace("=1", "=one"), "line 2: #Address_depth must be decimal digits"),
    ("gowin_mi", GOWIN.replace("=8", "=0"), "line 3: #Data_width must be 1 to 4096"),
    ("gowin_mi", GOWIN + "# note\n00\n", "line 4: word must be hexadecimal digits, not '# note'"),
    ("gowin_mi", GOWIN, "line 3: file must hold 1 words, as its header states, not 0"),
]


@pytest.mark.parametrize(("key", "text", "message"), MALFORMED)
def test_malformed_text_is_refused(key: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        FORMATS[key].parser(text)
    assert "\n" not in str(caught.value)


@given(rom=rom_images(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_truncation_is_found_where_the_depth_is_stated(rom: RomImage, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(["xilinx_coe", "intel_mif", "lattice_mem", "gowin_mi"]))
    lines = FORMATS[key].formatter(rom).splitlines(keepends=True)
    kept = data.draw(st.integers(0, len(lines) - 1))
    with pytest.raises(InputError, match="line "):
        FORMATS[key].parser("".join(lines[:kept]))


@given(text=st.text(alphabet="01fF#;:=[].%-/*, \n@_", max_size=40), data=st.data())
@settings(max_examples=200, deadline=None)
def test_parsers_only_raise_input_errors(text: str, data: st.DataObject) -> None:
    entry = FORMATS[data.draw(st.sampled_from(sorted(FORMATS)))]
    head = entry.formatter(OTHER)
    text = head[: data.draw(st.integers(0, len(head)))] + text
    with contextlib.suppress(InputError):
        assert entry.parser(text).words


def test_lattice_limits() -> None:
    with pytest.raises(InputError, match="at most 256 bits wide and 65536 words deep, not 257"):
        format_lattice_mem(WIDE)
    with pytest.raises(InputError, match="not 1 and 65537"):
        format_lattice_mem(RomImage("deep", "l", 1, (0,) * 65537))


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


def test_yosys_reads_the_readmemh_text(tmp_path: Path) -> None:
    export_roms([SMALL], tmp_path / "out", ["readmemh"])
    source = tmp_path / "rom.v"
    source.write_text(
        "module rom(input [1:0] a, output [9:0] d);\n  reg [9:0] m [0:3];\n"
        f'  initial $readmemh("{tmp_path}/out/verilog/gamma.hex", m);\n'
        "  assign d = m[a];\nendmodule\n"
    )
    commands = (f"read_verilog {source.name}", "proc", "memory_collect", "write_json rom.json")
    run_yosys(commands, tmp_path)
    cells = json.loads((tmp_path / "rom.json").read_text())["modules"]["rom"]["cells"].values()
    init = next(cell["parameters"]["INIT"] for cell in cells if "INIT" in cell["parameters"])
    assert init == "".join(f"{word:010b}" for word in reversed(SMALL.words))


def test_parsers_keep_leading_zeros_of_the_width() -> None:
    assert parse_xilinx_mif("0000\n0001\n").width == 4
