"""Functions of tap tables that are left out: zero from the first step, and in the program.

A function is a channel's table at a tap for an output. What varies least is least missed (KANELE,
FPGA 2026, prunes the functions of its networks by their norm). A table of zeros still counts among
a program's bytes; where tables become gates it takes none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.layers import TapTablesTwin

__all__ = ["prune"]


@torch.no_grad()
def prune(network: nn.Module, keep: float) -> None:
    """Leave out all but a share of each layer's functions, those that vary most over the codes.

    Args:
        keep: the share, above 0; of tied tables it is the stored functions' that counts. At least
            one stays.

    Raises:
        InputError: a network without interpolated tap tables.
    """
    twins = [
        twin
        for twin in network.modules()
        if isinstance(twin, TapTablesTwin) and twin.nodes is not None
    ]
    if not twins:
        raise InputError("keep must be 1 for a network without interpolated tap tables")
    for twin in twins:
        varies = _variation(twin)
        count = max(1, round(keep * varies.numel()))
        least = varies.flatten().sort(descending=True).values[count - 1]
        twin.kept = (varies >= least)[:, :, None].to(twin.entries)
        twin.entries.mul_(twin.kept)


def _variation(twin: TapTablesTwin) -> Tensor:
    """(out, in, kh, kw) standard deviation of each function over all codes."""
    codes = torch.arange(twin.code_lo, twin.code_hi + 1).to(twin.entries)
    nodes = twin.positions()
    segment = torch.bucketize(codes, nodes[1:-1], right=True)
    share = (codes - nodes[segment]) / (nodes[segment + 1] - nodes[segment])
    low, high = twin.entries[:, :, segment], twin.entries[:, :, segment + 1]
    share = share[:, None, None]
    return (low + share * (high - low)).std(dim=2)
