"""TMDS as DVI 1.0's figure 3-5 draws it, one symbol after the other, in plain integers."""

from __future__ import annotations

__all__ = ["encode"]


def encode(data: int, bias: int) -> tuple[int, int]:
    """The symbol of a byte after a running bias of so many ones, and the bias behind it."""
    d = [data >> n & 1 for n in range(8)]
    ones = sum(d)
    q_m = [d[0]]
    if ones > 4 or (ones == 4 and d[0] == 0):
        for n in range(1, 8):
            q_m.append(1 - (q_m[-1] ^ d[n]))
        q_m.append(0)
    else:
        for n in range(1, 8):
            q_m.append(q_m[-1] ^ d[n])
        q_m.append(1)
    n1 = sum(q_m[:8])
    n0 = 8 - n1
    if bias == 0 or n1 == n0:
        out = [*(q_m[:8] if q_m[8] else (1 - bit for bit in q_m[:8])), q_m[8], 1 - q_m[8]]
        bias += n1 - n0 if q_m[8] else n0 - n1
    elif (bias > 0 and n1 > n0) or (bias < 0 and n0 > n1):
        out = [*(1 - bit for bit in q_m[:8]), q_m[8], 1]
        bias += 2 * q_m[8] + n0 - n1
    else:
        out = [*q_m[:8], q_m[8], 0]
        bias += n1 - n0 - 2 * (1 - q_m[8])
    return sum(bit << n for n, bit in enumerate(out)), bias
