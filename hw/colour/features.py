"""What the logic of a colour core's parts grows with, as in `hw.features`; their factors are 1."""

from __future__ import annotations

from typing import Any

from lutscale.hw.arithmetic import signed_digits
from lutscale.hw.colour.parts import ColourParts
from lutscale.hw.forms.cost import multiplexer

__all__ = ["colour_features"]

Features = dict[str, dict[str, float]]

# Bits of a sum in a matrix: 8 of a pixel, 12 of the fraction, and what is above.
_SUM_BITS = 20


def colour_features(parts: ColourParts) -> list[tuple[str, str, Features]]:
    """Name in the netlist, kind and features of all but the sink."""
    kinds = {
        "Split": _split,
        "Join": _join,
        "MatrixStage": _matrix,
        "RegisterSlice": lambda stage: _counts(2 * stage.outputs[0].width, stage.outputs[0].width),
    }
    found = [
        (f"colour{k}_{type(part).__name__.lower()}", type(part).__name__)
        for k, part in enumerate((*parts.ahead, *parts.behind))
    ]
    counted = [
        (name, kind, kinds[kind](part))
        for (name, kind), part in zip(found, (*parts.ahead, *parts.behind), strict=True)
    ]
    return [*counted, ("chroma_store", "ChromaStore", _store(parts.store))]


def _counts(ff: float, comb: float, **more: float) -> Features:
    return {"comb": {"own": comb, **more}, "ff": {"own": ff}}


def _split(split: Any) -> Features:
    """The first of two components is held."""
    return _counts(10 * (split.colour.across - 1) + 2, 12)


def _store(store: Any) -> Features:
    """In each bank an address and a level, with their adders and comparisons."""
    address = (store.depth - 1).bit_length()
    return _counts(2 * (2 * address + 2), 2 * 6 * address)


def _join(join: Any) -> Features:
    """Two addresses with three places each; then Cb and Cr, down and along."""
    g = join.geometry
    address = (join.rows.depth - 1).bit_length()
    down, total = join.rows.peak.bit_length(), (255 * join.across.divisor).bit_length()
    (use,) = join.fifo.memories
    # So small a RAM becomes registers, and a choice among them.
    words = use.width * use.depth
    rows = 2 * (3 * 8 + 2 * 9 + 2 * down)
    along = 2 * (3 * down + 2 * down + (1 + 2 * g.scale) * total)
    column = g.lanes * g.lane_bits
    products = 2 * (2 * 9 + down + 2 * down + (1 + 2 * g.scale) * total)
    return _counts(
        5 * address + rows + along + 34 + column + 2 * use.width + 30 + words,
        10 * address + products + 16 + column * int(g.beats > 1) + 8 * g.pixels_per_beat + 40,
        rams=use.width * multiplexer(use.depth),
    )


def _matrix(stage: Any) -> Features:
    """An adder for each digit of each number, and a register behind it."""
    digits = sum(len(signed_digits(abs(n))) for row in stage.rows for n in row)
    pixels = stage.made.width // 24
    adders = pixels * digits * _SUM_BITS
    return _counts(adders, adders + pixels * 24)
