"""Residuals: identity, nearest and bilinear, with a given or a window of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import Residual
from lutscale.golden.value import ValueType
from lutscale.hw.layers.context import Context
from lutscale.hw.layers.residual import build
from lutscale.hw.slots import Track, value_track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.chain import Chain
from tests.support.hw.layer_bench import check_layer
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import Frame, check_stage, measured_latency, random_frames
from tests.support.hw.streams import STALLS, Bench

SOURCE = ValueType(2, -16, 15)
GIVEN_BITS = 9
SIZES = [(4, 5), (3, 5), (1, 5), (1, 1), (2, 1), (5, 3)]

LAYERS = {
    "none": Residual(1, lo=-200, hi=190),
    "none, gain": Residual(1, gain=7),
    "nearest 2": Residual(1, "nearest", 2, 3, -100, 255),
    "nearest 3": Residual(1, "nearest", 3),
    "bilinear 2": Residual(1, "bilinear", 2, lo=-300, hi=400),
    "bilinear 3": Residual(1, "bilinear", 3, gain=2),
    "bilinear 4": Residual(1, "bilinear", 4, lo=0, hi=255),
}


def stages(layer: Residual, *, own_window: bool, clocks_per_pixel: int = 1) -> Chain:
    """The layer as number 4: v4 comes in beside its source and a track that passes."""
    channels = SOURCE.channels * layer.scale**2
    given = ValueType(channels, -(1 << (GIVEN_BITS - 1)), (1 << (GIVEN_BITS - 1)) - 1)
    source = value_track("v1", SOURCE)
    if layer.upsample == "bilinear" and not own_window:
        source = Track("v1_3x3", source.channels, source.bits, source.signed, rows=3, cols=3)
    context = Context(
        layer=layer,
        number=4,
        tracks=(source, Track("v0", 1, 3), value_track("v4", given)),
        keep=("v0", "v1") if own_window else ("v0",),
        output_type=layer.output_type([SOURCE, SOURCE, SOURCE, SOURCE, given]),
        own_window=own_window,
        clocks_per_pixel=clocks_per_pixel,
        max_width=6,
        target=ECP5,
    )
    return Chain(build(context))


def frames_of(chain: Chain, layer: Residual) -> tuple[list[Frame], list[Frame]]:
    """Frames for a chain, and what golden makes of them."""
    plain = [track for track in chain.inputs if track.name != "v1_3x3"]
    given: list[Any] = random_frames([*plain, value_track("v1", SOURCE)], SIZES)
    expected = []
    for frame in given:
        source = frame["v1"][:, 0, 0].astype(np.int32)
        values = [source, source, frame["v4"][:, 0, 0].astype(np.int32)]
        made = layer.reference(values)
        tracks = {"v0": frame["v0"], "v1": frame["v1"], "v5": made[:, None, None]}
        expected.append({t.name: tracks[t.name] for t in chain.outputs if t.name in tracks})
        padded = np.pad(source, ((0, 0), (1, 1), (1, 1)), mode="edge")
        _, height, width = source.shape
        frame["v1_3x3"] = np.stack(
            [
                np.stack([padded[:, i : i + height, j : j + width] for j in range(3)], axis=1)
                for i in range(3)
            ],
            axis=1,
        )
    return given, expected


@pytest.mark.parametrize("name", LAYERS)
def test_every_stall(name: str) -> None:
    layer = LAYERS[name]
    chain = stages(layer, own_window=False)
    assert [track.name for track in chain.outputs] == ["v0", "v5"]
    bench, (frames, expected) = Bench(chain), frames_of(chain, layer)
    for stalls in STALLS.values():
        check_stage(bench, frames, expected, stalls=stalls)


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [2, 4, 5, 16, 40])
@pytest.mark.parametrize("name", LAYERS)
def test_every_fold(name: str, clocks_per_pixel: int) -> None:
    """A unit takes the pixels of a patch one after the other."""
    layer = LAYERS[name]
    chain = stages(layer, own_window=False, clocks_per_pixel=clocks_per_pixel)
    frames, expected = frames_of(chain, layer)
    check_stage(Bench(chain), frames, expected, stalls=STALLS["both"])
    period = max(clocks_per_pixel, 1)
    assert measured_latency(chain, 5, period) == chain.latency.total(5, period)


@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith("bilinear")])
def test_a_window_of_its_own(name: str) -> None:
    layer = LAYERS[name]
    chain = stages(layer, own_window=True)
    bench, (frames, expected) = Bench(chain), frames_of(chain, layer)
    for stalls in STALLS.values():
        check_stage(bench, frames, expected, stalls=stalls)
    check_memories(chain)
    (lines,) = chain.memories
    # Two lines of the source, and one of what waits for its row below: the input and v0.
    source, waiting = 2 * 5, GIVEN_BITS * 2 * layer.scale**2 + 3
    assert (lines.depth, lines.width) == (6, 2 * source + waiting)


@pytest.mark.slow
@pytest.mark.parametrize("period", [1, 3])
@pytest.mark.parametrize(
    ("name", "own_window"),
    [(name, own) for name in LAYERS for own in {False, name.startswith("bilinear")}],
)
def test_latency_is_as_stated(name: str, own_window: bool, period: int) -> None:
    layer = LAYERS[name]
    chain = stages(layer, own_window=own_window)
    assert measured_latency(chain, 5, period) == chain.latency.total(5, period)
    if not own_window:
        assert chain.memories == ()


def test_channels_of_the_source_and_ranges_of_their_own() -> None:
    """As TinyLUT adds the two parts of a pixel to all channels of their branches."""
    layer = Residual(
        0,
        lo=-32,
        hi=31,
        channels=(0, 0, 1, 1) * 2,
        channel_lo=(-32, -32, 0, 0) * 2,
        channel_hi=(31, 31, 3, 3) * 2,
    )
    for clocks_per_pixel in (1, 3, 8):
        types = (ValueType(2, -32, 31), ValueType(8, -128, 127))
        check_layer(layer, *types, clocks_per_pixel=clocks_per_pixel)
