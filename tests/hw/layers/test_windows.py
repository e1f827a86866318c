# amaranth: UnusedElaboratable=no
"""Several windows of one layer: each as it would be alone, all round the same pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.layers import PixelShuffle, Requantise, TapTables
from lutscale.golden.value import ValueType
from lutscale.hw.layers.context import HALO, Context
from lutscale.hw.layers.windows import Window, cuts_halo, window_stages
from lutscale.hw.slots import Track
from lutscale.hw.targets.ecp5 import ECP5
from lutscale.hw.window import Columns, LineBuffer
from tests.support.hw.chain import Chain
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import Frame, check_stage, measured_latency, random_frames
from tests.support.hw.streams import STALLS, Bench

SIZES = [(4, 5), (3, 5), (1, 5), (1, 1), (2, 1), (2, 2), (6, 3), (3, 6), (1, 6), (6, 1)]

WINDOWS = {
    "borders and radii": [
        Window("v1", "wide", 2, 2, 2, 2, "reflect"),
        Window("v1", "near", 1, 1, 1, 1),
    ],
    "one-sided": [
        Window("v1", "up", 3, 0, 0, 0, "reflect"),
        Window("v1", "right", 0, 0, 0, 2),
        Window("v1", "corner", 0, 1, 0, 1),
    ],
    "two sources": [Window("v1", "wide", 1, 2, 2, 1, "reflect"), Window("v0", "other", 2, 0, 0, 1)],
    "rows only": [Window("v1", "tall", 1, 1, 0, 0, "reflect"), Window("v1", "pixel")],
    "columns only": [Window("v1", "flat", 0, 0, 2, 1), Window("v1", "pixel")],
}


def chain(windows: Sequence[Window], keep: tuple[str, ...]) -> Chain:
    context = Context(
        layer=PixelShuffle(2),
        number=1,
        tracks=(Track("v0", 1, 4), Track("v1", 2, 3, signed=True)),
        keep=keep,
        output_type=ValueType(1, 0, 1),
        own_window=False,
        clocks_per_pixel=1,
        max_width=6,
        target=ECP5,
    )
    return Chain(window_stages(context, windows)[0])


def cut(frame: Frame, window: Window) -> np.ndarray:
    """What numpy makes of a window."""
    pads = [(0, 0)] * 3 + [(window.above, window.below), (window.left, window.right)]
    mode = "reflect" if window.border == "reflect" else "edge"
    padded = np.pad(frame[window.source], pads, mode=mode)[:, 0, 0]
    rows, columns = window.above + 1 + window.below, window.left + 1 + window.right
    view = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(1, 2))
    return view.transpose(0, 3, 4, 1, 2)


def check(windows: Sequence[Window], keep: tuple[str, ...]) -> Chain:
    made = chain(windows, keep)
    frames = random_frames(made.inputs, SIZES)
    wanted = [*windows]
    for name in keep:
        halo = name.endswith(HALO)
        wanted.append(Window(name.removesuffix(HALO), name, *(4 * [int(halo)])))
    expected = [{window.name: cut(frame, window) for window in wanted} for frame in frames]
    bench = Bench(made)
    for stalls in STALLS.values():
        check_stage(bench, frames, expected, stalls=stalls)
    check_stage(bench, frames, expected, stalls=STALLS["both"], eager=False)
    for period in (1, 3):
        assert measured_latency(made, 5, period) == made.latency.total(5, period)
    check_memories(made)
    return made


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
def test_windows_of_any_extent_and_border(windows: Sequence[Window]) -> None:
    made = check(windows, keep=("v0",))
    assert [track.name for track in made.outputs] == [*(w.name for w in windows), "v0"]


def test_a_halo_is_cut_beside_them() -> None:
    check(WINDOWS["borders and radii"], keep=("v0_3x3", "v1"))


def test_one_line_buffer_serves_all() -> None:
    made = chain(WINDOWS["borders and radii"], keep=("v0",))
    lines, columns = made.stages
    assert isinstance(lines, LineBuffer)
    assert isinstance(columns, Columns)
    # Two lines above and two below of 2 x 3 bits, and two of the 4 bits that wait.
    assert (lines.ram.use.width, lines.delay, columns.delay) == (4 * 6 + 2 * 4, 2, 2)


@pytest.mark.parametrize(
    ("kernel", "cuts"),
    [((1, 1), False), ((1, 3), False), ((3, 1), False), ((2, 2), True), ((5, 3), True)],
)
def test_which_layers_cut_a_halo(kernel: tuple[int, int], cuts: bool) -> None:
    layer = TapTables(np.zeros((1, *kernel, 2, 1), np.int32), code_bits=1)
    assert cuts_halo(layer) is cuts
    assert not cuts_halo(Requantise(np.array([1]), 1, 0, 1))
