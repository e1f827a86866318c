"""The pipeline as drawn is the plan's: in order, with its latency, memories and widths."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.layers import Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.plan import Plan
from lutscale.hw.slots import Latency
from lutscale.reports.page.pipeline import pipeline_json
from tests.support.golden.small_programs import small
from tests.support.random_programs import example_program

PROGRAMS = [small(), *(example_program(seed, 2, max_taps=2, max_channels=2) for seed in range(3))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_stages_add_up_to_the_plan(program: Program) -> None:
    plan = Plan(program, Build(clocks_per_pixel=8, max_width=64))
    drawn = pipeline_json(plan)
    stages = [stage for block in drawn["blocks"] for stage in block["stages"]]
    assert len(stages) == len(plan.chain)
    latency = sum((Latency(**stage["latency"]) for stage in stages), Latency())
    assert latency == plan.latency == Latency(**drawn["latency"])
    assert sum(stage["memory_bits"] for stage in stages) == sum(u.bits for u in plan.memories)
    for stage, part in zip(stages[1:-2], plan.stages, strict=True):
        assert stage["bits"] == sum(track.width for track in part.outputs)
        assert stage["bits"] == sum(track["bits"] for track in stage["carries"])
    # A pixel in, beats of four out.
    assert (stages[0]["bits"], stages[-1]["bits"]) == (8, 32)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_layer_stands_in_one_block_in_order(program: Program) -> None:
    plan = Plan(program, Build(clocks_per_pixel=8, max_width=64))
    blocks = pipeline_json(plan)["blocks"]
    layers = [layer for block in blocks for layer in block["layers"]]
    assert layers == list(range(len(program.layers)))
    for block in blocks:
        for layer in block["layers"]:
            assert program.layers[layer].kind.replace("_", " ") in block["title"]
        forms = {plan.choices[k].form for k in block["layers"] if k in plan.choices}
        assert block["form"] in forms or block["form"] is None
    assert any(block["form"] for block in blocks)


def test_without_a_last_shuffle_the_raster_is_no_layer() -> None:
    layers = (
        TapTables(np.zeros((1, 1, 1, 256, 1), np.int32)),
        Requantise(np.ones(1, np.int32), 1, 0, 255),
    )
    drawn = pipeline_json(Plan(Program("plain", 1, layers), Build()))
    assert [block["layers"] for block in drawn["blocks"]] == [[], [0], [1], []]
    assert [stage["name"] for stage in drawn["blocks"][-1]["stages"]] == [
        "Raster order",
        "Video out",
    ]


def test_layers_that_share_a_stage_share_a_block() -> None:
    blocks = pipeline_json(Plan(small(), Build()))["blocks"]
    assert [block["layers"] for block in blocks] == [[], [0], [1, 2, 3], [4], []]
    assert blocks[2]["title"] == "requantise + residual + requantise"
    assert [stage["name"] for stage in blocks[2]["stages"]] == ["Channelwise"]
