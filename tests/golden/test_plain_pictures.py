"""Constant pictures and ramps through the zoo: what has no detail must gain none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.bands import rows_around
from lutscale.golden.layers import TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.model.released.hklut import hklut
from lutscale.model.released.tinylut import tinylut

ZOO = sorted((Path(__file__).parents[2] / "model" / "zoo").glob("*.npz"))
SLOPES = range(1, 6)
# No program of the zoo reads further than this.
REACH = 16

OFF: dict[str, tuple[int, ...]] = {
    "iqlut-tiny-x4": (236, 237, 238, 239, 240, 241, 242),
}
"""The levels whose constant picture is off, by one; none in programs that are named nowhere."""

ROUGH = {
    "ecnn-tiny-x4": (130, 1),
    "tinylut-s-x4": (162, 2),
    "hklut-s-x4": (165, 6),
    "hklut-l-x4": (196, 7),
    "tinylut-f-x4": (223, 1),
    "tinylut-f-denoise-15": (174, 3),
    "tinylut-f-denoise-25": (199, 5),
    "tinylut-f-denoise-50": (226, 9),
    "iqlut-s-denoise-15": (246, 5),
    "iqlut-s-denoise-25": (218, 11),
    "iqlut-s-denoise-50": (247, 20),
}
"""How many levels of the 256 are off, and how far, of programs that promise less."""

RAMPS = {
    "hklut-s-x4": 4.0,
    "hklut-l-x4": 3.75,
    "tinylut-s-x4": 4.25,
    "tinylut-f-x4": 1.625,
    "tinylut-f-denoise-15": 4.0,
    "tinylut-f-denoise-25": 7.0,
    "tinylut-f-denoise-50": 10.0,
    "iqlut-s-denoise-15": 5.0,
    "iqlut-s-denoise-25": 7.0,
    "iqlut-s-denoise-50": 20.0,
    "iqlut-m-x4": 1.75,
    "iqlut-l-x4": 1.75,
    # Weights of two and three bits make steps of lines.
    "lutscale-4k-x4": 2.625,
    "lutscale-hd-x4": 1.625,
    "lutscale-hd-m-x4": 2.5,
    "lutscale-hd-s-x4": 2.5,
    "lutscale-tiny-x4": 2.0,
}
"""How far a ramp's pixels are off, in levels."""

ROUNDED = 1.5
"""The same for all other programs: the rounding, and a level."""


def unevenness(program: Program, height: int, width: int) -> dict[int, int]:
    """The levels whose constant picture is off, and how far."""
    found = {}
    for level in range(256):
        result = program.run(np.full((height, width), level, np.uint8))
        assert result.shape == (height * program.scale, width * program.scale)
        if off := int(np.abs(result.astype(int) - level).max()):
            found[level] = off
    return found


def ramps() -> Iterator[npt.NDArray[np.uint8]]:
    """Rising and falling to the right, downwards, and along both diagonals where that is long
    enough.
    """
    for slope in SLOPES:
        line = np.arange(0, 256, slope, dtype=np.uint8)
        level = np.tile(line, (2 * REACH + 8, 1))
        half = np.arange(len(line) // 2, dtype=np.uint8) * slope
        diagonal = half[:, None] + half
        turned = [level, level[:, ::-1], level.T, level.T[::-1]]
        if len(half) > 2 * REACH:
            turned += [diagonal, diagonal[:, ::-1]]
        yield from map(np.ascontiguousarray, turned)


def enlarged(ramp: npt.NDArray[np.uint8], scale: int) -> npt.NDArray[np.float64]:
    """The same ramp at ``scale`` times the pixels, exactly; pixels keep to their centres."""
    (start, right), (down, _) = ramp[:2, :2].astype(float)
    y, x = ((np.arange(n * scale) + 0.5) / scale - 0.5 for n in ramp.shape)
    exact: npt.NDArray[np.float64] = start + y[:, None] * (down - start) + x * (right - start)
    return exact


def roughness(program: Program) -> float:
    """How far the pixels of ramps are off, where no border bends them."""
    assert rows_around(program.layers, program.types) <= REACH
    far = REACH * program.scale
    offs = [
        np.abs(program.run(f) - enlarged(f, program.scale))[far:-far, far:-far] for f in ramps()
    ]
    assert all(off.size for off in offs)
    return float(max(off.max() for off in offs))


@pytest.fixture(params=ZOO, ids=[path.stem for path in ZOO])
def program(request: pytest.FixtureRequest) -> Program:
    return load(request.param)


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width"), [(3, 4), (1, 1), (2, 19)])
def test_constant_pictures_come_back(program: Program, height: int, width: int) -> None:
    found = unevenness(program, height, width)
    if program.name in ROUGH:
        assert (len(found), max(found.values())) == ROUGH[program.name]
    else:
        assert found == dict.fromkeys(OFF.get(program.name, ()), 1)


@pytest.mark.slow
def test_ramps_come_back_within_rounding(program: Program) -> None:
    if program.name in RAMPS:
        assert roughness(program) == pytest.approx(RAMPS[program.name])
    else:
        assert roughness(program) <= ROUNDED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "levels", "worst", "ramps_off"), [(hklut, 137, 4, 4.375), (tinylut, 250, 4, 4.75)]
)
def test_tables_of_other_authors(
    read: Callable[[Path], Program], levels: int, worst: int, ramps_off: float, peers: Path
) -> None:
    """What docs/measured.md says of them, for comparison."""
    released = read(peers / read.__name__)
    found = unevenness(released, 3, 4)
    assert (len(found), max(found.values())) == (levels, worst)
    assert roughness(released) == ramps_off


def test_changed_entries_show() -> None:
    program = load(next(path for path in ZOO if path.stem == "iqlut-hd-x4"))
    last = max(k for k, layer in enumerate(program.layers) if isinstance(layer, TapTables))
    tables = program.layers[last]
    assert isinstance(tables, TapTables)
    lighter = dataclasses.replace(tables, entries=np.clip(tables.entries + 8, -128, 127))
    spoilt = dataclasses.replace(
        program, layers=(*program.layers[:last], lighter, *program.layers[last + 1 :])
    )
    assert unevenness(spoilt, 1, 1)
    assert roughness(spoilt) > ROUNDED


def test_the_constants_name_programs_of_the_zoo() -> None:
    assert {*OFF, *ROUGH, *RAMPS} <= {path.stem for path in ZOO}
