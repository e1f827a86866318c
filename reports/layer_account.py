"""The account's rows for the layers of a program: scale, work, tables, copies of tables.

A table is stored more than once where the fold has too few clocks to read it often enough, and
where layers share it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lutscale.golden.layers import (
    Ensemble,
    Layer,
    PatternTables,
    PixelShuffle,
    Requantise,
    Residual,
    Split,
    TapTables,
)
from lutscale.golden.program import Program
from lutscale.hw.layers.pattern_tables import PatternTablesStage
from lutscale.hw.layers.tap_tables import TapTablesStage
from lutscale.hw.plan import Plan

__all__ = ["layer_rows", "memory_parts"]

_MULTIPLIER_BITS = 16


def layer_rows(program: Program, plan: Plan) -> list[dict[str, Any]]:
    """What the program file says of each layer, and what the pipeline stores beyond that.

    A layer that shares an earlier one's tables has none of its own: all it stores are copies.
    """
    types = program.types
    copies = _table_copies(plan)
    quantisers = Counter(use.layer for use in plan.memories if use.purpose == "quantiser")
    rows = []
    for k, layer in enumerate(program.layers):
        scale, own = types[k].scale, k not in program.shared
        counts = copies.get(k, [0])
        if isinstance(layer, PatternTables):
            patterns = _patterns(layer, scale, counts, own=own)
            table_copy_bits = sum(pattern["table_copy_bits"] for pattern in patterns)
        else:
            patterns = []
            table_copy_bits = _surplus(layer.table_bits, counts[0], own=own)
        rows.append(
            {
                "layer": k,
                "kind": layer.kind,
                "shape": _shape_text(layer, types[k].channels, types[k + 1].channels),
                "scale": scale,
                "clocks_per_pixel": plan.build.clocks_per_pixel // scale**2,
                "rotations": getattr(layer, "rotations", 1),
                "groups": layer.groups if isinstance(layer, TapTables) else 1,
                "reads": layer.reads * scale**2,
                "functions": layer.functions * scale**2,
                "tables_of": program.shared.get(k),
                "table_bits": layer.table_bits * own,
                "table_copies": max(counts),
                "table_copy_bits": table_copy_bits,
                "quantiser_bits": layer.quantiser_bits * own,
                "quantiser_copies": quantisers[k],
                "quantiser_copy_bits": _surplus(layer.quantiser_bits, quantisers[k], own=own),
                "constant_bits": (
                    _MULTIPLIER_BITS * len(layer.multiplier) if isinstance(layer, Requantise) else 0
                ),
                "patterns": patterns,
            }
        )
    return rows


def _surplus(bits: int, copies: int, *, own: bool) -> int:
    """Bits stored beyond those of the layer's own tables."""
    return max(copies - own, 0) * bits


def _patterns(
    layer: PatternTables, scale: int, copies: Sequence[int], *, own: bool
) -> list[dict[str, Any]]:
    """A row for each table of a layer of patterns."""
    return [
        {
            "pattern": number,
            "offsets": [list(offset) for offset in pattern.offsets],
            "code_bits": pattern.code_bits,
            "fraction_bits": pattern.fraction_bits,
            "shift": pattern.shift,
            "gain": pattern.gain,
            "border": pattern.border,
            "words": pattern.words.shape[0],
            "word_bits": pattern.words.shape[1] * pattern.entry_bits,
            "reads": replace(layer, patterns=(pattern,)).reads * scale**2,
            "table_bits": pattern.bits * own,
            "table_copies": copies[number],
            "table_copy_bits": _surplus(pattern.bits, copies[number], own=own),
        }
        for number, pattern in enumerate(layer.patterns)
    ]


def _table_copies(plan: Plan) -> dict[int, list[int]]:
    """By layer, how often each pattern's table is stored, or all tables of taps."""
    copies: dict[int, list[int]] = {}
    for stage in plan.stages:
        if isinstance(stage, PatternTablesStage):
            units = Counter(unit.place for unit in stage.units)
            counts = [units[k] for k in range(len(stage.layer.patterns))]
        elif isinstance(stage, TapTablesStage):
            counts = [stage.copies]
        else:
            continue
        copies[stage.memories[0].layer] = counts
    return copies


def memory_parts(plan: Plan) -> dict[str, str]:
    """By name of a memory, which part of its layer it is, where a layer has several tables."""
    return {
        unit.rom.use.name: f"pattern {unit.place}"
        for stage in plan.stages
        if isinstance(stage, PatternTablesStage)
        for unit in stage.units
    }


def _shape_text(layer: Layer, inputs: int, outputs: int) -> str:
    """A layer in a few words; any kind unknown here gets its channels."""
    if isinstance(layer, TapTables):
        kh, kw = layer.kernel
        levels = layer.entries.shape[3]
        read = f"{levels} {'entries' if layer.quantiser is None else 'nodes'}"
        if layer.code_ranges is not None:
            read = f"up to {read}"
        more = [f"{layer.groups} groups"] if layer.groups > 1 else []
        more += [f"{layer.rotations} rotations"] if layer.rotations > 1 else []
        text = f"{inputs}→{outputs}, {kh}x{kw}, {read} of {layer.entry_bits} bits"
        return ", ".join([text, *more])
    if isinstance(layer, PatternTables):
        count = len(layer.patterns)
        text = f"{inputs}→{outputs}, {count} pattern{'s' * (count > 1)}"
        return text + (f", {layer.rotations} rotations" if layer.rotations > 1 else "")
    if isinstance(layer, Split):
        return f"{inputs}→{outputs}, the low {layer.low_bits} bits apart"
    if isinstance(layer, Ensemble):
        branches = f"{layer.branches} branch{'es' * (layer.branches > 1)}"
        return f"{inputs}→{outputs}, adds {branches} of {layer.rotations} rotations"
    if isinstance(layer, Requantise):
        return f"{outputs} channels to {layer.lo}..{layer.hi}"
    if isinstance(layer, Residual):
        source = "frame" if layer.source == 0 else f"output of layer {layer.source - 1}"
        return f"adds {source}" + (f", {layer.upsample}" if layer.upsample != "none" else "")
    if isinstance(layer, PixelShuffle):
        return f"x{layer.scale}"
    return f"{inputs}→{outputs} channels"
