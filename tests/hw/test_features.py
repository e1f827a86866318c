# amaranth: UnusedElaboratable=no
"""Features of components: every component of every family has some, and they grow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lutscale.golden import zoo
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.features import TOP, features
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS

PROGRAMS = ("ecnn-tiny-x4", "hklut-s-x4", "iqlut-tiny-x4", "tinylut-s-x4")
BUILD = Build(clocks_per_pixel=16, pixels_per_beat=1, target=TARGETS["ecp5-85f"])


def total(plan: Plan, figure: str) -> float:
    return sum(sum(counts[figure].values()) for _, _, counts in features(plan))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_component_is_there_once(name: str) -> None:
    plan = Plan(load(zoo.find(name)), BUILD)
    found = features(plan)
    names = [name for name, _, _ in found]
    assert len(set(names)) == len(names) == len(plan.chain) + 1
    assert names[-1] == TOP
    for _, _, counts in found:
        assert set(counts) == {"comb", "ff"}
        assert all(count >= 0 for own in counts.values() for count in own.values())


@pytest.mark.parametrize("name", PROGRAMS)
def test_fewer_clocks_take_more(name: str) -> None:
    program = load(zoo.find(name))
    builds = [replace(BUILD, clocks_per_pixel=clocks, pixels_per_beat=4) for clocks in (16, 4)]
    slow, fast = (Plan(program, build) for build in builds)
    assert total(fast, "comb") > total(slow, "comb")


def test_wider_lines_take_longer_addresses() -> None:
    program = load(zoo.find("ecnn-tiny-x4"))
    plans = [Plan(program, replace(BUILD, max_width=width)) for width in (256, 1024)]
    assert total(plans[1], "ff") > total(plans[0], "ff")


def test_a_table_layer_is_of_its_form() -> None:
    program = load(zoo.find("iqlut-tiny-x4"))
    kinds = {}
    for form in ("lanes", "planes"):
        plan = Plan(program, replace(BUILD, clocks_per_pixel=4, pixels_per_beat=4, form=form))
        kinds[form] = [kind for _, kind, _ in features(plan)]
    assert kinds["planes"].count("planes") == 3
    assert not kinds["lanes"].count("planes")
    assert "lanes with multipliers" in kinds["lanes"]
