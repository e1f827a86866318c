"""Released tables: the program computes what the authors do, and wrong files are refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.golden.layers import PatternTables, Requantise, TapTables
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program_file import load
from lutscale.model.released.hklut import hklut
from lutscale.model.released.import_tables import main
from lutscale.model.released.tinylut import tinylut
from tests.support.model import released_networks
from tests.support.random_programs import example_frame
from tests.support.released_tables import read_tables, write_hklut, write_tinylut

SIZES = ((3, 3), (3, 8), (5, 4), (9, 7))
FAMILIES = {
    "hklut": (write_hklut, hklut, released_networks.hklut),
    "tinylut": (write_tinylut, tinylut, released_networks.tinylut),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_authors_arithmetic(family: str, seed: int, tmp_path: Path) -> None:
    write, read, literal = FAMILIES[family]
    folder = write(tmp_path / family, seed)
    program, tables = read(folder), read_tables(folder)
    for height, width in SIZES:
        frame = example_frame(seed, width, height)
        assert frame.shape in ((height, width), (width, height))
        expected = literal(tables, frame)
        np.testing.assert_array_equal(program.run(frame), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_changed_entry_shows(family: str, tmp_path: Path) -> None:
    write, read, literal = FAMILIES[family]
    folder = write(tmp_path / family)
    frame = example_frame(1, 24, 24)
    path = sorted(folder.glob("*MSB*H_x2*.npy" if family == "hklut" else "*Depth*H6.npy"))[0]
    table = np.load(path)
    code = int(frame[5, 5])
    row = (code >> 4) * 0x111 if family == "hklut" else 8 * 64 + (code >> 2)
    frame[:] = frame[5, 5]
    expected = literal(read_tables(folder), frame)
    table[row] = 100
    np.save(path, table)
    assert (read(folder).run(frame) != expected).any()


def test_codes_beyond_six_and_two_bits_are_clamped(tmp_path: Path) -> None:
    folder = write_tinylut(tmp_path / "tinylut")
    program, frame = tinylut(folder), example_frame(1, 24, 24)
    pointwise = [k for k in (5, 9) if isinstance(program.layers[k], TapTables)]
    assert pointwise == [5, 9]
    for k in pointwise:
        given, ranges = program.types[k], program.layers[k].code_ranges
        assert (given.lo, given.hi) == (-32, 31)
        # The file has rows beyond, and they count.
        assert ranges[:16, 1].max() > 31
    assert program.layers[9].code_ranges[16, 1] == 4
    wide = [
        dataclasses.replace(layer, lo=-128, hi=127, channel_lo=None, channel_hi=None)
        if isinstance(layer, Requantise) and layer.channel_hi
        else layer
        for layer in program.layers
    ]
    unclamped = dataclasses.replace(program, layers=tuple(wide))
    literal = released_networks.tinylut(read_tables(folder), frame)
    np.testing.assert_array_equal(program.run(frame), literal)
    assert (unclamped.run(frame) != literal).any()


# ---------------------------------------------------------------- the authors' own tables


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "table_bytes", "score", "tolerance"),
    [("hklut", 102_400, 30.337, 0.005), ("tinylut", 37_776, 30.22, 0.02)],
)
def test_released_tables(
    family: str, table_bytes: int, score: float, tolerance: float, peers: Path, data_folder: Path
) -> None:
    _, read, literal = FAMILIES[family]
    program, tables = read(peers / family), read_tables(peers / family)
    files = sum(array.nbytes for name, array in tables.items() if array.dtype == np.int8)
    assert program.table_bits // 8 == files == table_bytes
    scores = []
    for lr_file in list_images(data_folder / "test" / "Set5" / "LRx4"):
        lr, hr = read_rgb(lr_file), read_rgb(data_folder / "test" / "Set5" / "HR" / lr_file.name)
        result = program.run_image(lr)
        planes = [literal(tables, np.ascontiguousarray(lr[..., p])) for p in range(3)]
        np.testing.assert_array_equal(result, np.stack(planes, axis=-1))
        scores.append(psnr(result, hr[: result.shape[0], : result.shape[1]], 4))
    assert np.mean(scores) == pytest.approx(score, abs=tolerance)


# ---------------------------------------------------------------- the command


def run(*args: object) -> Any:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_command_writes_a_program(family: str, tmp_path: Path) -> None:
    folder = FAMILIES[family][0](tmp_path / family)
    done = run(family, folder, tmp_path / "out.npz")
    assert done.exit_code == 0, done.output
    program = load(tmp_path / "out.npz")
    assert f"{program.table_bits // 8:,} bytes of tables" in done.output
    if family == "hklut":
        assert [p.border for p in program.layers[0].patterns] == ["reflect"] * 3 + ["replicate"] * 2
        assert isinstance(program.layers[4], PatternTables)


def _swap(folder: Path, one: str, other: str) -> None:
    first, second = (next(folder.glob(name)) for name in (one, other))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _replace(name: str, make: Callable[[Any], Any]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        np.save(path, make(np.load(path)))

    return change


def _scales(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with np.load(folder / "clip_scales.npz") as file:
            scales = {name: file[name] for name in file.files}
        scales |= changes
        np.savez(folder / "clip_scales.npz", **{k: v for k, v in scales.items() if v is not None})

    return change


S0H = "S0_MSB_HDB_LUT_H_x2_4bit_int8.npy"
POINT = "Model_V_L1_Point_x4_H6.npy"


@pytest.mark.parametrize(
    ("family", "spoil", "text"),
    [
        ("hklut", lambda f: (f / S0H).unlink(), f"{S0H}: must be an int8 array 4096x1x2x2"),
        (
            "hklut",
            lambda f: _swap(f, S0H, "S0_LSB_HD_LUT_H*"),
            f"{S0H}: must be an int8 array 4096x1x2x2 (a 2x2 word for each index of 3 4-bit "
            "codes), not int8 256x1x2x2",
        ),
        ("hklut", _replace(S0H, lambda t: t.astype(np.int16)), "not int16 4096x1x2x2"),
        ("hklut", _replace(S0H, lambda t: t[:, 0]), "not int8 4096x2x2"),
        ("hklut", lambda f: (f / S0H).write_bytes(b"no array"), "but cannot be read as .npy"),
        (
            "hklut",
            lambda f: np.save(f / "S2_MSB_HDB_LUT_H_x2_4bit_int8.npy", np.zeros(3)),
            "must hold the 10 tables of HKLUT x2 then x2, not 11",
        ),
        ("tinylut", lambda f: (f / "clip_scales.npz").unlink(), "but there is no such file"),
        ("tinylut", lambda f: (f / "clip_scales.npz").write_bytes(b"PK"), "cannot be read as .npz"),
        ("tinylut", _scales(hh2=None), "but hh2 is missing"),
        ("tinylut", _scales(hh2=np.ones(3, np.float32)), "hh2 must be float32 16, not float32 3"),
        ("tinylut", _scales(hh2=np.full(16, np.nan, np.float32)), "hh2 must be finite"),
        (
            "tinylut",
            _scales(hh1=np.full(16, 0.5, np.float32)),
            f"{POINT}: must be an int8 array 528x16x1x1 (the codes that the clip scales hh1 leave)",
        ),
        ("tinylut", _replace(POINT, lambda t: t[:-1]), f"{POINT}: must be an int8 array"),
        ("tinylut", lambda f: _swap(f, POINT, "*UP*H6.npy"), "must be an int8 array"),
    ],
)
def test_wrong_files_are_named(family: str, spoil: Any, text: str, tmp_path: Path) -> None:
    folder = FAMILIES[family][0](tmp_path / family)
    spoil(folder)
    done = run(family, folder, tmp_path / "out.npz")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert text in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_a_negative_clip_scale_that_leaves_codes_is_refused(tmp_path: Path) -> None:
    folder = write_tinylut(tmp_path / "tinylut")
    with np.load(folder / "clip_scales.npz") as file:
        scales = {name: file[name] for name in file.files}
    scales["hh1"][2] *= -1
    np.savez(folder / "clip_scales.npz", **scales)
    done = run("tinylut", folder, tmp_path / "out.npz")
    assert done.exit_code == 2
    assert "clip scale of channel 2 must be in 0..3.9" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("hklut", "{tmp}/none", "{tmp}/o.npz"), "must be a folder of released tables"),
        (("hklut", "{tmp}", "{tmp}/o.bin"), "must end in .npz"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], text: str, tmp_path: Path) -> None:
    done = run(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.exit_code == 2
    assert text in done.stderr
