"""The quantiser: every code becomes its (segment, weight) pair, at every fold."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import fold
from lutscale.hw.quantiser import QuantiserStage
from lutscale.hw.slots import Track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import (
    Frame,
    check_stage,
    measured_latency,
    planes,
    random_frames,
    rasters,
)
from tests.support.hw.streams import STALLS, Bench
from tests.support.random_programs import make_quantiser

FOLDS = (1, 2, 3, 4, 5, 6, 16)


def layer(code_bits: int, signed: bool) -> TapTables:
    """Only its quantiser matters here."""
    quantiser = make_quantiser(np.random.default_rng(1), code_bits, 5, 3, "any")
    entries = np.zeros((2, 3, 1, 5, 1), np.int32)
    return TapTables(entries, 4, code_bits, signed, quantiser)


def stage(clocks_per_pixel: int, *, code_bits: int = 6, signed: bool = True) -> QuantiserStage:
    """Codes of 2 channels and 3 rows, between tracks that pass."""
    return QuantiserStage(
        layer(code_bits, signed),
        number=7,
        inputs=[
            Track("v0", 1, 4),
            Track("window", 2, code_bits, signed, rows=3),
            Track("v1", 1, 5, signed=True, rows=3),
        ],
        name="window",
        clocks_per_pixel=clocks_per_pixel,
        target=ECP5,
    )


def quantised(made: QuantiserStage, frame: Frame) -> Frame:
    """What golden's quantiser makes of the codes."""
    quantiser = made.layer.quantiser
    assert quantiser is not None
    index = frame["window"] + made.layer.code_offset
    pairs = (quantiser.segment[index] << quantiser.fraction_bits) + quantiser.weight[index]
    return {**frame, "window": pairs}


@pytest.mark.parametrize("clocks_per_pixel", FOLDS)
def test_every_fold_and_stall(clocks_per_pixel: int) -> None:
    made = stage(clocks_per_pixel)
    bench = Bench(made)
    frames = random_frames(made.inputs, [(3, 5), (2, 5), (1, 1)])
    expected = [quantised(made, frame) for frame in frames]
    for stalls in STALLS.values():
        check_stage(bench, frames, expected, stalls=stalls, period=made.steps)


@pytest.mark.parametrize(("code_bits", "signed"), [(8, True), (8, False), (1, True), (3, False)])
def test_every_code(code_bits: int, signed: bool) -> None:
    made = stage(2, code_bits=code_bits, signed=signed)
    (frame,) = random_frames(made.inputs, [(1, 1 << code_bits)])
    codes = np.arange(1 << code_bits) - made.layer.code_offset
    frame["window"][:] = codes
    run = Bench(made).run(rasters([frame], made, made.latency))
    (got,) = planes(made, run.items, [(1, 1 << code_bits)])
    np.testing.assert_array_equal(got["window"], quantised(made, frame)["window"])


@pytest.mark.parametrize("clocks_per_pixel", FOLDS)
def test_latency_and_throughput_are_as_stated(clocks_per_pixel: int) -> None:
    made = stage(clocks_per_pixel)
    units, steps = fold(6, clocks_per_pixel)
    assert measured_latency(made, 4, clocks_per_pixel) == made.latency.total(4, clocks_per_pixel)
    assert made.latency.clocks == steps + 2 + (steps > 4)
    (frame,) = random_frames(made.inputs, [(2, 9)])
    run = Bench(made).run(rasters([frame], made, made.latency))
    assert set(np.diff(run.accepted)) == set(np.diff(run.clocks)) == {steps}
    assert len(made.memories) == units


@pytest.mark.parametrize("clocks_per_pixel", FOLDS)
def test_memories_are_as_stated(clocks_per_pixel: int) -> None:
    made = stage(clocks_per_pixel)
    check_memories(made)
    for u, use in enumerate(made.memories):
        assert use.name == f"layer7_quantiser{u}"
        assert (use.layer, use.purpose, use.style, use.rom) == (7, "quantiser", "logic", True)
        # 5 nodes have 4 segments (2 bits), and the weights have 3 bits.
        assert (use.depth, use.width) == (64, 5)
