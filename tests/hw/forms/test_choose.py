"""The choice of forms: multipliers where they save most, and what is forced or refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden.layers import Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find
from lutscale.hw.build import Build
from lutscale.hw.forms.choose import choose
from lutscale.hw.forms.planes import PlanesStage
from lutscale.hw.layers.tap_tables import TapTablesStage
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS, Device, Target
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.random_programs import make_quantiser


def interpolated(seed: int, channels: tuple[int, int], fraction_bits: int = 3) -> TapTables:
    """3 x 3 taps, three nodes."""
    rng = np.random.default_rng(seed)
    quantiser = make_quantiser(rng, 8, 3, fraction_bits)
    entries = rng.integers(-32, 32, (channels[0], 3, 3, 3, channels[1]))
    return TapTables(entries, 6, 8, False, quantiser)


def large_device() -> Device:
    """With multipliers for all."""
    device = TARGETS["ecp5-85f"].device
    assert device is not None
    return device


def two_layers(fraction_bits: int = 3) -> Program:
    layers = (
        interpolated(0, (1, 2), fraction_bits),
        Requantise(np.array([301, 4007]), 12, 0, 255),
        interpolated(1, (2, 1), fraction_bits),
        Requantise(np.array([4007]), 16, 0, 255),
    )
    return Program("two", 1, layers)


def device(multipliers: int) -> Target:
    """An ECP5 with so many."""
    whole = TARGETS["ecp5-25f"]
    assert whole.device is not None
    return replace(whole, device=replace(whole.device, multipliers=multipliers))


def test_planes_where_weights_are_short_and_lanes_where_they_are_not() -> None:
    for fraction_bits, clocks, form in ((3, 4, "planes"), (8, 2, "lanes")):
        choices = choose(two_layers(fraction_bits), clocks_per_pixel=clocks, target=ECP5)
        assert {choices[k].form for k in (0, 2)} == {form}


@pytest.mark.parametrize("multipliers", [0, 1, 2, 8, 50])
def test_no_more_multipliers_than_there_are(multipliers: int) -> None:
    choices = choose(two_layers(8), clocks_per_pixel=2, target=device(multipliers))
    assert sum(choice.cost.dsp for choice in choices.values()) <= multipliers
    assert (multipliers > 0) == any(choice.dsp for choice in choices.values())


def test_more_multipliers_never_cost_more_logic() -> None:
    costs = [
        sum(
            choice.cost.comb
            for choice in choose(
                two_layers(8), clocks_per_pixel=2, target=device(multipliers)
            ).values()
        )
        for multipliers in (0, 1, 4, 12, 50)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]


def test_a_multiplier_that_saves_little_is_left_alone_where_there_is_room() -> None:
    tiny = load(find("iqlut-tiny-x4"))
    large, small = (
        choose(tiny, clocks_per_pixel=4, target=TARGETS["ecp5-85f"].on("few", device))
        for device in (
            replace(large_device(), luts=83640),
            replace(large_device(), luts=8000),
        )
    )
    assert {large[k].form for k in (0, 2, 5)} == {"planes"}
    assert {k: small[k].form for k in (0, 2, 5)} == {0: "planes", 2: "lanes", 5: "lanes"}
    # A requantise without a multiplier takes hundreds of LUT4.
    assert all(large[k].dsp for k in (1, 3, 6))


def test_the_plan_is_json_and_says_why() -> None:
    choices = choose(two_layers(), clocks_per_pixel=4, target=TARGETS["ecp5-85f"])
    plan = json.loads(json.dumps([choice.as_dict() for choice in choices.values()]))
    assert [entry["layer"] for entry in plan] == [0, 1, 2, 3]
    assert plan[0]["planes"]["digit_bits"] == 1
    assert "lanes" in plan[0]["why"]
    assert all(entry["comb"] >= 0 for entry in plan)


def test_a_forced_form_is_built() -> None:
    for form, kind in (("lanes", TapTablesStage), ("planes", PlanesStage)):
        build = Build(clocks_per_pixel=4, pixels_per_beat=1, max_width=8, form=form)
        stages = Plan(two_layers(), build).stages
        assert sum(isinstance(stage, kind) for stage in stages) == 2


def test_what_cannot_be_forced() -> None:
    with pytest.raises(ValueError, match="form must be one of lanes, planes, not 'gates'"):
        choose(two_layers(), clocks_per_pixel=4, target=ECP5, form="gates")
    message = r"form must be one that layer 0 can take \(lanes: planes needs at least 2 clocks"
    with pytest.raises(ValueError, match=message):
        choose(two_layers(6), clocks_per_pixel=1, target=ECP5, form="planes")
    message = r"form must be one that layer 0 can take \(lanes: planes needs shorter weights"
    with pytest.raises(ValueError, match=message):
        choose(two_layers(8), clocks_per_pixel=2, target=ECP5, form="planes")
