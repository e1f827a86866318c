"""Planes: every way of cutting digits, turns and tables gives golden's sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from amaranth import Fragment

from lutscale.golden.layers import TapTables
from lutscale.golden.symmetry import GROUPS
from lutscale.hw.forms.cost import planes_cost
from lutscale.hw.forms.planes import PlanePlan, PlanesStage, plans, refusal
from lutscale.hw.layers.tap_tables import TapTablesStage
from lutscale.hw.slots import value_track
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import check_memories, instances
from tests.support.hw.slot_frames import check_stage, measured_latency
from tests.support.hw.streams import STALLS, Bench
from tests.support.hw.tap_windows import codes, frames_of, tables, window_tracks
from tests.support.random_programs import make_quantiser


def stage(layer: TapTables, clocks_per_pixel: int, plan: PlanePlan) -> PlanesStage:
    """Behind a window of pairs, with a track that passes."""
    return PlanesStage(
        layer,
        number=2,
        inputs=window_tracks(layer.untied),
        window="window",
        result=value_track("v3", layer.untied.output_type([codes(layer.untied)])),
        clocks_per_pixel=clocks_per_pixel,
        target=ECP5,
        plan=plan,
    )


def every_plan(layer: TapTables, clocks_per_pixel: int) -> list[PlanePlan]:
    found = list(plans(layer, clocks_per_pixel))
    assert all(plan.steps <= clocks_per_pixel for plan in found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 4, 20])
@pytest.mark.parametrize("nodes", [2, 3, 5])
def test_every_plan(nodes: int, clocks_per_pixel: int) -> None:
    layer = tables((2, 3), nodes=nodes)
    frames, expected = frames_of(layer, "v0", "v3")
    found = every_plan(layer, clocks_per_pixel)
    assert found
    for plan in found:
        made = stage(layer, clocks_per_pixel, plan)
        check_stage(Bench(made), frames, expected)
        assert measured_latency(made, 4, plan.steps) == made.latency.total(4, plan.steps)


@pytest.mark.parametrize("stalls", STALLS)
@pytest.mark.parametrize(("turns", "unhurried"), [(2, False), (2, True), (1, True)])
def test_every_stall(turns: int, unhurried: bool, stalls: str) -> None:
    layer = tables((3, 3), nodes=3)
    frames, expected = frames_of(layer, "v0", "v3")
    plan = PlanePlan(digit_bits=1, digits=3, turns=turns, slots=18 // turns, taps=2)
    assert plan in every_plan(layer, 8)
    made = stage(layer, 8, plan)
    made.unhurried = unhurried
    assert made.far_sighted == unhurried
    check_stage(Bench(made), frames, expected, stalls=STALLS[stalls])
    assert measured_latency(made, 4, plan.steps) == made.latency.total(4, plan.steps)


@pytest.mark.parametrize("digit_bits", [1, 2, 3])
def test_waiting_costs_no_clock_at_the_rate_of_its_steps(digit_bits: int) -> None:
    """With two steps, and with so many that it is known two clocks before."""
    layer = tables((1, 2), nodes=3)
    for plan in every_plan(layer, 4):
        if plan.digit_bits == digit_bits and plan.steps > 1:
            made = stage(layer, 4, plan)
            made.unhurried = True
            assert made.far_sighted == (plan.steps > 2)
            assert measured_latency(made, 9, plan.steps) == made.latency.total(9, plan.steps)
            frames, expected = frames_of(layer, "v0", "v3")
            check_stage(Bench(made), frames, expected)


@pytest.mark.parametrize("fraction_bits", range(1, 9))
def test_every_width_of_weight(fraction_bits: int) -> None:
    """Also those that digits do not divide."""
    whole = tables((1, 2), nodes=4)
    quantiser = make_quantiser(np.random.default_rng(1), 4, 4, fraction_bits, "any")
    layer = TapTables(whole.entries, whole.entry_bits, 4, True, quantiser)
    frames, expected = frames_of(layer, "v0", "v3")
    for plan in every_plan(layer, 9)[:: max(fraction_bits - 2, 1)]:
        check_stage(Bench(stage(layer, 9, plan)), frames, expected)


@pytest.mark.parametrize("entry", [-128, 127])
def test_the_largest_sums(entry: int) -> None:
    quantiser = make_quantiser(np.random.default_rng(0), 2, 3, 8, "uniform")
    entries = np.full((3, 3, 3, 3, 1), entry)
    entries[..., 1, :] = ~entry
    layer = TapTables(entries, 8, 2, True, quantiser)
    frames, expected = frames_of(layer, "v0", "v3")
    for plan in every_plan(layer, 5):
        check_stage(Bench(stage(layer, 5, plan)), frames, expected)


def test_the_images_are_those_of_the_lanes() -> None:
    """Though no memory is built of them."""
    layer = tables((3, 3), nodes=5)
    made = stage(layer, 4, every_plan(layer, 4)[0])
    lanes = TapTablesStage(
        layer,
        number=2,
        inputs=window_tracks(layer),
        result=made.result,
        clocks_per_pixel=4,
        target=ECP5,
    )
    assert [rom.image for rom in made.roms] == [rom.image for rom in lanes.roms]
    assert sum(use.bits for use in made.memories) == layer.table_bits
    assert {use.style for use in made.memories} == {"gates"}
    assert instances(made) == []
    check_memories(made)


def test_registers_are_counted_exactly() -> None:
    """Those of trees and accumulators, for the estimates."""
    layer = tables((3, 3), nodes=3)
    for plan in every_plan(layer, 8)[::3]:
        made = stage(layer, 8, plan)
        fragment = Fragment.get(made, None)
        signals = {
            s.name: len(s) for own in fragment.statements["sync"] for s in own._lhs_signals()
        }
        built = sum(n for name, n in signals.items() if name.startswith(("tree", "acc")))
        assert planes_cost(layer, plan, made.result.bits).registers == built


def test_what_cannot_take_this_form() -> None:
    layer = tables((2, 2), nodes=3)
    assert refusal(layer, 1) is None
    rng = np.random.default_rng(1)
    fine = replace(layer, quantiser=make_quantiser(rng, 4, 3, 6, "any"))
    assert refusal(fine, 2) is None
    assert "at least 2 clocks a pixel, or 6 bits" in (refusal(fine, 1) or "")
    assert "interpolated" in (refusal(tables((2, 2)), 4) or "")
    turned = TapTables(layer.entries, 5, 4, True, layer.quantiser, rotations=4)
    assert "rotations" in (refusal(turned, 4) or "")
    plan = every_plan(layer, 2)[0]
    with pytest.raises(ValueError, match="form must fit the layer: planes needs at least 2 clocks"):
        stage(fine, 1, plan)


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", ["p4", "p4m"])
@pytest.mark.parametrize("role", ["lift", "mix", "end"])
def test_tied_turns(role: str, symmetry: str) -> None:
    """One orientation's constants serve all; taps in the middle of a lift have one turn only."""
    order = GROUPS[symmetry]
    channels = {"lift": (2, 1), "mix": (order, 2), "end": (1, 4)}[role]
    plain = tables((3, 3), channels, nodes=3)
    layer = replace(plain, symmetry=symmetry, role=role)
    frames, expected = frames_of(layer.untied, "v0", "v3")
    found = [plan for plan in every_plan(layer, 16) if plan.tied]
    assert {plan.turns for plan in found} == {2, 4}
    for plan in found[:: 1 if role == "lift" else 3]:
        made = stage(layer, 16, plan)
        check_stage(Bench(made), frames, expected)
        assert all(len(rows) <= 64 for rows in made.constants)


def test_tied_turns_under_stalls() -> None:
    layer = replace(tables((3, 3), (1, 1), nodes=3), symmetry="p4", role="lift")
    frames, expected = frames_of(layer.untied, "v0", "v3")
    plan = PlanePlan(digit_bits=1, digits=3, turns=4, slots=3, taps=2, tied=True)
    assert plan in every_plan(layer, 16)
    for stalls in STALLS.values():
        check_stage(Bench(stage(layer, 16, plan)), frames, expected, stalls=stalls)
