"""The programs that tests draw cover every kind of layer, and are the same for the same seed."""

from __future__ import annotations

import numpy as np

from lutscale.golden.layers import KINDS, Residual, TapTables
from tests.support.family_programs import FAMILIES
from tests.support.random_programs import example_frame, example_program


def test_kinds_carry_their_names() -> None:
    assert {kind: made.kind for kind, made in KINDS.items()} == {kind: kind for kind in KINDS}


def test_random_programs_cover_every_kind_and_mostly_do_not_clamp() -> None:
    seen: set[str] = set()
    clamped = []
    for seed in range(60):
        program = example_program(seed, 1 + seed % 4)
        out = program.run(example_frame(seed, 9, 7))
        clamped.append(np.isin(out, (program.types[-1].lo, program.types[-1].hi)).mean())
        for layer in program.layers:
            seen.add(layer.kind)
            if isinstance(layer, Residual):
                seen.add(layer.upsample)
            if isinstance(layer, TapTables):
                seen.add("interpolated" if layer.quantiser else "direct")
    seen |= {layer.kind for make in FAMILIES.values() for layer in make(1).layers}
    assert seen == {*KINDS, "none", "nearest", "bilinear", "interpolated", "direct"}
    assert np.median(clamped) < 0.5


def test_example_programs_are_the_same_for_the_same_seed() -> None:
    frame = example_frame(3, 6, 5)
    first, again = (example_program(5, 3).run(frame) for _ in range(2))
    np.testing.assert_array_equal(first, again)
