"""A layer as the pipeline builds it, against golden, on random values of the types it reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.layers import Layer
from lutscale.golden.value import ValueType
from lutscale.hw.layers import KINDS
from lutscale.hw.layers.context import Context
from lutscale.hw.slots import Track, value_track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.chain import Chain
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import check_stage, measured_latency
from tests.support.hw.streams import STALLS, Bench

__all__ = ["SIZES", "check_layer", "layer_chain"]

SIZES = ((3, 4), (2, 4), (1, 1), (2, 1), (1, 6), (4, 3))
"""(height, width) of frames in a row: of one size and of changing ones, down to one pixel."""


def layer_chain(layer: Layer, types: Sequence[ValueType], clocks_per_pixel: int) -> Chain:
    """The stages of a layer that reads the last of ``types``, beside a track that passes.

    Args:
        types: of the values up to the layer's input; those of its sources arrive too.
    """
    number = len(types) - 1
    sources = [value_track(f"v{k}", types[k]) for k in layer.sources]
    context = Context(
        layer=layer,
        number=number,
        tracks=(Track("passing", 1, 3), *sources, value_track(f"v{number}", types[-1])),
        keep=("passing",),
        output_type=layer.output_type(types),
        own_window=False,
        clocks_per_pixel=clocks_per_pixel,
        max_width=6,
        target=ECP5,
    )
    return Chain(KINDS[layer.kind](context))


def check_layer(
    layer: Layer,
    *types: ValueType,
    clocks_per_pixel: int = 1,
    sizes: Sequence[tuple[int, int]] = SIZES,
    stalls: Sequence[str] = ("none", "both"),
) -> Chain:
    """Compare every number of every frame with golden, under stalls; measure what is stated."""
    chain = layer_chain(layer, types, clocks_per_pixel)
    random = np.random.default_rng(5)
    frames, expected = [], []
    for size in sizes:
        values = [
            random.integers(t.lo, t.hi + 1, (t.channels, *size)).astype(np.int32) for t in types
        ]
        passing = random.integers(0, 8, (1, 1, 1, *size))
        frame = {f"v{k}": value[:, None, None] for k, value in enumerate(values)}
        frame["passing"] = passing
        frames.append({track.name: frame[track.name] for track in chain.inputs})
        result = layer.reference(values)[:, None, None]
        expected.append({"passing": passing, f"v{len(types)}": result})
    bench = Bench(chain)
    for name in stalls:
        check_stage(bench, frames, expected, stalls=STALLS[name], period=clocks_per_pixel)
    check_memories(chain)
    period = max(getattr(stage, "steps", 1) for stage in chain.stages)
    assert period <= clocks_per_pixel
    assert measured_latency(chain, 5, period) == chain.latency.total(5, period)
    return chain
