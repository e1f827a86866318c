"""Passes of a network: what a reference and a query go through, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lutscale.golden.layers import Requantise, Residual
from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.mixed import BitSelector
from lutscale.golden.refqsr.network import Network
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.passes import Engine, Pass
from lutscale.hw.refqsr.schedule import Schedule
from tests.support.refqsr.networks import network

BUILD = TileBuild()


def body(passes: tuple[Pass, ...]) -> list[int]:
    """Bits of the 3x3 of blocks."""
    return [p.bits for p in passes if p.engine == Engine.CONVOLVE and p.reach == 1 and not p.wide]


def test_queries_run_low_behind_the_first_block() -> None:
    schedule = Schedule(network(1, blocks=5), BUILD)
    references, queries = schedule.passes[: schedule.query], schedule.passes[schedule.query :]
    assert body(references) == [8] * 10
    assert body(queries) == [8, 8, 4, 4, 4, 4]
    engines = [each.engine for each in queries]
    assert engines.count(Engine.WARP) == engines.count(Engine.FLOW) == 2
    assert [each.last for each in (references[-1], queries[-1])] == [1, 1]
    assert sum(each.last for each in schedule.passes) == 2
    assert schedule.parts[: schedule.query].count("body") == 10
    assert schedule.parts[schedule.query :].count("body") == 6
    assert schedule.parts[-2:] == ("tail", "tail")


def test_both_ways_read_the_same_weights() -> None:
    made = network(1, blocks=5)
    tables = Schedule(made, BUILD).tables
    plain = Schedule(replace(made, dispatch=None, blocks=high_only(made)), BUILD).tables
    # Two descriptors of a tap, and two fusions of two.
    assert len(tables.low) == len(plain.low) + 2 * 1 + 2 * 2


def high_only(made: Network) -> tuple[Any, ...]:
    """The blocks without their low precision."""

    def high(mixed: Any) -> Any:
        return replace(mixed, chains={8: mixed.chains[8]})

    return tuple(replace(b, first=high(b.first), second=high(b.second)) for b in made.blocks)


def test_layers_that_choose_have_a_pass_for_each_precision() -> None:
    made = network(1, dispatched=False, selects=True)
    schedule = Schedule(made, BUILD)
    assert schedule.choices == 3
    select = [n for n, each in enumerate(schedule.passes) if each.engine == Engine.SELECT]
    assert len(select) == 6
    for n in select:
        before, *own = (schedule.passes[k] for k in range(n - 1, n + 4))
        # Whichever ran before, what it wrote is seen, at all three precisions.
        assert before.collect
        assert [high for _, _, high in before.others] == [31, 7]
        assert before.high_codes == 127
        assert [each.bits for each in own[1:]] == [8, 6, 4]
        assert [each.skip for each in own[1:]] == [2, 1, 0]
        assert [each.variant for each in own[1:]] == [0, 1, 2]
        assert len({each.weights for each in own[1:]}) == 1
    assert not schedule.passes[-1].collect
    assert schedule.parts.count("body") == 4 * 6
    # Scores of the highest precision first, a word of biases before the weights.
    selector = made.blocks[0].first.selector
    assert selector is not None
    first = schedule.passes[select[0]].scores
    bits, word = schedule.tables.score_bits, schedule.tables.scores[first]
    assert [n % (1 << bits) for n in selector.bias.tolist()[::-1]] == [
        word >> k * bits & ((1 << bits) - 1) for k in range(3)
    ]
    assert Schedule(network(1), BUILD).choices == 1


def test_queries_choose_for_their_first_block_alone() -> None:
    schedule = Schedule(network(1, blocks=5, selects=True), BUILD)
    engines = [each.engine for each in schedule.passes]
    assert engines[: schedule.query].count(Engine.SELECT) == 10
    assert engines[schedule.query :].count(Engine.SELECT) == 2
    assert body(schedule.passes[schedule.query :]) == [8, 6, 4, 8, 6, 4, 4, 4, 4, 4]


def selecting(change: Any) -> Network:
    """A network whose first layer is another."""
    made = network(1, dispatched=False, selects=True)
    first, *others = made.blocks
    return replace(made, blocks=(replace(first, first=change(first.first)), *others))


def fewer(mixed: Any) -> Any:
    chosen = mixed.selector
    return replace(
        mixed, selector=BitSelector(chosen.bits[:2], chosen.weights[:2], chosen.bias[:2])
    )


def longer(mixed: Any) -> Any:
    chains = {
        bits: Chain(chain.name, chain.inputs, chain.layers * 2)
        for bits, chain in mixed.chains.items()
    }
    return replace(mixed, chains=chains)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda mixed: replace(mixed, selector=None),
            "block 0: precision must be prescribed or chosen by a selector for the tile processor",
        ),
        (fewer, "layers must choose among one number of precisions .*, not 2 and 3"),
        (longer, "block 0: a layer that chooses its precision must be one convolution, not 2"),
    ],
)
def test_choices_that_it_does_not_make_are_refused(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(selecting(change), BUILD)


def tail(made: Network, number: int, layer: Any) -> Network:
    layers = list(made.tail.layers)
    layers[number] = layer
    return replace(made, tail=Chain("tail", made.tail.inputs, tuple(layers)))


def test_layers_that_it_does_not_run_are_refused() -> None:
    made = network(1, dispatched=False)
    given = made.tail.layers
    assert isinstance(given[2], Requantise)
    assert isinstance(given[3], Residual)
    with pytest.raises(ValueError, match="tail: requantise must have no bias, no even_divisor"):
        Schedule(tail(made, 2, replace(given[2], bias=1)), BUILD)
    with pytest.raises(ValueError, match="tail: residual must have gain 1"):
        Schedule(tail(made, 3, replace(given[3], gain=2)), BUILD)
    with pytest.raises(ValueError, match=r"residual must add the picture, upsampled bilinearly"):
        Schedule(tail(made, 7, replace(given[7], upsample="nearest")), BUILD)
    doubled = (*given[:3], given[2], *given[3:])
    with pytest.raises(ValueError, match=r"tail: layers must be \[requantise,\] quantised_conv"):
        Schedule(replace(made, tail=Chain("tail", made.tail.inputs, doubled)), BUILD)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lanes", 257, "lanes must be in 0..256, not 257"),
        ("max_width", 0, "max_width must be in 1..256, not 0"),
        ("references", 65, "references must be in 1..64, not 65"),
        ("target", "ecp5", "target must be a Target, not 'ecp5'"),
    ],
)
def test_builds_that_cannot_be_are_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        TileBuild(**{field: value})
