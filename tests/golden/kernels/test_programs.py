"""Whole programs as machine code: when they run so, and that the integers are the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings

from lutscale.golden import kernels
from lutscale.golden import program as program_module
from lutscale.golden.kernels.tap_tables import TapSums
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from tests.support.family_programs import FAMILIES, family_programs
from tests.support.golden.kernels import check_program
from tests.support.random_programs import example_frame, example_program, frames, programs

ZOO = Path(__file__).parents[3] / "model" / "zoo"


@settings(max_examples=100, deadline=None)
@given(programs(), frames())
def test_any_program(program: Program, frame: np.ndarray) -> None:
    check_program(program, frame)


@settings(max_examples=100, deadline=None)
@given(family_programs(), frames())
def test_any_family(program: Program, frame: np.ndarray) -> None:
    check_program(program, frame)


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_the_zoo(path: Path) -> None:
    program, frame = load(path), example_frame(0, 40, 23)
    check_program(program, frame)
    with patch.object(program_module, "_COMPILED_FROM", 0):
        np.testing.assert_array_equal(program.run(frame), program.trace(frame)[-1][0])


def test_a_changed_word_shows() -> None:
    program = load(ZOO / "iqlut-tiny-x4.npz")
    taps = program.compiled_steps[0]
    assert isinstance(taps, TapSums)
    taps.blocks[0].words[4, 100, 2] += 1
    with pytest.raises(AssertionError, match=r"layer 0 \(tap_tables\)"):
        check_program(program, np.full((5, 5), 100, np.uint8))


def test_few_kinds_of_arrays_are_compiled_for() -> None:
    """Each is compiled once more, and waited for: none has more than the sizes of a word."""
    from lutscale.golden.kernels import pattern_tables, pixel_shuffle, requantise, residual, words

    for seed in range(3):
        for make in (example_program, *FAMILIES.values()):
            program = make(seed)
            with patch.object(program_module, "_COMPILED_FROM", 0):
                program.run(example_frame(seed, 9, 7))
                program.run_image(np.zeros((6, 5, 3), np.uint8))
    for kernel in (words.sum_taps, words.sum_patterns):
        assert 1 <= len(kernel.signatures) <= len(words.LANES)
    once = (
        words.spread,
        pixel_shuffle._shuffle,
        requantise._halves_up,
        requantise._halves_to_even,
        residual._add,
        residual._add_bilinear,
    )
    assert [len(kernel.signatures) for kernel in once] == [1] * len(once)
    assert pattern_tables.sum_patterns is words.sum_patterns


# ---------------------------------------------------------------- which form runs


def large() -> tuple[Program, np.ndarray]:
    """A program, and a frame that is just worth compiling for."""
    program = load(ZOO / "iqlut-tiny-x4.npz")
    rows = -(-program_module._COMPILED_FROM // program.reads // 600)
    return program, np.resize(np.arange(251, dtype=np.uint8), (rows, 600))


@pytest.mark.parametrize("installed", [True, False])
def test_large_frames_are_compiled_where_numba_is_installed(installed: bool) -> None:
    program, frame = large()
    used = []

    def steps(*arguments: object) -> object:
        used.append(arguments)
        return kernels.compiled_step(*arguments)  # type: ignore[arg-type]

    with (
        patch.object(program_module, "compiled_step", steps),
        patch.object(program_module, "available", lambda: installed),
    ):
        small = frame[:-1]
        program.run(small)
        assert not used
        result = program.run(frame)
    assert len(used) == installed * len(program.layers)
    np.testing.assert_array_equal(result, program.trace(frame)[-1][0])


SCRIPT = """
import sys
if {blocked}:
    sys.modules["numba"] = None
import numpy as np
from lutscale.golden.program_file import load
program = load({path!r})
result = program.run(np.resize(np.arange(251, dtype=np.uint8), ({rows}, 600)))
print(int(result.sum(dtype=np.int64)), sys.modules.get("numba") is not None)
"""


@pytest.mark.parametrize(
    ("blocked", "rows", "imported"), [(False, 8, False), (True, 580, False), (False, 580, True)]
)
def test_numba_is_imported_for_large_frames_only(blocked: bool, rows: int, imported: bool) -> None:
    script = SCRIPT.format(blocked=blocked, path=str(ZOO / "iqlut-tiny-x4.npz"), rows=rows)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    frame = np.resize(np.arange(251, dtype=np.uint8), (rows, 600))
    expected = int(load(ZOO / "iqlut-tiny-x4.npz").trace(frame)[-1].sum(dtype=np.int64))
    assert done.stdout.split() == [str(expected), str(imported)]
