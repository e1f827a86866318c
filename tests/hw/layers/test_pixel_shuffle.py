"""Pixel shuffle in the middle of a pipeline: slots of a larger frame, marks, pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.layers import PixelShuffle
from lutscale.hw.layers.pixel_shuffle import InnerShuffleStage
from lutscale.hw.slots import Latency, Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import Frame, check_planes, planes, random_frames, rasters
from tests.support.hw.streams import STALLS, Bench, split

SIZES = [(2, 5), (1, 5), (1, 1), (1, 1), (2, 1), (2, 8), (1, 3)]

CHANNELS = [(2, 1), (2, 3), (3, 2), (4, 1)]
"""(scale, channels behind it)."""


def inner(scale: int, channels: int, max_width: int = 8) -> InnerShuffleStage:
    """Patches behind a track that ends here."""
    return InnerShuffleStage(
        [Track("v0", 1, 4), Track("v5", channels * scale**2, 3, signed=True)],
        given="v5",
        result=Track("v6", channels, 3, signed=True),
        scale=scale,
        max_width=max_width,
        layer=5,
        target=ECP5,
    )


def enlarged(frame: Frame, scale: int) -> Frame:
    """The HR frame, by golden."""
    hr = PixelShuffle(scale).reference([frame["v5"][:, 0, 0].astype(np.int32)])
    return {"v6": hr[:, None, None]}


def sizes_of(frames: Sequence[Frame]) -> list[tuple[int, int]]:
    return [frame["v6"].shape[-2:] for frame in frames]


@pytest.mark.parametrize(("scale", "channels"), CHANNELS)
def test_slots_of_a_larger_frame_under_every_stall(scale: int, channels: int) -> None:
    made = inner(scale, channels)
    frames, bench = random_frames(made.inputs, SIZES), Bench(made)
    expected = [enlarged(frame, scale) for frame in frames]
    items = rasters(frames, made, Latency(rows=1, slots=1))
    for stalls in STALLS.values():
        run = bench.run(items, count=len(items) * scale**2, stalls=stalls)
        check_planes(expected, planes(made, run.items, sizes_of(expected)))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_void_rows_become_void_rows(scale: int) -> None:
    made = inner(scale, 1)
    layout = made.o.payload.shape()
    frames = random_frames(made.inputs, SIZES)
    items = rasters(frames, made, Latency(rows=2), eager=False)
    run = Bench(made).run(items, count=len(items) * scale**2)
    slots = iter(split(layout, item) for item in run.items)
    for height, width in SIZES:
        for y in range((height + 2) * scale):
            for x in range(width * scale):
                slot = next(slots)
                marks = (slot["first"], slot["last"], slot["void"])
                last, void = x == width * scale - 1, y >= height * scale
                assert marks == (x == y == 0, last, void), (y, x)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "channels"), CHANNELS)
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_slot_every_f_clocks_for_a_consumer_just_fast_enough(
    scale: int, channels: int, factor: int
) -> None:
    """F clocks a slot in, ``F / scale**2`` out: nothing waits, on the longest lines."""

    class Paced(wiring.Component):
        """The shuffle, with a consumer that takes a slot every ``factor`` clocks."""

        def __init__(self) -> None:
            self.shuffle = made
            super().__init__({"i": In(made.i.signature.flip()), "o": Out(made.o.signature)})

        def elaborate(self, platform: Any) -> Module:
            m = Module()
            m.submodules.shuffle = made
            rest = Signal(range(factor + 1))
            given, taken = made.o, Signal()
            m.d.comb += [
                taken.eq(given.valid & (rest == 0) & self.o.ready),
                given.ready.eq((rest == 0) & self.o.ready),
                self.o.valid.eq(given.valid & (rest == 0)),
                self.o.payload.eq(given.payload),
            ]
            wiring.connect(m, wiring.flipped(self.i), made.i)
            with m.If(taken):
                m.d.sync += rest.eq(factor - 1)
            with m.Elif(rest != 0):
                m.d.sync += rest.eq(rest - 1)
            return m

    made = inner(scale, channels, max_width=12)
    bench = Bench(Paced())
    for sizes in ([(4, 12)] * 3, [(9, 1)] * 2, [(2, 2)] * 5):
        frames = random_frames(made.inputs, sizes)
        expected = [enlarged(frame, scale) for frame in frames]
        items = rasters(frames, made, Latency(), eager=True)
        run = bench.run(items, count=len(items) * scale**2, period=factor * scale**2)
        assert run.accepted == run.offered
        check_planes(expected, planes(made, run.items, sizes_of(expected)))


@pytest.mark.parametrize(("scale", "channels"), CHANNELS)
def test_inner_latency_and_memories_are_as_stated(scale: int, channels: int) -> None:
    made = inner(scale, channels, max_width=100)
    check_memories(made)
    assert [use.purpose for use in made.memories] == ["reorder_buffer"] * scale + ["fifo"]
    for j, use in enumerate(made.memories[:-1]):
        assert (use.depth, use.width) == (100 * (scale - 1 + j) + 4, 3 * channels + 1)
    (frame,) = random_frames(made.inputs, [(1, 8)])
    items = rasters([frame], made, Latency())
    for period in (1, 16):
        run = Bench(made).run(items, count=len(items) * scale**2, period=period)
        assert run.clocks[0] - run.offered[0] == made.latency.total(8, period) == 5


def test_an_inner_shuffle_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"scale must be in 2\.\.4, not 1"):
        inner(1, 1)
