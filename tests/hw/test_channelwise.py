# amaranth: UnusedElaboratable=no
"""Layers that compute channel by channel, joined into one stage."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.layers import Layer, Requantise, Residual
from lutscale.golden.program import Program
from lutscale.golden.value import ValueType
from lutscale.hw.build import Build
from lutscale.hw.channelwise import ChannelOp, Channelwise, fused
from lutscale.hw.layers import KINDS, Context
from lutscale.hw.plan import layer_stages
from lutscale.hw.slots import Stage, Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.chain import Chain
from tests.support.hw.slot_frames import check_stage, measured_latency, random_frames
from tests.support.hw.streams import STALLS, Bench

LAYERS = (
    Requantise(np.array([301, 407, 1, 5000]), 10, -255, 255),
    Residual(0, lo=-100, hi=120, gain=3),
    Requantise(np.full(4, 1), 2, 0, 15),
)


def chain_of(layers: tuple[Layer, ...], clocks_per_pixel: int, keep: tuple[str, ...] = ()) -> Chain:
    """Layers 1, 2, ... on tracks v0 (a residual's source) and v1, four channels each."""
    tracks = (Track("passing", 1, 3), Track("v0", 4, 5), Track("v1", 4, 9, signed=True))
    types = [ValueType(4, 0, 31), ValueType(4, -256, 255)]
    stages: list[Stage] = []
    for number, layer in enumerate(layers, start=1):
        types.append(layer.output_type(types))
        later = {source for after in layers[number:] for source in after.sources}
        context = Context(
            layer=layer,
            number=number,
            tracks=tracks,
            keep=("passing", *(f"v{source}" for source in sorted(later)), *keep),
            output_type=types[-1],
            own_window=False,
            clocks_per_pixel=clocks_per_pixel,
            max_width=6,
            target=ECP5,
        )
        stages += KINDS[layer.kind](context)
        tracks = stages[-1].outputs
    return Chain(fused(stages))


def ops_of(stage: Stage) -> tuple[ChannelOp, ...]:
    assert isinstance(stage, Channelwise)
    return stage.ops


@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 3, 4, 9])
def test_a_row_of_layers_is_one_stage(clocks_per_pixel: int) -> None:
    chain = chain_of(LAYERS, clocks_per_pixel)
    (stage,) = chain.stages
    assert isinstance(stage, Channelwise)
    assert len(stage.ops) == len(LAYERS)
    frames = random_frames(chain.inputs, [(4, 5), (3, 5), (1, 1)])
    expected = []
    for frame in frames:
        values = [frame[name][:, 0, 0].astype(np.int32) for name in ("v0", "v1")]
        for layer in LAYERS:
            values.append(layer.reference(values))
        expected.append({"passing": frame["passing"], "v4": values[-1][:, None, None]})
    for stalls in STALLS.values():
        check_stage(Bench(chain), frames, expected, stalls=stalls)
    period = max(clocks_per_pixel, stage.steps)
    assert measured_latency(chain, 5, period) == chain.latency.total(5, period)


def test_a_number_that_is_needed_later_keeps_stages_apart() -> None:
    assert [len(ops_of(s)) for s in chain_of(LAYERS, 4, keep=("v2",)).stages] == [1, 2]
    # A residual that adds what an earlier layer of the row made.
    twice = (LAYERS[0], Requantise(np.full(4, 7), 3, -9, 9), Residual(2))
    assert [len(ops_of(s)) for s in chain_of(twice, 4).stages] == [1, 2]


def test_the_end_of_a_program_is_one_stage() -> None:
    """Requantise, the frame's bilinear residual, requantise."""
    layers = (
        Requantise(np.array([77]), 3, 0, 255),
        Residual(0, lo=0, hi=255),
        Requantise(np.array([5]), 2, 0, 255),
    )
    stages, _ = layer_stages(Program("end", 1, layers), Build(pixels_per_beat=1))
    assert [len(ops_of(stage)) for stage in stages] == [3]
