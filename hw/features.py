"""What each component's logic and registers grow with, by kind of component.

A feature is counted in lookup tables (COMB) or flip-flops as the component's structure suggests,
so that a factor of 1 would be right if synthesis shared and dropped nothing. `hw.estimates` has
the factors, fitted to netlists.

Components are known here by the names of their classes, and asked only for what they say of
themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lutscale.hw.colour.features import colour_features
from lutscale.hw.forms.choose import Choice
from lutscale.hw.forms.cost import adder, multiplexer, table
from lutscale.hw.memory import MemoryUse
from lutscale.hw.plan import Plan
from lutscale.hw.slots import MARKS, Track

__all__ = ["TOP", "Features", "features"]

Features = dict[str, dict[str, float]]
"""``comb`` and ``ff``: the features of each, by name."""

TOP = "top"
"""The kind of what lies in no component."""


def features(plan: Plan) -> list[tuple[str, str, Features]]:
    """Name in the netlist, kind and features of every component, and of the top at the end."""
    components = plan.build.pixel_bits // 8
    found = [
        ("source", "VideoIn", _video_in(plan.source)),
        *(
            (
                f"stage{k}_{type(stage).__name__.lower()}",
                *_of_stage(stage, _choice(plan, stage)),
            )
            for k, stage in enumerate(plan.stages)
        ),
        ("shuffle", "LastShuffle", _line_order(plan.shuffle.order)),
        (
            "sink",
            "VideoOut",
            _both(beat=9 * plan.build.pixels_per_beat * components),
        ),
        *(colour_features(plan.colour) if plan.colour else []),
    ]
    return [*found, (TOP, TOP, _both(one=1, stages=len(plan.stages)))]


def _choice(plan: Plan, stage: Any) -> Choice | None:
    """Of the layer whose tables a stage holds."""
    layers = [use.layer for use in stage.memories if use.purpose == "table"]
    return plan.choices.get(layers[0]) if layers else None


def _of_stage(stage: Any, choice: Choice | None) -> tuple[str, Features]:
    """Kind and features of a stage; tables are of a kind for each form."""
    name = type(stage).__name__
    if choice is not None and name in ("TapTablesStage", "PlanesStage"):
        name = choice.form + (" with multipliers" if choice.dsp else "")
        return name, _tap_tables(stage, choice)
    return name, _KINDS.get(name, _plain)(stage)


def _both(**counts: float) -> Features:
    return {"comb": dict(counts), "ff": dict(counts)}


def _bits(tracks: Iterable[Track]) -> int:
    return sum(track.width for track in tracks)


def _made(stage: Any) -> int:
    """Bits of the output tracks that are not passed on."""
    given = set(stage.inputs)
    return _bits(track for track in stage.outputs if track not in given)


def _carried(stage: Any) -> int:
    """Registers of what a folded or pointwise stage passes on, marks and their like included."""
    given = set(stage.inputs)
    kept = len(MARKS) + _bits(track for track in stage.outputs if track in given)
    steps = getattr(stage, "steps", 1)
    return kept * (-(-stage.depth // steps) + int(steps > 1)) + 3 * stage.depth


def _logic_roms(uses: Iterable[MemoryUse]) -> int:
    """Lookup tables of ROMs that are logic."""
    small = (use for use in uses if use.rom and use.style == "logic")
    return sum(use.width * table((use.depth - 1).bit_length()) for use in small)


def _logic_rams(uses: Iterable[MemoryUse]) -> int:
    """Places of lookup tables that are RAM."""
    small = (use for use in uses if not use.rom and use.style == "logic")
    return sum(4 * -(-use.width // 4) * -(-use.depth // 16) for use in small)


def _in_block(use: MemoryUse) -> bool:
    """Whether the register behind a memory becomes the output register of its block."""
    return use.style == "block"


def _plain(stage: Any) -> Features:
    """A stage of which nothing more is known: it passes on and makes."""
    made, depth = _made(stage), getattr(stage, "depth", 0)
    return {
        "comb": {"made": made * min(depth, 1)},
        "ff": {"made": made * depth, "carried": _carried(stage) if depth else 0},
    }


def _video_in(source: Any) -> Features:
    counters = source.max_width.bit_length() + source.max_height.bit_length()
    patience = source.patience.bit_length()
    return _both(one=1, counters=counters, patience=patience)


def _line_order(order: Any) -> Features:
    uses = order.memories
    addresses = sum((use.depth - 1).bit_length() for use in uses)
    words = sum(use.width for use in uses)
    kept = sum(use.width for use in uses if not _in_block(use))
    beat = order.pixels_per_beat * order.pixel_bits
    return {
        "comb": {
            "one": 1,
            "addresses": 3 * addresses,
            "words": words,
            "gearbox": beat * order.pixels_per_beat * order.scale,
            "rams": _logic_rams(uses),
        },
        "ff": {"one": 1, "addresses": 3 * addresses, "words": kept, "beat": beat},
    }


def _line_buffer(stage: Any) -> Features:
    use = stage.ram.use
    address = (use.depth - 1).bit_length()
    return {
        "comb": {
            "one": 1,
            "address": 2 * adder(address),
            "out": _bits(stage.outputs),
            "rams": _logic_rams(stage.memories),
        },
        "ff": {
            "one": 1,
            "address": 2 * address,
            "in": _bits(stage.inputs),
            # A word that is written again at once, and the one read, unless a block keeps it.
            "stored": use.width
            * (int(not stage.cuts_ready) + int(stage.landed and not _in_block(use))),
            "out": _bits(stage.outputs),
        },
    }


def _columns(stage: Any) -> Features:
    return {
        "comb": {"one": 1, "out": _bits(stage.outputs)},
        "ff": {"one": 1, "chains": sum(stage.track(n).width * k for n, k in stage.kept.items())},
    }


def _register_slice(stage: Any) -> Features:
    given = _bits(stage.inputs)
    return {"comb": {"one": 1, "in": given}, "ff": {"one": 1, "in": 2 * given}}


def _quantiser(stage: Any) -> Features:
    units = len(stage.tables)
    size = stage.track(stage.name).bits
    word = stage.tables[0].use.width
    return {
        "comb": {
            "one": 1,
            "choices": units * size * multiplexer(stage.steps),
            "roms": _logic_roms(stage.memories),
        },
        "ff": {
            "one": 1,
            "words": units * (size + word),
            "held": stage.codes * word - units * word,
            "made": _made(stage),
            "carried": _carried(stage),
        },
    }


def _tap_tables(stage: Any, choice: Choice) -> Features:
    cost, made = choice.cost.comb, _made(stage)
    found: Features = {
        "comb": {"one": 1, "cost": cost, "made": made},
        "ff": {"one": 1, "cost": cost, "made": made, "carried": _carried(stage)},
    }
    if choice.plan is not None:
        plan, word = choice.plan, stage.track(stage.window)
        index = word.bits - stage.layer.quantiser.fraction_bits + plan.digit_bits
        del found["ff"]["cost"]
        found["ff"]["registers"] = choice.cost.registers
        found["ff"]["indices"] = plan.slots * (word.bits + 2 * index)
        return found
    layer, banks = stage.layer, stage.banks
    lanes = sum(1 for _ in banks.all) * layer.outputs
    found["ff"]["entries"] = lanes * layer.entry_bits
    found["ff"]["products"] = lanes * layer.fraction_bits
    return found


def _pattern_tables(stage: Any) -> Features:
    outputs = stage.layer.scale**2
    pixels = turned = products = words = addresses = entries = 0
    for unit in stage.units:
        pattern, reads = unit.pattern, len(unit.reads)
        turns = len({turn for turn, _ in unit.reads})
        code = len(pattern.offsets) * (pattern.code_bits + pattern.fraction_bits)
        pixels += code * multiplexer(turns)
        turned += unit.rom.use.width * multiplexer(turns)
        products += outputs * pattern.entry_bits * pattern.fraction_bits
        words += 0 if _in_block(unit.rom.use) else unit.rom.use.width
        addresses += (unit.rom.use.depth - 1).bit_length() + code
        entries += outputs * (pattern.entry_bits + pattern.fraction_bits + reads.bit_length())
    return {
        "comb": {
            "one": 1,
            "pixels": pixels,
            "turned": turned,
            "products": products,
            "sums": entries,
            "addresses": addresses,
            "roms": _logic_roms(stage.memories),
        },
        "ff": {
            "one": 1,
            "addresses": addresses,
            "words": words,
            "entries": entries,
            "made": _made(stage),
            "carried": _carried(stage),
        },
    }


def _channelwise(stage: Any) -> Features:
    given = stage.track(stage.given)
    comb: dict[str, float] = {
        "one": 1,
        "operands": stage.units * given.bits * multiplexer(stage.steps),
        "given": stage.units * given.bits,
        "made": stage.units * stage.result.bits,
    }
    ff: dict[str, float] = {
        "one": 1,
        "given": stage.units * given.bits * _picked(stage),
        "copied": _bits(stage.inputs) if stage.steps > 1 else 0,
        "made": _made(stage) * (2 if stage.steps > 1 else 1),
        "carried": _carried(stage),
    }
    for op in stage.ops:
        for kind, counts in _op(stage, op, given).items():
            target = comb if kind == "comb" else ff
            for name, count in counts.items():
                target[name] = target.get(name, 0) + count
    return {"comb": comb, "ff": ff}


def _picked(stage: Any) -> int:
    """Registers for each bit that a step picks."""
    return 1 if stage.pick_registers == 1 else 1 + -(-stage.steps // 4)


def _op(stage: Any, op: Any, given: Track) -> Features:
    """A layer in a channelwise stage."""
    multiplier = getattr(op.layer, "multiplier", None)
    if multiplier is not None:
        bits = int(multiplier.max()).bit_length()
        rows = 0 if op.dsp else -(-bits // 2) * stage.units
        # Those of a multiplier are its own.
        product = 0 if op.dsp else stage.units * (given.bits + bits)
        return {
            "comb": {"rows": rows * (2 * (given.bits + 1) + adder(given.bits + 3))},
            "ff": {"product": product},
        }
    source = op.source
    between = 6 if source.rows > 1 else 1
    held = _picked(stage) if op.picks else between
    return {
        "comb": {"source": stage.units * (source.bits + 2) * between},
        "ff": {"source": stage.units * (source.bits + 2) * held},
    }


_KINDS: Mapping[str, Callable[[Any], Features]] = {
    "LineBuffer": _line_buffer,
    "Columns": _columns,
    "RegisterSlice": _register_slice,
    "QuantiserStage": _quantiser,
    "PatternTablesStage": _pattern_tables,
    "Channelwise": _channelwise,
    "InnerShuffleStage": lambda stage: _line_order(stage.order),
}
