# amaranth: UnusedElaboratable=no
"""Estimates: exact where they count, by their factors where they do not."""

from __future__ import annotations

import json

import pytest

from lutscale.golden import zoo
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.estimates import FACTORS, estimate, weighed
from lutscale.hw.features import TOP, features
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from tests.support.random_programs import example_program


def plan_for(target: str) -> Plan:
    build = Build(clocks_per_pixel=4, target=TARGETS[target])
    return Plan(load(zoo.find("iqlut-tiny-x4")), build)


def test_factors_weigh_features() -> None:
    assert weighed({"a": 2, "b": 3}, {"a": 10.0}) == 23


def test_the_sum_of_all_components() -> None:
    plan = plan_for("ecp5-85f")
    found = estimate(plan)
    assert set(found.parts) == {name for name, _, _ in features(plan)}
    assert found.comb == round(sum(comb for comb, _ in found.parts.values()))
    assert found.ff == round(sum(ff for _, ff in found.parts.values()))
    assert found.as_dict() == {
        "comb": found.comb, "ff": found.ff, "dsp": found.dsp, "blocks": plan.blocks
    }  # fmt: skip


def test_other_factors() -> None:
    plan = plan_for("ecp5-85f")
    factors = json.loads(FACTORS.read_text())["factors"]
    more = {**factors, TOP: {"comb": {"one": 1000.0, "stages": 0.0}}}
    expected = estimate(plan).comb
    assert expected is not None
    own = estimate(plan).parts[TOP][0]
    assert estimate(plan, more).comb == pytest.approx(expected - own + 1000, abs=1)


def test_only_ecp5_has_logic_estimated() -> None:
    found = estimate(plan_for("xilinx-7a35t"))
    assert (found.comb, found.ff) == (None, None)
    assert (found.blocks, found.parts) == (plan_for("xilinx-7a35t").blocks, {})


def test_a_program_that_was_never_measured() -> None:
    build = Build(clocks_per_pixel=4, pixels_per_beat=1, target=TARGETS["ecp5-25f"])
    found = estimate(Plan(example_program(2, 2), build))
    assert found.comb is not None
    assert found.comb > 500
