"""The program: what it computes, its figures, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import PixelShuffle, Residual
from lutscale.golden.program import Program
from lutscale.golden.task import Task
from tests.support.golden.small_programs import huge, small
from tests.support.random_programs import example_frame


def test_figures_of_a_program() -> None:
    program = small()
    assert program.table_bits == 4 * 3 * 4 * 4
    assert program.quantiser_bits == 256 * 3
    assert program.table_bytes == (192 + 768) // 8
    assert program.functions == 4 * 4


def test_run_and_trace() -> None:
    program, frame = small(), example_frame(1, 3, 5)
    values = program.trace(frame)
    assert len(values) == len(program.layers) + 1
    np.testing.assert_array_equal(values[0][0], frame)
    out = program.run(frame)
    assert out.dtype == np.uint8
    assert out.shape == (6, 10)
    np.testing.assert_array_equal(out, program.run(frame, reference=True))


def test_run_image_runs_each_plane() -> None:
    program = small()
    image = np.stack([example_frame(s, 4, 3) for s in range(3)], axis=-1)
    out = program.run_image(image)
    assert out.shape == (8, 6, 3)
    for plane in range(3):
        expected = program.run(np.ascontiguousarray(image[..., plane]))
        np.testing.assert_array_equal(out[..., plane], expected)


@pytest.mark.parametrize("threads", [9, -1])
def test_threads_are_few(threads: int) -> None:
    with pytest.raises(ValueError, match=f"threads must be in 0..8, not {threads}"):
        small().run(example_frame(1, 3, 5), threads=threads)


@pytest.mark.parametrize(
    "frame", [np.zeros((2, 2), np.int32), np.zeros((2, 2, 3), np.uint8), [[1]]]
)
def test_a_frame_is_one_plane_of_uint8(frame: Any) -> None:
    with pytest.raises(TypeError, match=r"frame must be a uint8 array \(height, width\), not"):
        small().run(frame)


def test_a_frame_has_pixels() -> None:
    with pytest.raises(ValueError, match="frame must have at least one pixel"):
        small().run(np.zeros((0, 4), np.uint8))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": ""}, "name must be letters, digits"),
        ({"name": "a b"}, "name must be letters, digits, '-', '_' and '.', not 'a b'"),
        ({"name": "a/b"}, "not 'a/b'"),
        ({"name": "ä"}, "not 'ä'"),
        ({"scale": 5}, r"scale must be in 1\.\.4, not 5"),
        ({"scale": 0}, r"scale must be in 1\.\.4, not 0"),
        ({"task": Task("denoise", 25)}, "scale must be 1 for a program that denoises, not 2"),
        ({"layers": ()}, "layers must be at least one layer, not none"),
        (
            {"scale": 3},
            "the last layer must give 1 channels of 0..255 at scale 3, not 1 channels of 0..255 "
            "at scale 2",
        ),
        ({"layers": small().layers[:-1]}, "not 4 channels of 0..255 at scale 1"),
        (
            {"layers": (*small().layers[:3], PixelShuffle(2))},
            "the last layer must give 1 channels of 0..255 at scale 2, not 1 channels of -4080",
        ),
        (
            {"layers": small().layers[1:]},
            r"layer 0 \(requantise\): multiplier must have 1 numbers, one a channel, not 4",
        ),
        (
            {"layers": (*small().layers[:2], Residual(3))},
            r"layer 2 \(residual\): source must be the number of an earlier value \(0\.\.2\), not",
        ),
        (
            {"layers": huge(), "scale": 1},
            r"layer 2 \(tap_tables\): accumulator must fit 32 bits, not 33",
        ),
    ],
)
def test_refused_when_made(change: dict[str, Any], text: str) -> None:
    given = {"name": "p", "scale": 2, "layers": small().layers, **change}
    with pytest.raises(ValueError, match=text):
        Program(**given)


def test_a_task_is_no_word() -> None:
    with pytest.raises(TypeError, match="task must be a Task, not 'denoise'"):
        replace(small(), task="denoise")  # type: ignore[arg-type]
