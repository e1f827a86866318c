"""The memory report against arithmetic done here, and its command line."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from lutscale.golden.colour import Colour
from lutscale.golden.layers import PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.quantiser import Quantiser
from lutscale.hw.build import Build
from lutscale.hw.memory import PURPOSES, MemoryUse
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from lutscale.reports.account import BUDGET_BITS, account
from lutscale.reports.memory import main
from lutscale.reports.memory_page import to_json, to_markdown
from lutscale.reports.memory_picture import picture


def taps(inputs: int, outputs: int, *, nodes: int | None = 5, signed: bool = True) -> TapTables:
    """3x3 tables of int8, interpolated with 6 fraction bits, or direct for 4-bit codes."""
    random = np.random.default_rng(inputs * 100 + outputs)
    levels = nodes or 16
    entries = random.integers(-128, 128, (inputs, 3, 3, levels, outputs)).astype(np.int32)
    if nodes is None:
        return TapTables(entries, 8, 4, signed)
    codes = np.arange(256, dtype=np.int32)
    step = 256 // (nodes - 1)
    quantiser = Quantiser(codes // step, codes % step * (64 // step), nodes, 6)
    return TapTables(entries, 8, 8, signed, quantiser)


def requantise(channels: int, lo: int, hi: int) -> Requantise:
    return Requantise(np.full(channels, 100, np.int32), 20, lo, hi)


def iqlut_s_x4() -> Program:
    """The layers of iqlut-hd-x4, with random tables."""
    layers: list[Any] = [taps(1, 16, signed=False), requantise(16, -128, 127)]
    for _ in range(2):
        source = len(layers)
        layers += [
            taps(16, 16),
            requantise(16, -255, 255),
            Residual(source, lo=-128, hi=127),
        ]
    layers += [
        taps(16, 16),
        requantise(16, -255 * 64, 255 * 64),
        Residual(0, "bilinear", 4, lo=-510 * 64, hi=510 * 64),
        requantise(16, 0, 255),
        PixelShuffle(4),
    ]
    return Program("iqlut-hd-x4", 4, tuple(layers))


def small_x2() -> Program:
    """Interpolated, then direct tables; no residual."""
    layers = (
        taps(1, 4, signed=False),
        requantise(4, 0, 15),
        taps(4, 4, nodes=None, signed=False),
        requantise(4, 0, 255),
        PixelShuffle(2),
    )
    return Program("small-x2", 2, layers)


def report(program: Program, *widths: int, **options: Any) -> dict[str, Any]:
    return account(program, Build(**options), widths)


def only(entry: dict[str, Any], layer: int, purpose: str) -> dict[str, Any]:
    groups: list[dict[str, Any]] = [
        g for g in entry["memories"] if (g["layer"], g["purpose"]) == (layer, purpose)
    ]
    assert len(groups) == 1
    return groups[0]


@pytest.fixture(scope="module")
def iqlut() -> dict[str, Any]:
    return report(iqlut_s_x4(), 480, 960)


def test_tables_are_counted_once(iqlut: dict[str, Any]) -> None:
    functions = 9 * (16 + 3 * 16 * 16)
    assert iqlut["tables"] == {
        "table_bits": functions * 5 * 8,
        "quantiser_bits": 4 * 256 * 8,
        "bits": functions * 40 + 8192,
        "bytes": functions * 5 + 1024,
    }
    assert iqlut["tables"]["bytes"] == iqlut_s_x4().table_bytes
    assert iqlut["constants_in_logic"] == {"bits": 5 * 16 * 16}


@pytest.mark.parametrize(("index", "width"), [(0, 480), (1, 960)])
def test_iqlut_against_arithmetic(iqlut: dict[str, Any], index: int, width: int) -> None:
    entry = iqlut["line_widths"][index]
    assert entry["line_width"] == width
    bits = {purpose: entry["purposes"][purpose]["bits"] for purpose in PURPOSES}
    # Two lines of codes; the frame waits one line beside the blocks, two where it is cut.
    frame = 8 * width
    lines = [2 * frame] + 2 * [2 * 16 * 8 * width + frame] + [2 * 16 * 8 * width + 2 * frame]
    assert bits["line_buffer"] == sum(lines)
    assert [layer["line_buffer"] for layer in entry["layers"]] == [*lines, 0]
    # A column of 3 x 16 codes is quantised in 4 clocks; the frame's 3 codes need one copy, and
    # the last layer, whose codes nobody adds, quantises 16 in front of its line buffer.
    assert bits["quantiser"] == (1 + 2 * 12 + 4) * 256 * 8
    assert bits["table"] == iqlut["tables"]["table_bits"]
    # Line j of the HR patch waits (3 + j) / 4 lines; a beat is 4 pixels, 2 spare bits, a mark.
    assert bits["reorder_buffer"] == sum((width * (3 + j) // 4 + 4) * 35 for j in range(4))
    assert bits["fifo"] == 8
    assert entry["on_chip"]["bits"] == sum(bits.values())
    assert entry["on_chip"]["bytes"] == -(-sum(bits.values()) // 8)
    assert entry["on_chip"]["rom_copies_and_padding_bits"] == 25 * 2048
    assert entry["on_chip"]["quantiser_copy_bits"] == 25 * 2048
    assert entry["on_chip"]["table_copy_bits"] == entry["on_chip"]["rom_padding_bits"] == 0
    assert entry["verdict"]["margin_bits"] == BUDGET_BITS - sum(bits.values())


def test_iqlut_blocks_by_hand(iqlut: dict[str, Any]) -> None:
    """480: 1 + 8 + 8 + 8 of lines and 1 + 1 + 2 + 2 to reorder; 960: 1 + 15 + 15 + 16, 10."""
    narrow, wide = iqlut["line_widths"]
    assert [layer["blocks"] for layer in narrow["layers"]] == [1, 8, 8, 8, 6]
    assert [layer["blocks"] for layer in wide["layers"]] == [1, 15, 15, 16, 10]
    assert only(narrow, 2, "line_buffer")["block_shape"] == [512, 36]
    assert only(wide, 2, "line_buffer")["block_shape"] == [1024, 18]
    assert (narrow["blocks"]["count"], wide["blocks"]["count"]) == (31, 57)
    stored = (
        narrow["purposes"]["line_buffer"]["bits"] + narrow["purposes"]["reorder_buffer"]["bits"]
    )
    assert narrow["blocks"]["stored_bits"] == stored
    assert narrow["blocks"]["utilisation"] == pytest.approx(stored / (31 * 18432), abs=1e-4)


def test_tables_of_few_entries_are_logic(iqlut: dict[str, Any]) -> None:
    for entry in iqlut["line_widths"]:
        roms = entry["purposes"]["table"]["bits"] + entry["purposes"]["quantiser"]["bits"]
        assert entry["logic_rom_bits"] == roms
        assert entry["logic_ram_bits"] == 8


@pytest.mark.parametrize("make", [iqlut_s_x4, small_x2])
@pytest.mark.parametrize("clocks", [4, 16])
def test_sums_agree(make: Any, clocks: int) -> None:
    program = make()
    whole = report(program, 64, 480, clocks_per_pixel=clocks)
    for entry in whole["line_widths"]:
        pipeline = Pipeline(
            program,
            Build(clocks_per_pixel=clocks, pixels_per_beat=4, max_width=entry["line_width"]),
        )
        declared = sum(use.depth * use.width for use in pipeline.memories)
        assert entry["on_chip"]["bits"] == declared
        for part in ("purposes", "layers"):
            rows = entry[part].values() if part == "purposes" else entry[part]
            for key, value in (
                ("bits", declared),
                ("blocks", entry["blocks"]["count"]),
                ("block_stored_bits", entry["blocks"]["stored_bits"]),
                ("logic_rom_bits", entry["logic_rom_bits"]),
                ("logic_ram_bits", entry["logic_ram_bits"]),
            ):
                assert sum(row[key] for row in rows) == value, (part, key)
        assert sum(group["count"] for group in entry["memories"]) == len(pipeline.memories)
        parts = ("block_stored_bits", "logic_rom_bits", "logic_ram_bits")
        for row in entry["layers"]:
            assert row["bits"] == sum(row[p] for p in PURPOSES) == sum(row[p] for p in parts)
    for name in ("table_bits", "quantiser_bits"):
        assert sum(layer[name] for layer in whole["layers"]) == whole["tables"][name]


def test_one_width_or_several() -> None:
    program = small_x2()
    one = account(program, Build(pixels_per_beat=1, max_width=64))
    assert [entry["line_width"] for entry in one["line_widths"]] == [64]
    repeated = report(program, 96, 64, 96)
    assert [entry["line_width"] for entry in repeated["line_widths"]] == [96, 64]
    assert [entry["line_width"] for entry in report(program)["line_widths"]] == [480]
    with pytest.raises(ValueError, match="line_width must be in 1..16384, not 0"):
        report(program, 0)


def test_other_targets_count_their_own_blocks() -> None:
    entry = report(iqlut_s_x4(), 480, target=TARGETS["xilinx-ramb36"])["line_widths"][0]
    assert [layer["blocks"] for layer in entry["layers"]] == [1, 4, 4, 4, 4]


def test_a_device_says_how_many_blocks_it_has(iqlut: dict[str, Any]) -> None:
    small = report(iqlut_s_x4(), 480, target=TARGETS["ecp5-25f"])
    assert small["target"] == {
        "name": "ecp5-25f",
        "block": "DP16KD",
        "block_bits": 18432,
        "part": "LFE5U-25F",
        "blocks": 56,
    }
    assert (iqlut["target"]["part"], iqlut["target"]["blocks"]) == (None, None)
    assert small["line_widths"][0] == iqlut["line_widths"][0]
    assert "| DP16KD blocks, of 56 in LFE5U-25F | 31 |" in to_markdown(small, "x")
    assert "| DP16KD blocks | 31 | 57 |" in to_markdown(iqlut, "x")


def test_macros_have_an_area() -> None:
    entry = (whole := report(iqlut_s_x4(), 480, target=TARGETS["asic"]))["line_widths"][0]
    count = entry["blocks"]["count"]
    assert count == sum(layer["blocks"] for layer in entry["layers"]) > 0
    assert entry["blocks"]["area_um2"] == count * 285_000
    assert entry["blocks"]["utilisation"] == pytest.approx(
        entry["blocks"]["stored_bits"] / (count * 16384), abs=1e-4
    )
    area = f"{count * 0.285:.3f}"
    assert f"| their area, mm2 (of ROMs an upper bound) | {area} |" in to_markdown(whole, "x")


def test_an_altered_declaration_changes_the_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    program = small_x2()
    before = report(program, 64)["line_widths"][0]
    original = Plan.memories

    def altered(plan: Plan) -> tuple[MemoryUse, ...]:
        uses = original.__get__(plan)
        k = next(k for k, use in enumerate(uses) if use.purpose == "line_buffer")
        return (*uses[:k], replace(uses[k], width=uses[k].width + 40), *uses[k + 1 :])

    monkeypatch.setattr(Plan, "memories", property(altered))
    after = report(program, 64)["line_widths"][0]
    assert after["on_chip"]["bits"] - before["on_chip"]["bits"] == 40 * 64
    assert after["verdict"]["margin_bits"] - before["verdict"]["margin_bits"] == -40 * 64
    grown = after["purposes"]["line_buffer"]["bits"] - before["purposes"]["line_buffer"]["bits"]
    assert grown == 40 * 64
    assert after["purposes"]["table"] == before["purposes"]["table"]


def test_texts_are_the_same_each_time(iqlut: dict[str, Any]) -> None:
    again = report(iqlut_s_x4(), 480, 960)
    assert to_json(again) == to_json(iqlut)
    assert json.loads(to_json(iqlut)) == iqlut
    assert picture(again) == picture(iqlut)


def test_stable_keys(iqlut: dict[str, Any]) -> None:
    assert list(iqlut) == [
        "format", "version", "origin", "program", "clocks_per_pixel", "pixels_per_beat", "colour",
        "target", "budget", "tables", "work", "constants_in_logic", "layers", "line_widths",
        "origins",
    ]  # fmt: skip
    assert list(iqlut["line_widths"][0]) == [
        "line_width", "purposes", "stages", "layers", "stored", "memories", "on_chip", "blocks",
        "logic_rom_bits", "logic_ram_bits", "verdict",
    ]  # fmt: skip
    assert iqlut["budget"] == {"bits": 819200, "bytes": 102400}
    parts = {path.split(".")[0] for path in iqlut["origins"]}
    assert parts == {"tables", "work", "constants_in_logic", "layers", "line_widths", "budget"}


def test_markdown_says_it_all(iqlut: dict[str, Any]) -> None:
    text = to_markdown(iqlut, "lutscale report x.npz")
    assert text.startswith("# Memory of iqlut-hd-x4\n")
    assert "480 pixels a line: fits, with 1,215 bytes to spare (101,185 of 102,400 bytes" in text
    assert (
        "| 2 tap_tables | 16→16, 3x3, 5 nodes of 8 bits | x1 | 4 | 144 | 92,160 | once | 2,048 | "
        "12 times |  |" in text
    )
    assert "| **all** |  |  |  | 441 | 282,240 |  | 8,192 |  | 1,280 |" in text
    assert "| 2 | line buffers | RAM | 1 of 480x264 | 512x36 | 126,720 | 8 | 85.9% |" in text
    assert "    lutscale report x.npz\n" in text
    for block in text.split("\n\n"):
        if block.startswith("| "):
            assert len({row.count("|") for row in block.splitlines()}) == 1


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def program_file(tmp_path: Path) -> Path:
    path = tmp_path / "small-x2.npz"
    save(small_x2(), path)
    return path


def test_command(program_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(program_file, "--line-width", 64, "--out", out, "--strict")
    assert result.exit_code == 0, result.output
    assert "64 pixels a line: fits, with" in result.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        "memory.json", "memory.md", "memory.png",
    ]  # fmt: skip
    written = json.loads((out / "memory.json").read_text())
    assert written == report(small_x2(), 64)
    assert (
        "--line-width 64 --clocks-per-pixel 4 --pixels-per-beat 4 --max-width 480"
        in (out / "memory.md").read_text()
    )
    assert "](memory.png)" in (out / "memory.md").read_text()
    with Image.open(io.BytesIO((out / "memory.png").read_bytes())) as image:
        assert image.size[0] >= 1000


def test_strict_is_exit_1_when_over(tmp_path: Path) -> None:
    path, out = tmp_path / "p.npz", tmp_path / "out"
    save(iqlut_s_x4(), path)
    assert run(path, "--out", out).exit_code == 0
    result = run(path, "--out", out, "--strict")
    assert result.exit_code == 1
    assert "480 pixels a line: fits, with 1,215 bytes to spare" in result.stdout
    assert "960 pixels a line: over budget by 57,195 bytes" in result.stdout
    assert (out / "memory.json").exists()
    assert run(path, "--line-width", 64, "--out", out, "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"no program", (), "must be a program file"),
        (None, (), "there is no such file"),
        ("small", ("--clocks-per-pixel", 1, "--pixels-per-beat", 2), "clocks_per_pixel must be"),
        ("small", ("--pixels-per-beat", 3), "pixels_per_beat must be 1, 2 or 4, not 3"),
        ("small", ("--line-width", 0), "line_width must be in 1..16384, not 0"),
        ("small", ("--target", "abacus"), "target must be one of asic, ecp5, ecp5-25f, "),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, content: bytes | str | None, options: tuple[object, ...], says: str
) -> None:
    path, out = tmp_path / "p.npz", tmp_path / "out"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        save(small_x2(), path)
    result = run(path, "--out", out, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ")
    assert says in result.stderr
    assert not out.exists()


def test_nothing_half_written(
    program_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "memory.json").write_text("old")
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if content.startswith(b"\x89PNG"):
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = run(program_file, "--line-width", 64, "--out", out)
    says = f"error: {out / 'memory.png'}: No space left on device\n"
    assert (result.exit_code, result.stderr) == (2, says)
    assert [path.name for path in out.iterdir()] == ["memory.json"]
    assert (out / "memory.json").read_text() == "old"


def test_chroma_is_a_purpose_of_its_own() -> None:
    """Its lines wait in two banks; one plane has none, and its page says nothing of it."""
    program = iqlut_s_x4()
    plain = account(program, Build())
    made = account(program, Build(colour=Colour("ycbcr422")))
    assert plain["colour"] is None
    assert made["colour"] == "ycbcr422"
    (before,), (entry,) = plain["line_widths"], made["line_widths"]
    banks = [group for group in entry["memories"] if group["purpose"] == "chroma"]
    assert [(group["count"], group["width"]) for group in banks] == [(2, 17)]
    assert entry["purposes"]["chroma"]["bits"] == 2 * 17 * banks[0]["depth"]
    more = entry["purposes"]["fifo"]["bits"] - before["purposes"]["fifo"]["bits"]
    assert more > 0
    chroma = entry["purposes"]["chroma"]["bits"]
    assert entry["on_chip"]["bits"] == before["on_chip"]["bits"] + chroma + more
    assert "chroma" in to_markdown(made, "")
    assert "chroma" not in to_markdown(plain, "")
