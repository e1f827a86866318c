"""``lutscale export-roms``: the files hold the very tables of the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.rom_export import main
from lutscale.hw.rom_formats import FORMATS, verify_roms

NAME = "lutscale_iqlut_tiny_x4"
TINY = Path(__file__).parents[2] / "model" / "zoo" / "iqlut-tiny-x4.npz"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "roms"
    result = run(TINY, "--out", out, "--clocks-per-pixel", 5)
    assert result.exit_code == 0, result.output
    assert "all read back equal" in result.stdout
    return out


def words_of(out: Path, name: str, key: str) -> list[int]:
    index = json.loads((out / f"{NAME}__roms.json").read_text())
    entry: dict[str, Any] = next(rom for rom in index["roms"] if rom["name"] == f"{NAME}__{name}")
    return list(FORMATS[key].parser((out / entry["files"][key]).read_text()).words)


def rebuilt(out: Path, number: int, layer: TapTables, key: str) -> np.ndarray:
    """The entries put together again from the banks of even and odd nodes."""
    bits, (inputs, kh, kw, nodes, outputs) = layer.entry_bits, layer.entries.shape
    tables = np.zeros((inputs * kh * kw, nodes, outputs), np.int32)
    bank = done = 0
    while done < len(tables):
        halves = [
            words_of(out, f"layer{number}_bank{bank}_{half}", key) for half in ("even", "odd")
        ]
        count = len(halves[1]) // (nodes // 2)
        for half, words in enumerate(halves):
            each = len(words) // count
            for k, word in enumerate(words):
                for o in range(outputs):
                    raw = word >> (o * bits) & ((1 << bits) - 1)
                    value = raw - (1 << bits) if raw >> (bits - 1) else raw
                    tables[done + k // each, 2 * (k % each) + half, o] = value
        done, bank = done + count, bank + 1
    return tables.reshape(layer.entries.shape)


@pytest.mark.parametrize("key", sorted(FORMATS))
def test_the_files_hold_the_tables(exported: Path, key: str) -> None:
    program: Program = load(TINY)
    for number, layer in enumerate(program.layers):
        if not isinstance(layer, TapTables):
            continue
        np.testing.assert_array_equal(rebuilt(exported, number, layer, key), layer.entries)
        assert layer.quantiser is not None
        pairs = (layer.quantiser.segment << layer.quantiser.fraction_bits) + layer.quantiser.weight
        assert words_of(exported, f"layer{number}_quantiser0", key) == pairs.tolist()


def test_a_flipped_bit_is_found(exported: Path, tmp_path: Path) -> None:
    out = tmp_path / "roms"
    assert run(TINY, "--out", out, "--format", "readmemh").exit_code == 0
    verify_roms(out, f"{NAME}__roms.json")
    file = next((out / "verilog").glob("*bank0_even.hex"))
    text = file.read_text()
    file.write_text(f"{int(text[0], 16) ^ 1:x}{text[1:]}")
    with pytest.raises(InputError, match=file.name):
        verify_roms(out, f"{NAME}__roms.json")


def test_bad_input_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "roms"
    for arguments in (
        ("none.npz",),
        (TINY, "--clocks-per-pixel", 1),
        (TINY, "--pixels-per-beat", 3),
        (TINY, "--name", "two__parts"),
    ):
        result = run(*arguments, "--out", out)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert not out.exists()


def test_two_exports_share_a_folder(tmp_path: Path) -> None:
    only = ("--format", "readmemh", "--out", tmp_path)
    assert run(TINY, *only).exit_code == 0
    before = {path.name for path in tmp_path.rglob("*")}
    assert run(TINY, *only, "--clocks-per-pixel", 8, "--name", "slow").exit_code == 0
    added = {path.name for path in tmp_path.rglob("*")} - before
    assert added
    assert all(name.startswith("slow__") for name in added)
    for name in (NAME, "slow"):
        verify_roms(tmp_path, f"{name}__roms.json")
