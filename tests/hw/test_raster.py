"""The last shuffle: raster order, reorder buffers, beats, pace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.layers import PixelShuffle
from lutscale.hw.build import BEATS
from lutscale.hw.raster import LastShuffle
from lutscale.hw.slots import Latency, Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import Frame, random_frames, rasters
from tests.support.hw.streams import STALLS, Bench, Stalls, join, split
from tests.support.hw.video_frames import Picture, beat_count, check_beats

SHAPES = [(scale, beat) for scale in (1, 2, 3, 4) for beat in BEATS]
SIZES = [(2, 5), (1, 5), (1, 1), (1, 1), (2, 1), (2, 8), (1, 3)]


def stage(scale: int, beat: int, *, bits: int = 8, max_width: int = 8) -> LastShuffle:
    """Patches behind a track that ends here."""
    return LastShuffle(
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


def as_video(made: LastShuffle, items: Sequence[int]) -> list[int]:
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
