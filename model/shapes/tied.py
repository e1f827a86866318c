"""Channels of tables that are tied under a group."""

from __future__ import annotations

from lutscale.golden.symmetry import GROUPS
from lutscale.golden.validate import require_choice

__all__ = ["stored_channels"]


def stored_channels(
    symmetry: str, role: str, in_channels: int, out_channels: int
) -> tuple[int, int]:
    """(in, out) channels of the stored tables, for those of a layer with all its shares.

    Raises:
        ValueError: no such symmetry, or channels that its shares do not divide.
    """
    order = GROUPS[require_choice("symmetry", symmetry, GROUPS)]
    shares = {"lift": [out_channels], "mix": [in_channels, out_channels], "end": [in_channels]}
    for count in shares[role]:
        if count % order:
            raise ValueError(
                f"channels must be a multiple of {order}, the shares of {symmetry}, not {count}"
            )
    if role == "end":
        return in_channels // order, out_channels
    return in_channels, out_channels // order
