"""What a device has not got is refused before tools work in vain."""

from __future__ import annotations

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find
from lutscale.hw.build import Build
from lutscale.hw.estimates import Estimate
from lutscale.hw.flow.budget import MARGIN, check_blocks, check_cells, check_estimate
from lutscale.hw.flow.cells import Cells
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from tests.support.random_programs import example_program


def hklut(target: str, width: int = 480) -> Plan:
    build = Build(clocks_per_pixel=16, pixels_per_beat=1, max_width=width, target=TARGETS[target])
    return Plan(load(find("hklut-s-x4")), build)


def test_more_blocks_than_there_are() -> None:
    small = hklut("ecp5-25f", width=960)
    assert small.blocks == hklut("ecp5", width=960).blocks
    with pytest.raises(InputError) as caught:
        check_blocks(small)
    assert str(caught.value) == (
        f"DP16KD must be at most 56 on ecp5-25f, not {small.blocks} as hklut-s-x4 takes: "
        "ecp5-45f or ecp5-85f has enough"
    )
    check_blocks(hklut("ecp5-45f", width=960))
    # Four small ROMs as logic make room for lines half as long.
    check_blocks(hklut("ecp5-25f"))


def test_no_device_has_enough() -> None:
    with pytest.raises(InputError, match="at most 208 on ecp5-85f.*shorter lines take fewer"):
        check_blocks(hklut("ecp5-85f", width=16384))


def test_a_family_has_no_counts() -> None:
    check_blocks(Plan(example_program(2), Build(target=TARGETS["ecp5"])))


def test_a_netlist_that_does_not_fit() -> None:
    build = Build(target=TARGETS["ecp5-25f"])
    fits = {"lut": 1, "carry": 0, "ff": 24288, "dsp": 28, "blocks": 56, "ram": 0, "comb": 24288}
    check_cells(Cells(**fits), build)
    check_cells(Cells(**{**fits, "dsp": 99}), Build())
    with pytest.raises(InputError) as caught:
        check_cells(Cells(**{**fits, "dsp": 29, "comb": 24289}), build)
    assert str(caught.value) == (
        "netlist must fit ecp5-25f, but takes 24289 of 24288 LUTs, 29 of 28 multipliers: more "
        "clocks a pixel, or a larger device"
    )


def test_an_estimate_far_above_a_device() -> None:
    build = Build(target=TARGETS["ecp5-25f"])
    most = round(MARGIN * 24288)
    check_estimate(Estimate(most, 0, 0, 0, {}), build)
    check_estimate(Estimate(None, None, 0, 0, {}), build)
    check_estimate(Estimate(10 * most, 0, 0, 0, {}), Build())
    with pytest.raises(InputError) as caught:
        check_estimate(Estimate(most + 1, 0, 0, 0, {}), build)
    assert str(caught.value) == (
        f"design must fit ecp5-25f, but is estimated at {most + 1} of 24288 LUTs: more clocks a "
        "pixel, or a larger device"
    )
