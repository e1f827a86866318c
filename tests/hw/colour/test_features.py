"""The features of colour: every part of the netlist has some, under its name."""

from __future__ import annotations

import re

from lutscale.golden.colour import Colour
from lutscale.hw.build import Build
from lutscale.hw.estimates import estimate
from lutscale.hw.features import features
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.verilog import emit
from tests.support.random_programs import example_program


def test_every_part_is_estimated_under_its_name_in_the_netlist() -> None:
    program = example_program(3, 2, max_taps=1)
    build = Build(pixels_per_beat=2, max_width=32, max_height=32)
    plain = Pipeline(program, build)
    made = Pipeline(program, Build(**{**vars(build), "colour": Colour("rgb")}))
    text, _ = emit(made, "mine")
    found = re.findall(r"^module mine__pipeline__((?:colour|chroma)\w+)", text, re.MULTILINE)
    parts = {name for name in found if "__" not in name}
    named = {name for name, _, _ in features(made.plan)}
    assert {name for name in named if name.startswith(("colour", "chroma"))} == parts
    assert len(parts) == 6
    before, behind = estimate(plain.plan), estimate(made.plan)
    assert None not in (before.comb, before.ff, behind.comb, behind.ff)
    assert behind.comb > before.comb + 500
    assert behind.ff > before.ff + 500
    assert behind.parts["colour0_matrixstage"][0] > 0
