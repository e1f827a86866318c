"""Stand-ins take the memory of what is trained, exactly, and its logic nearly."""

from __future__ import annotations

import pytest

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find
from lutscale.hw.build import Build
from lutscale.hw.estimates import estimate
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from lutscale.model import shapes
from lutscale.reports.explore.stand_in import stand_in


def exact(program: Program, plan: Plan) -> tuple[object, ...]:
    return (
        program.table_bytes,
        program.functions,
        program.reads,
        [layer.kind for layer in program.layers],
        [(use.depth, use.width, use.purpose) for use in plan.memories],
        plan.on_chip_bytes,
        plan.blocks,
    )


@pytest.mark.parametrize(
    ("name", "clocks"), [("iqlut-tiny-x4", 4), ("iqlut-hd-x4", 4), ("iqlut-s-x4", 16)]
)
def test_memory_is_that_of_the_trained_program(name: str, clocks: int) -> None:
    build = Build(clocks_per_pixel=clocks, max_width=960, target=TARGETS["ecp5-85f"])
    trained, random = load(find(name)), stand_in(shapes.iqlut(4, **shapes.IQLUT[name][1]))
    plans = [Plan(program, build) for program in (trained, random)]
    assert exact(trained, plans[0]) == exact(random, plans[1])
    there, mine = (estimate(plan).comb or 0 for plan in plans)
    assert abs(mine / there - 1) < 0.06


@pytest.mark.parametrize(
    "options",
    [
        {"channels": 8, "blocks": 2, "shared": True, "symmetry": "p4", "one_quantiser": True},
        {"channels": 6, "blocks": 1, "depthwise": True, "block_kernels": [[3, 3], [1, 1]]},
        {"channels": 5, "blocks": 1, "shift": True, "nodes": [5, None, 2], "code_bits": 4},
        {"channels": 4, "blocks": 1, "frame_residual": False, "residual": False},
    ],
    ids=lambda options: "-".join(options),
)
@pytest.mark.parametrize("scale", [3, 4])
def test_stand_ins_are_like_what_training_exports(options: dict[str, object], scale: int) -> None:
    pytest.importorskip("torch")
    from lutscale.model.systems import iqlut

    made = iqlut(scale, **options).export("made")
    random = stand_in(shapes.iqlut(scale, **options))  # type: ignore[arg-type]
    build = Build(clocks_per_pixel=16, max_width=64)
    assert exact(made, Plan(made, build)) == exact(random, Plan(random, build))
    assert [t.channels for t in made.types] == [t.channels for t in random.types]
    assert (made.shared, made.quantisers) == (random.shared, random.quantisers)


def test_another_shape_takes_other_memory() -> None:
    build = Build(clocks_per_pixel=16, max_width=64)
    a, b = (stand_in(shapes.iqlut(4, channels=4, entry_bits=bits)) for bits in (6, 8))
    assert exact(a, Plan(a, build)) != exact(b, Plan(b, build))


def test_a_shape_has_the_same_tables_each_time() -> None:
    shape = shapes.iqlut(4, channels=4, blocks=3)
    first, second = stand_in(shape), stand_in(shape)
    tables = [layer for layer in first.layers if layer.table_bits]
    assert tables == [layer for layer in second.layers if layer.table_bits]
    assert tables[1] is tables[2]


def test_refusals() -> None:
    for options, text in (
        ({"symmetry": "p4m", "channels": 12}, "channels must be a multiple of 8"),
        ({"symmetry": "p4", "block_kernels": [[1, 3]]}, "must be square"),
        ({"symmetry": "p4", "nodes": None}, "nodes must be a number with a symmetry, not None"),
        ({"symmetry": "p4", "depthwise": True}, "groups must be 1 with a symmetry"),
        ({"nodes": 1}, "nodes must be in 2..256, not 1"),
        ({"weight_bits": 9}, "weight_bits must be in 1..8, not 9"),
    ):
        with pytest.raises(ValueError, match=text):
            stand_in(shapes.iqlut(4, **options))  # type: ignore[arg-type]
