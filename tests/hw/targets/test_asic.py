"""Tables of macros: what is read from them, what is refused, and which macro is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.targets import TARGETS, BlockMemory, find_target

SMALL = {"name": "ram_64x16", "depth": 64, "width": 16, "area_um2": 10_000}
LARGE = {"name": "ram_1024x32", "depth": 1024, "width": 32, "area_um2": 200_000.5}


def write(folder: Path, table: Any) -> str:
    path = folder / "macros.json"
    path.write_text(table if isinstance(table, str) else json.dumps(table))
    return str(path)


def test_a_table_is_a_target(tmp_path: Path) -> None:
    path = write(tmp_path, {"source": "foundry", "macros": [SMALL, LARGE]})
    target = find_target(path)
    assert (target.name, target.family, target.source) == (path, "asic", "foundry")
    assert (target.lut_inputs, target.multiplier, target.device) == (0, (0, 0), None)
    block = target.block
    assert (block.bits, block.initial_data) == (1024 * 32, False)
    assert block.shapes == ((1024, 32), (64, 16))
    assert [block.capacity(shape) for shape in block.shapes] == [1024 * 32, 1024]
    assert [block.area(shape) for shape in block.shapes] == [200_000.5, 10_000]


@pytest.mark.parametrize(
    ("depth", "width", "count", "shape"),
    [
        (64, 16, 1, (64, 16)),
        (64, 17, 2, (64, 16)),
        # Twenty small ones are smaller than a large one, twenty-one are not.
        (640, 32, 20, (64, 16)),
        (641, 32, 1, (1024, 32)),
        (1025, 32, 34, (64, 16)),
        (1281, 32, 2, (1024, 32)),
    ],
)
def test_the_least_area_is_taken(
    tmp_path: Path, depth: int, width: int, count: int, shape: tuple[int, int]
) -> None:
    block = find_target(write(tmp_path, {"macros": [SMALL, LARGE]})).block
    assert block.needed(depth, width) == (count, shape)
    held = count * shape[0] * shape[1]
    assert block.fill(depth, width) == pytest.approx(depth * width / held)


def test_the_built_in_macro() -> None:
    block = TARGETS["asic"].block
    assert block.name == "sky130_sram_2kbyte_1rw1r_32x512_8"
    assert block.needed(480, 256) == (8, (512, 32))
    assert 8 * block.area((512, 32)) == 8 * 285_000
    assert TARGETS["ecp5"].block.area((512, 36)) == 0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("{", "Expecting property name"),
        ([], 'macros must be a list in an object, {"macros": [...]}'),
        ({"macros": []}, "macros must be at least one, not none"),
        ({"macros": [[1]]}, "macros[0] must have name, depth, width, area_um2, not [1]"),
        ({"macros": [{"name": "a"}]}, "macros[0] must have name, depth, width, area_um2, not"),
        (
            {"macros": [SMALL, {**SMALL, "depth": 0}]},
            "macros[1] depth must be in 1..1048576",
        ),
        ({"macros": [{**SMALL, "width": "8"}]}, "macros[0] width must be an integer in 1..4096"),
        ({"macros": [{**SMALL, "name": 3}]}, "macros[0] name must be a string, not 3"),
        ({"macros": [{**SMALL, "area_um2": 0}]}, "area_um2 must be a number above 0, not 0"),
        ({"macros": [{**SMALL, "area_um2": True}]}, "area_um2 must be a number above 0, not True"),
    ],
)
def test_a_bad_table_is_one_line_with_its_name(tmp_path: Path, table: Any, says: str) -> None:
    path = write(tmp_path, table)
    with pytest.raises(InputError) as caught:
        find_target(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: must be a table of macros, but: No such"):
        find_target(str(tmp_path / "none.json"))


def test_an_unknown_target_is_told_what_there_is() -> None:
    with pytest.raises(ValueError, match="target must be one of asic, ecp5, .*, not 'abc'"):
        find_target("abc")


@pytest.mark.parametrize("areas", [(1.0,), (1.0, 0.0)])
def test_an_area_for_each_shape(areas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="areas of X must be 2 numbers above 0, one a shape, not"):
        BlockMemory("X", 64, ((8, 8), (4, 4)), areas=areas)
