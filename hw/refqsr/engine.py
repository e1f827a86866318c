"""The ports by which every engine hands its numbers to the outputs."""

from __future__ import annotations

from amaranth.lib.wiring import In, Member, Out

__all__ = ["engine_ports"]


def engine_ports(bits: int, rows: int, columns: int) -> dict[str, Member]:
    """The ports, by name.

    free: In, whether the next numbers will find room when they come. claim: Out, for the clock in
    which the last step towards some starts. numbers: Out, for the one clock in which ``done``
    is high; at_row, at_column: Out, the place they are of, at the same time. busy: Out, high
    from the start until the last numbers have left.

    Args:
        bits: of all numbers together.
        rows, columns: how many places there may be.
    """
    return {
        "free": In(1),
        "claim": Out(1),
        "numbers": Out(bits),
        "done": Out(1),
        "at_row": Out(range(rows)),
        "at_column": Out(range(columns)),
        "busy": Out(1),
    }
