"""Node positions that a quantiser was made with, found from the weights in its ROM."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lutscale.golden.quantiser import Quantiser

__all__ = ["node_positions"]

# Rounds of projections, for each margin that is tried.
_ROUNDS = 2_000


def node_positions(quantiser: Quantiser, lo: int) -> npt.NDArray[np.float64]:
    """(nodes,) increasing positions whose rounded weights are those of the quantiser.

    A weight bounds its code's distance from the segment's nodes on both sides: linear
    inequalities, which projections onto the one that is violated most solve (Agmon, Canad. J.
    Math. 1954). Where no positions have all weights, those found are close to them.

    Args:
        lo: the lowest code, at which the first node is; the last is at the highest code.
    """
    codes = lo + np.arange(len(quantiser.segment), dtype=np.float64)
    sides, bounds = _inequalities(quantiser, codes)
    nodes = np.linspace(codes[0], codes[-1], quantiser.nodes)
    inner = nodes[1:-1]
    bounds = bounds - sides[:, 0] * nodes[0] - sides[:, -1] * nodes[-1]
    sides = sides[:, 1:-1]
    lengths = np.linalg.norm(sides, axis=1)
    used = lengths > 0
    sides, bounds = sides[used] / lengths[used, None], bounds[used] / lengths[used]
    best, least = inner.copy(), np.inf
    for margin in (0.02, 0.005, 0.001, 0.0):
        for _ in range(_ROUNDS if len(inner) else 0):
            beyond = sides @ inner - bounds + margin
            worst = int(np.argmax(beyond))
            if beyond[worst] - margin < least:
                best, least = inner.copy(), beyond[worst] - margin
            if beyond[worst] <= 0:
                break
            inner = inner - beyond[worst] * sides[worst]
        if least < 0:
            break
    nodes[1:-1] = best
    return nodes


def _inequalities(
    quantiser: Quantiser, codes: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(rows, nodes) and (rows,): what ``rows @ positions`` must not exceed."""
    one, last = 1 << quantiser.fraction_bits, quantiser.nodes - 2
    rows, bounds = [], []
    for segment, weights in enumerate(quantiser.inside().T):
        top = one - 1 if segment == last else one
        for code, weight in zip(codes, weights, strict=True):
            # weight - 1/2 <= one * (code - a) / (b - a) <= weight + 1/2, times b - a.
            for sign, half, bounded in ((1, weight - 0.5, weight > 0), (-1, weight + 0.5, True)):
                if bounded and not (sign < 0 and weight == top):
                    row = np.zeros(quantiser.nodes)
                    row[segment], row[segment + 1] = one - half, half
                    rows.append(sign * row)
                    bounds.append(sign * one * code)
    return np.array(rows), np.array(bounds)
