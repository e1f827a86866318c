"""Which form each layer takes: the least predicted logic that the target's multipliers allow.

Every layer starts with the form that needs no multiplier; then those that save the most logic for
a multiplier get theirs, as long as there are any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from lutscale.golden.layers import Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.golden.value import ValueType
from lutscale.hw.arithmetic import shifts_do
from lutscale.hw.folding import fold
from lutscale.hw.forms import FORMS
from lutscale.hw.forms.banks import Banks
from lutscale.hw.forms.cost import Cost, adder, lanes_cost, lanes_costs, planes_cost
from lutscale.hw.forms.operand import operand
from lutscale.hw.forms.planes import PlanePlan, plans, refusal
from lutscale.hw.targets import Target

__all__ = ["Choice", "choose", "tap_choices"]

# A multiplier is used where it saves so much logic: multipliers stand in columns, and the way there
# is long.
_LEAST_SAVED = 100
# Where the logic would take more than such a share of the device, also where it saves less.
_ROOM = 0.5


@dataclass(frozen=True)
class Choice:
    """What one layer becomes.

    Attributes:
        layer: number in the program.
        form: one of `FORMS`, or "direct" or "requantise".
        dsp: whether its products are multiplier blocks.
        plan: of "planes".
        cost: predicted.
        why: in a few words.
    """

    layer: int
    form: str
    dsp: bool
    plan: PlanePlan | None
    cost: Cost
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For a plan in JSON."""
        return {
            "layer": self.layer,
            "form": self.form,
            "why": self.why,
            "comb": self.cost.comb,
            "dsp": self.cost.dsp,
            **({"planes": asdict(self.plan)} if self.plan else {}),
        }


def tap_choices(
    layer: TapTables, number: int, *, clocks_per_pixel: int, target: Target, result: ValueType
) -> list[Choice]:
    """Every form that a layer of tap tables can take, the best plan of each."""
    # Programs of the explorer have layers in common, whose costs are computed once.
    found = _tap_forms(layer, clocks_per_pixel, target, result.bits)
    return [Choice(number, *form) for form in found]


@lru_cache(maxsize=1024)
def _tap_forms(
    layer: TapTables, clocks_per_pixel: int, target: Target, result_bits: int
) -> list[tuple[str, bool, PlanePlan | None, Cost]]:
    banks = Banks(layer, number=0, clocks_per_pixel=clocks_per_pixel, target=target)
    if layer.quantiser is None:
        return [("direct", False, None, lanes_cost(layer, banks, dsp=False))]
    blocks = [True, False] if target.multiplier[0] else [False]
    costs = lanes_costs(layer, banks)
    found: list[tuple[str, bool, PlanePlan | None, Cost]] = [
        ("lanes", d, None, costs[d]) for d in blocks
    ]
    if refusal(layer, clocks_per_pixel) is None:
        priced = [
            (planes_cost(layer, plan, result_bits), plan) for plan in plans(layer, clocks_per_pixel)
        ]
        if priced:
            cost, plan = min(priced, key=lambda pair: pair[0].comb)
            found.append(("planes", False, plan, cost))
    return found


def _requantise_choices(
    layer: Requantise, number: int, *, clocks_per_pixel: int, target: Target, given: ValueType
) -> list[Choice]:
    """A multiplier block a unit, two where its operand is wide, or rows of additions."""
    units, _ = fold(given.channels, clocks_per_pixel)
    rows = -(-int(layer.multiplier.max()).bit_length() // 2)
    row = 2 * (given.bits + 1) + 2 * adder(given.bits + 3)
    choices = [Choice(number, "requantise", False, None, Cost(units * rows * row))]
    if target.multiplier[0]:
        each = operand(layer, given.bits, given.signed, dsp=True).multipliers
        choices.append(Choice(number, "requantise", True, None, Cost(0, units * each)))
    return choices


@lru_cache(maxsize=64)
def choose(
    program: Program,
    *,
    clocks_per_pixel: int,
    target: Target,
    form: str | None = None,
) -> Mapping[int, Choice]:
    """The choice for every layer of tables and every requantise, by number.

    Remembered, since reports plan a program for one line width after the other.

    Args:
        form: one of `FORMS`, forced on every layer of interpolated tables.

    Raises:
        ValueError: a layer cannot take ``form``; the text names the layer and what it can.
    """
    if form is not None and form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    options: dict[int, list[Choice]] = {}
    for k, layer in enumerate(program.layers):
        given, made = program.types[k], program.types[k + 1]
        clocks = max(clocks_per_pixel // given.scale**2, 1)
        if isinstance(layer, TapTables):
            own = tap_choices(layer, k, clocks_per_pixel=clocks, target=target, result=made)
            options[k] = _forced(own, form, layer, clocks)
        elif isinstance(layer, Requantise) and not shifts_do(layer.multiplier):
            options[k] = _requantise_choices(
                layer, k, clocks_per_pixel=clocks, target=target, given=given
            )
    return _share_out(options, target)


def _forced(
    choices: Sequence[Choice], form: str | None, layer: TapTables, clocks_per_pixel: int
) -> list[Choice]:
    """Those of ``form``; direct tables have only one."""
    if form is None or choices[0].form == "direct":
        return list(choices)
    fitting = [choice for choice in choices if choice.form == form]
    if not fitting:
        why = refusal(layer, clocks_per_pixel) or "planes needs shorter weights or more clocks"
        possible = ", ".join(dict.fromkeys(choice.form for choice in choices))
        raise ValueError(
            f"form must be one that layer {choices[0].layer} can take ({possible}: {why}), not "
            f"{form!r}"
        )
    return fitting


def _share_out(options: Mapping[int, Sequence[Choice]], target: Target) -> dict[int, Choice]:
    """Multipliers to where they save the most logic each."""
    device = target.device
    chosen = _upgraded(options, device.multipliers if device else 1 << 30, _LEAST_SAVED)
    if device and sum(choice.cost.comb for choice in chosen.values()) > _ROOM * device.luts:
        chosen = _upgraded(options, device.multipliers, 0)
    return {k: _explained(choice, options[k]) for k, choice in chosen.items()}


def _upgraded(
    options: Mapping[int, Sequence[Choice]], multipliers: int, least: float
) -> dict[int, Choice]:
    """The least logic with so many multipliers, each of which saves more than ``least``."""
    chosen = {
        k: min(choices, key=lambda choice: (choice.cost.dsp, choice.cost.comb))
        for k, choices in options.items()
    }
    spare = multipliers - sum(choice.cost.dsp for choice in chosen.values())
    upgrades = [
        ((chosen[k].cost.comb - choice.cost.comb) / choice.cost.dsp, k, choice)
        for k, choices in options.items()
        for choice in choices
        if choice.cost.dsp
    ]
    for saving, k, choice in sorted(upgrades, key=lambda entry: (-entry[0], entry[1])):
        if saving > least and choice.cost.dsp <= spare:
            spare -= choice.cost.dsp
            chosen[k] = choice
    return chosen


def _explained(choice: Choice, choices: Sequence[Choice]) -> Choice:
    others = [f"{_name(other)} {_price(other)}" for other in choices if other != choice]
    why = "the only one" if not others else f"{_price(choice)}; " + ", ".join(others)
    return Choice(**{**vars(choice), "why": why})


def _name(choice: Choice) -> str:
    return choice.form + (" with multipliers" if choice.dsp else "")


def _price(choice: Choice) -> str:
    blocks = f" and {choice.cost.dsp} multipliers" if choice.cost.dsp else ""
    return f"{choice.cost.comb} COMB{blocks}"
