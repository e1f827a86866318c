"""Requantise: the one rounding rule, number for number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.layers import Requantise
from lutscale.golden.value import ValueType
from lutscale.hw.channelwise import Channelwise
from lutscale.hw.layers.context import Context
from lutscale.hw.layers.requantise import RequantiseOp, build
from lutscale.hw.slots import Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.layer_bench import check_layer
from tests.support.hw.slot_frames import check_stage, measured_latency, random_frames
from tests.support.hw.streams import STALLS, Bench


def stage(
    layer: Requantise, bits: int, *, signed: bool = True, clocks_per_pixel: int = 4
) -> Channelwise:
    """Reads track v3 beside two that pass and one that ends here."""
    channels = len(layer.multiplier)
    (made,) = build(
        Context(
            layer=layer,
            number=3,
            tracks=(
                Track("v0", 1, 8, rows=3, cols=3),
                Track("v1", 1, 2),
                Track("v3", channels, bits, signed),
                Track("v2", 2, 3, signed=True),
            ),
            keep=("v0", "v2"),
            output_type=ValueType(channels, layer.lo, layer.hi),
            own_window=False,
            clocks_per_pixel=clocks_per_pixel,
            max_width=8,
            target=ECP5,
        )
    )
    assert isinstance(made, Channelwise)
    return made


def check(made: Channelwise, rows: Sequence[np.ndarray], stalls: str = "none") -> None:
    """Send accumulators (channels, height, width) and compare with golden."""
    (op,) = made.ops
    assert isinstance(op, RequantiseOp)
    frames = random_frames(made.inputs, [acc.shape[1:] for acc in rows])
    for frame, acc in zip(frames, rows, strict=True):
        frame["v3"] = acc[:, None, None]
    expected = [
        {
            "v0": frame["v0"],
            "v2": frame["v2"],
            "v4": op.layer.reference([acc.astype(np.int32)])[:, None, None],
        }
        for frame, acc in zip(frames, rows, strict=True)
    ]
    check_stage(Bench(made), frames, expected, stalls=STALLS[stalls])


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(
    ("multipliers", "shift", "lo", "hi"),
    [
        ((1,), 1, -128, 127),
        ((3, 5), 2, -100, 90),
        ((1, 0, 65535), 16, 0, 255),
        ((65535, 40000), 1, -(1 << 31), (1 << 31) - 1),
        ((65535, 1), 40, -1, 1),
        ((7,), 3, 5, 5),
        ((7,), 3, 5, 90),
        ((7,), 3, -90, -5),
    ],
)
def test_every_accumulator(
    multipliers: tuple[int, ...], shift: int, lo: int, hi: int, signed: bool
) -> None:
    made = stage(Requantise(np.array(multipliers), shift, lo, hi), 9, signed=signed)
    numbers = np.arange(512) - 256 * signed
    check(made, [np.stack([np.roll(numbers, 7 * c) for c in range(len(multipliers))])[:, None]])


@pytest.mark.parametrize("shift", [1, 20, 40])
def test_the_widest_accumulators(shift: int) -> None:
    made = stage(Requantise(np.array([1, 4097, 65535]), shift, -(1 << 31), (1 << 31) - 1), 32)
    edges = [-(1 << 31), -(1 << 31) + 1, -(1 << 30), -1, 0, 1, 1 << 30, (1 << 31) - 1]
    noise = np.random.default_rng(0).integers(-(1 << 31), 1 << 31, 40)
    numbers = np.concatenate([edges, noise])
    check(made, [np.broadcast_to(numbers, (3, 1, len(numbers)))])


@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("dsp", [True, False])
def test_every_fold(clocks_per_pixel: int, dsp: bool) -> None:
    """A unit serves as many channels as there are clocks; the last ones may have fewer."""
    numbers = np.array([300, 500, 1, 65535, 0, 77, 9])
    given = stage(Requantise(numbers, 12, -100, 90), 14, clocks_per_pixel=clocks_per_pixel)
    assert given.units == -(-7 // clocks_per_pixel)
    (op,) = given.ops
    assert isinstance(op, RequantiseOp)
    made = Channelwise(
        given.inputs,
        given.outputs,
        given=given.given,
        ops=[RequantiseOp(op.layer, given.track("v3"), dsp=dsp)],
        clocks_per_pixel=clocks_per_pixel,
    )
    rng = np.random.default_rng(0)
    check(made, [rng.integers(-8192, 8192, (7, h, w)) for h, w in ((5, 6), (2, 4))], "both")


@pytest.mark.parametrize("dsp", [True, False])
@pytest.mark.parametrize("multiplier", [40000, 3])
def test_sums_wider_than_a_multiplier_block(multiplier: int, dsp: bool) -> None:
    """What is clamped in any case is cut to 18 bits first; what may not be is multiplied whole."""
    layer = Requantise(np.array([multiplier, 50000]), 22, -255, 255)
    given = Track("v3", 2, 24, signed=True)
    op = RequantiseOp(layer, given, dsp=dsp)
    edges = [s * (1 << b) + d for b in (16, 17, 18, 22) for s in (1, -1) for d in (-1, 0, 1)]
    noise = np.random.default_rng(0).integers(-(1 << 18), 1 << 18, 40)
    numbers = np.concatenate([edges, noise])
    made = Channelwise(
        [given], [Track("v4", 2, 9, signed=True)], given="v3", ops=[op], clocks_per_pixel=2
    )
    frame = np.stack([numbers, numbers[::-1]])[:, None]
    expected = layer.reference([frame.astype(np.int32)])[:, None, None]
    check_stage(Bench(made), [{"v3": frame[:, None, None]}], [{"v4": expected}])


@pytest.mark.parametrize("stalls", STALLS)
def test_every_stall(stalls: str) -> None:
    made = stage(Requantise(np.array([300, 500]), 10, -128, 127), 10)
    rng = np.random.default_rng(0)
    check(made, [rng.integers(-512, 512, (2, h, w)) for h, w in ((3, 4), (2, 4), (1, 1))], stalls)


@pytest.mark.parametrize("period", [1, 4])
def test_latency_is_as_stated_and_there_is_no_memory(period: int) -> None:
    made = stage(Requantise(np.array([300, 500]), 10, -128, 127), 10)
    period = max(period, made.steps)
    assert measured_latency(made, 5, period) == made.latency.total(5, period)
    assert made.memories == ()


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        # Sixths to levels, the floor and the nearest with halves to even.
        (Requantise(np.array([10923]), 16, 0, 255, bias=-3), ValueType(1, 0, 1530)),
        (Requantise(np.array([10923]), 16, 0, 255, even_divisor=6), ValueType(1, 0, 1530)),
        (Requantise(np.array([1, 1]), 4, -128, 127, even_divisor=16), ValueType(2, -2048, 2032)),
        (Requantise(np.array([2]), 1, 0, 255, bias=128), ValueType(1, -512, 508)),
        (Requantise(np.array([3]), 2, -9, 9, bias=5, even_divisor=7), ValueType(1, -16, 15)),
    ],
)
def test_bias_and_halves_to_even(layer: Requantise, given: ValueType) -> None:
    for clocks_per_pixel in (1, 2):
        sizes = [(20, 40), (3, 5)] if clocks_per_pixel == 1 else [(3, 5)]
        check_layer(layer, given, clocks_per_pixel=clocks_per_pixel, sizes=sizes)


@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 3])
@pytest.mark.parametrize("even_divisor", [0, 16])
def test_ranges_of_single_channels(even_divisor: int, clocks_per_pixel: int) -> None:
    layer = Requantise(
        np.array([1, 1, 1]),
        4,
        -32,
        31,
        even_divisor=even_divisor,
        channel_lo=(-32, 0, -1),
        channel_hi=(31, 3, -1),
    )
    given = ValueType(3, -700, 700)
    check_layer(layer, given, clocks_per_pixel=clocks_per_pixel, sizes=[(20, 40)])
