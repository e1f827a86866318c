"""The account's rows for the layers of a program, and for the tables that a plan stores for them.

Nothing here knows a kind of layer: a layer says what it needs (`golden.layers.Layer`), a memory
says whose it is (`hw.memory.MemoryUse`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.memory import MemoryUse

__all__ = ["ROM_PURPOSES", "layer_rows", "stored_rows"]

ROM_PURPOSES = ("table", "quantiser")
"""Purposes of memories whose contents are in the program file."""


def layer_rows(program: Program, build: Build) -> list[dict[str, Any]]:
    """What the program file says of each layer; work and parts for each LR pixel.

    A layer that shares an earlier one's tables or quantiser has none of its own.
    """
    types = program.types
    rows = []
    for k, layer in enumerate(program.layers):
        area = types[k].scale ** 2
        owned = {purpose: _owned(program, k, purpose) for purpose in ROM_PURPOSES}
        rows.append(
            {
                "layer": k,
                "kind": layer.kind,
                "shape": layer.summary(types[k], types[k + 1]),
                "scale": types[k].scale,
                "clocks_per_pixel": build.clocks_per_pixel // area,
                "reads": layer.reads * area,
                "functions": layer.functions * area,
                "tables_of": program.shared.get(k),
                "quantiser_of": program.shared.get(k, program.quantisers.get(k)),
                "table_bits": layer.table_bits * owned["table"],
                "quantiser_bits": layer.quantiser_bits * owned["quantiser"],
                "constant_bits": layer.constant_bits,
                "parts": [
                    {
                        "part": part.name,
                        "summary": part.summary,
                        "words": part.words,
                        "word_bits": part.word_bits,
                        "reads": part.reads * area,
                        "table_bits": part.bits * owned["table"],
                    }
                    for part in layer.parts
                ],
            }
        )
    return rows


def stored_rows(program: Program, memories: Iterable[MemoryUse]) -> list[dict[str, Any]]:
    """How often a plan stores the tables and quantiser ROMs of each layer, part by part.

    More than once where the fold has too few clocks to read them often enough, and where layers
    share them: then all that stands for the later layer are copies.
    """
    found: dict[tuple[int, str, str], list[MemoryUse]] = {}
    for use in memories:
        if use.purpose in ROM_PURPOSES:
            found.setdefault((use.layer, use.purpose, use.part), []).append(use)
    rows = []
    for (layer, purpose, part), uses in sorted(found.items(), key=_order):
        own = _owned(program, layer, purpose)
        rows.append(
            {
                "layer": layer,
                "purpose": purpose,
                "part": part,
                "copies": len({use.copy for use in uses}),
                "bits": sum(use.bits for use in uses),
                "copy_bits": sum(use.bits for use in uses if use.copy or not own),
            }
        )
    return rows


def _order(item: tuple[tuple[int, str, str], list[MemoryUse]]) -> tuple[int, int]:
    """By layer, then tables before quantisers; parts as the plan has them."""
    (layer, purpose, _), _ = item
    return layer, ROM_PURPOSES.index(purpose)


def _owned(program: Program, layer: int, purpose: str) -> bool:
    """Whether a layer's tables, or its quantiser, are not those of an earlier one."""
    others = purpose == "quantiser" and layer in program.quantisers
    return layer not in program.shared and not others
