"""Pixel shuffle at the end and in the middle: raster order, reorder buffers, marks, pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.layers import PixelShuffle
from lutscale.hw.layers.pixel_shuffle import BEATS, InnerShuffleStage, PixelShuffleStage
from lutscale.hw.slots import Latency, Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.hw.netlist import check_memories
from tests.hw.slot_frames import Frame, check_planes, planes, random_frames, rasters
from tests.hw.streams import STALLS, Bench, Stalls, join, split
from tests.hw.video_frames import Picture, beat_count, check_beats

SHAPES = [(scale, beat) for scale in (1, 2, 3, 4) for beat in BEATS]
SIZES = [(2, 5), (1, 5), (1, 1), (1, 1), (2, 1), (2, 8), (1, 3)]


def stage(scale: int, beat: int, *, bits: int = 8, max_width: int = 8) -> PixelShuffleStage:
    """Patches behind a track that ends here."""
    return PixelShuffleStage(
        [Track("v0", 1, 4), Track("v5", scale**2, bits)],
        scale=scale,
        pixels_per_beat=beat,
        max_width=max_width,
        layer=6,
        target=ECP5,
    )


def shuffled(frame: Frame, scale: int) -> Picture:
    """The HR frame, by golden."""
    patches = frame["v5"][:, 0, 0].astype(np.int32)
    hr = patches if scale == 1 else PixelShuffle(scale).reference([patches])
    return hr[0].astype(np.uint8)


def as_video(made: PixelShuffleStage, items: Sequence[int]) -> list[int]:
    """Beats in the layout of a pipeline's ``o``."""
    beat, beats = made.pixels_per_beat, []
    for item in items:
        fields = split(made.o.payload.shape(), item)
        word = fields["pixels"] | fields["keep"] << (8 * beat)
        beats.append(word | fields["first"] << (9 * beat) | fields["last"] << (9 * beat + 1))
    return beats


def check(
    bench: Bench, frames: Sequence[Frame], *, stalls: Stalls, period: int = 1, void: int = 0
) -> None:
    made = bench.dut
    expected = [shuffled(frame, made.scale) for frame in frames]
    count = beat_count(expected, made.pixels_per_beat)
    # Void rows behind every frame are dropped.
    items = rasters(frames, made, Latency(rows=void), eager=False)
    run = bench.run(items, count=count, stalls=stalls, period=period)
    check_beats(expected, as_video(made, run.items), made.pixels_per_beat)


@pytest.mark.parametrize(("scale", "beat"), SHAPES)
def test_every_stall(scale: int, beat: int) -> None:
    made = stage(scale, beat)
    frames, bench = random_frames(made.inputs, SIZES), Bench(made)
    for stalls in STALLS.values():
        check(bench, frames, stalls=stalls, void=1)


@pytest.mark.parametrize("bits", [1, 5, 7])
@pytest.mark.parametrize("scale", [1, 2])
def test_pixels_of_fewer_bits(scale: int, bits: int) -> None:
    """A program may end in 0..100: seven bits."""
    made = stage(scale, 2, bits=bits)
    check(Bench(made), random_frames(made.inputs, SIZES), stalls=STALLS["none"])


@pytest.mark.parametrize(("scale", "beat"), SHAPES)
def test_the_reorder_buffers_never_stop_a_source_that_is_slow_enough(scale: int, beat: int) -> None:
    """A slot every ``scale**2 / pixels_per_beat`` clocks, on the longest lines."""
    made = stage(scale, beat, max_width=16)
    period = -(-(scale**2) // beat)
    frames = random_frames(made.inputs, [(3, 16), (3, 16)])
    expected = [shuffled(frame, scale) for frame in frames]
    items = rasters(frames, made, Latency(), eager=False)
    run = Bench(made).run(items, count=beat_count(expected, beat), period=period)
    assert run.accepted == run.offered
    check_beats(expected, as_video(made, run.items), beat)


@pytest.mark.parametrize(("scale", "beat"), SHAPES)
def test_latency_is_as_stated(scale: int, beat: int) -> None:
    made = stage(scale, beat)
    bench = Bench(made)
    (frame,) = random_frames(made.inputs, [(1, 8)])
    count = beat_count([shuffled(frame, scale)], beat)
    for period in (1, 16):
        run = bench.run(rasters([frame], made, Latency()), count=count, period=period)
        assert run.clocks[0] - run.offered[0] == made.latency.total(8, period)


@pytest.mark.parametrize(("scale", "beat"), SHAPES)
def test_memories_are_as_stated(scale: int, beat: int) -> None:
    made = stage(scale, beat, max_width=100)
    check_memories(made)
    assert [use.purpose for use in made.memories] == ["reorder_buffer"] * scale + ["fifo"]
    assert {use.layer for use in made.memories} == {6}
    line = -(-100 * scale // beat)
    # 1 + (j - 1) / r lines each, as the module says.
    for j, use in enumerate(made.memories[:-1]):
        assert use.depth == -(-line * (scale - 1 + j) // scale) + 4


def test_void_slots_are_dropped() -> None:
    made = stage(2, 1)
    layout = made.i.payload.shape()
    void = join(layout, {"void": 1, "last": 1, "first": 1, "v5": 0xFFFFFFFF})
    assert Bench(made).run([void] * 20, count=0).items == []


@pytest.mark.parametrize("beat", [0, 3, 8])
def test_other_beats_are_refused(beat: int) -> None:
    with pytest.raises(ValueError, match=f"pixels_per_beat must be 1, 2 or 4, not {beat}"):
        stage(2, beat)


# ------------------------------------------------------------------------ in the middle


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
        assert run.clocks[0] - run.offered[0] == made.latency.total(8, period) == 3


def test_an_inner_shuffle_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"scale must be in 2\.\.4, not 1"):
        inner(1, 1)
