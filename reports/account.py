"""The account of memory: every bit of a program and of the pipeline built from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lutscale.golden.origin import origin
from lutscale.golden.program import Program
from lutscale.golden.validate import require_int
from lutscale.hw.build import MAX_SIDE, Build
from lutscale.hw.memory import PURPOSES, MemoryUse
from lutscale.hw.plan import Plan
from lutscale.hw.targets import BlockMemory, Target
from lutscale.reports.layer_account import ROM_PURPOSES, layer_rows, stored_rows

__all__ = ["BUDGET_BITS", "account"]

BUDGET_BITS = 100 * 1024 * 8
"""The budget for everything on-chip: 100 KB = 102,400 bytes = 819,200 bits."""

_ORIGINS = {
    "tables": "counted in the program file, each table and quantiser ROM once",
    "work": "counted in the program file, for each LR pixel",
    "layers": "counted in the program file",
    "constants_in_logic": "counted in the program file: wired numbers, 16 bits a multiplier",
    "line_widths.*.memories": "declared by the pipeline's components as they instantiate them",
    "line_widths.*.stored": "sums of the declared memories, by part and copy that they declare",
    "line_widths.*.purposes": "sums of the declared memories",
    "line_widths.*.stages": "sums of the declared memories",
    "line_widths.*.layers": "sums of the declared memories",
    "line_widths.*.on_chip": "sum of the declared memories",
    "line_widths.*.blocks": "computed from the declared memories and the legal shapes",
    "budget": "fixed by the design",
}


def account(program: Program, build: Build, line_widths: Sequence[int] = ()) -> dict[str, Any]:
    """Count the memory of a program and of the pipeline built from it.

    Args:
        program: what is built.
        build: for what speed, frames and target.
        line_widths: account for these longest lines, 1..16384, instead of the build's own.

    Returns:
        a tree of JSON types with stable keys; sizes in bits unless a key ends in "bytes";
        "line_widths" has one entry per line width, in the order given, and "origins" says
        where each part comes from. Margins are positive where the budget is kept.

    Raises:
        TypeError, ValueError: "X must be ..., not ...", also when the pipeline cannot be built.
    """
    layers = layer_rows(program, build)
    entries = []
    for width in dict.fromkeys(line_widths) or (build.max_width,):
        require_int("line_width", width, 1, MAX_SIDE)
        plan = Plan(program, replace(build, max_width=width))
        entries.append(_physical(plan, layers))
    tables = program.table_bits + program.quantiser_bits
    return {
        "format": "lutscale-memory",
        "version": 2,
        "origin": origin(program),
        "program": {"name": program.name, "scale": program.scale},
        "clocks_per_pixel": build.clocks_per_pixel,
        "pixels_per_beat": build.pixels_per_beat,
        "colour": None if build.colour is None else build.colour.format,
        "target": _target(build.target),
        "budget": {"bits": BUDGET_BITS, "bytes": BUDGET_BITS // 8},
        "tables": {
            "table_bits": program.table_bits,
            "quantiser_bits": program.quantiser_bits,
            "bits": tables,
            "bytes": program.table_bytes,
        },
        "work": {"reads": program.reads, "functions": program.functions},
        "constants_in_logic": {"bits": sum(layer["constant_bits"] for layer in layers)},
        "layers": layers,
        "line_widths": entries,
        "origins": dict(_ORIGINS),
    }


def _physical(plan: Plan, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Everything that depends on the line width: buffers, and where codes are quantised."""
    program, block = plan.program, plan.build.target.block
    groups, stored = _groups(plan.memories, block), stored_rows(program, plan.memories)
    total = _sum(groups)
    bits = total["bits"]
    margin = BUDGET_BITS - bits
    rom_bits = sum(g["bits"] for g in groups if g["purpose"] in ROM_PURPOSES)
    surplus = rom_bits - program.table_bits - program.quantiser_bits
    copies = {f"{purpose}_copy_bits": _copy_bits(stored, purpose) for purpose in ROM_PURPOSES}
    by_layer: dict[int, list[dict[str, Any]]] = {}
    for group in groups:
        by_layer.setdefault(group["layer"], []).append(group)
    rows = [
        {
            "layer": number,
            "kind": program.layers[number].kind if number >= 0 else "pipeline",
            "scale": layers[number]["scale"] if number >= 0 else 1,
            **{p: sum(g["bits"] for g in own if g["purpose"] == p) for p in PURPOSES},
            "table_copy_bits": _copy_bits(stored, "table", number),
            **_sum(own),
        }
        for number, own in sorted(by_layer.items())
    ]
    return {
        "line_width": plan.build.max_width,
        "purposes": {p: _sum(g for g in groups if g["purpose"] == p) for p in PURPOSES},
        "stages": _stages(rows, plan),
        "layers": rows,
        "stored": stored,
        "memories": groups,
        "on_chip": {
            "bits": bits,
            "bytes": -(-bits // 8),
            "rom_copies_and_padding_bits": surplus,
            **copies,
            "rom_padding_bits": surplus - sum(copies.values()),
        },
        "blocks": {
            "count": total["blocks"],
            "stored_bits": total["block_stored_bits"],
            "utilisation": _share(total["block_stored_bits"], total["block_bits"]),
            "area_um2": total["block_area_um2"],
        },
        "logic_rom_bits": total["logic_rom_bits"],
        "logic_ram_bits": total["logic_ram_bits"],
        "verdict": {
            "result": "fits" if margin >= 0 else "over",
            "margin_bits": margin,
            "margin_bytes": BUDGET_BITS // 8 - -(-bits // 8),
        },
    }


def _copy_bits(stored: Iterable[Mapping[str, Any]], purpose: str, layer: int | None = None) -> int:
    """Bits of a purpose that are stored again, in all layers or in one."""
    rows = (row for row in stored if row["purpose"] == purpose)
    return sum(row["copy_bits"] for row in rows if layer in (None, row["layer"]))


def _stages(rows: Sequence[Mapping[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    """The layers of each scale together: a pixel shuffle makes lines longer and clocks fewer."""
    names = [*PURPOSES, "table_copy_bits", "bits", "blocks"]
    return [
        {
            "scale": scale,
            "line_width": plan.build.max_width * scale,
            "clocks_per_pixel": plan.build.clocks_per_pixel // scale**2,
            **{name: sum(row[name] for row in rows if row["scale"] == scale) for name in names},
        }
        for scale in sorted({row["scale"] for row in rows})
    ]


def _groups(uses: Iterable[MemoryUse], block: BlockMemory) -> list[dict[str, Any]]:
    """Equal memories of a part counted together, in a fixed order, with the blocks they need."""
    order = {purpose: k for k, purpose in enumerate(PURPOSES)}
    counts = Counter((u.layer, u.purpose, u.part, u.depth, u.width, u.style, u.rom) for u in uses)
    groups = []
    for key in sorted(counts, key=lambda k: (k[0], order[k[1]], *k[2:])):
        layer, purpose, part, depth, width, style, rom = key
        count = counts[key]
        blocks, shape = block.needed(depth, width) if style == "block" else (0, None)
        groups.append(
            {
                "layer": layer,
                "purpose": purpose,
                "part": part,
                "count": count,
                "depth": depth,
                "width": width,
                "bits": count * depth * width,
                "style": style,
                "rom": rom,
                "block_shape": None if shape is None else list(shape),
                "blocks": count * blocks,
                "block_bits": count * blocks * block.capacity(shape) if shape else 0,
                "block_area_um2": count * blocks * block.area(shape) if shape else 0,
            }
        )
    return groups


def _sum(groups: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sums of some groups of memories."""
    added = ("bits", "blocks", "block_bits", "block_area_um2")
    sums = dict.fromkeys((*added, "block_stored_bits", "logic_rom_bits", "logic_ram_bits"), 0)
    for group in groups:
        for name in added:
            sums[name] += group[name]
        if group["style"] == "block":
            sums["block_stored_bits"] += group["bits"]
        else:
            sums["logic_rom_bits" if group["rom"] else "logic_ram_bits"] += group["bits"]
    return sums


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _target(target: Target) -> dict[str, Any]:
    """What the counted blocks are, and how many a device has; None for a family."""
    block, device = target.block, target.device
    return {
        "name": target.name,
        "block": block.name,
        "block_bits": block.bits,
        "part": device and device.part,
        "blocks": device and device.blocks,
    }
