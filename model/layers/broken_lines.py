"""Tables that are broken lines between a few nodes, as direct tables are before entries train.

A sum of broken lines is a convolution over the codes and over how far they are beyond each node,
which takes a tenth of the time of reading entries.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lutscale.model.layers.operations import convolved

__all__ = ["line_entries", "line_sums"]


def line_sums(where: Tensor, nodes: Tensor, depthwise: bool, gradients: torch.dtype) -> Tensor:
    """The sums of lines over all taps; for a depthwise layer over each channel's own.

    Args:
        where: (batch, channels, h + kh - 1, w + kw - 1), 0 at the first node, 1 at the second, up
            to the last.
        nodes: (out, channels, nodes, kh, kw) the lines at their nodes; out is 1 for a depthwise
            layer.

    Returns:
        (batch, out or channels, h, w).
    """
    slopes = nodes[:, :, 1:] - nodes[:, :, :-1]
    bends = torch.cat([slopes[:, :, :1], slopes[:, :, 1:] - slopes[:, :, :-1]], 2)
    beyond = [where, *(torch.relu(where - node) for node in range(1, slopes.shape[2]))]
    read = torch.cat(beyond, 1)
    lowest = nodes[:, :, 0]
    if not depthwise:
        kernel = bends.transpose(1, 2).flatten(1, 2)
        return convolved(read, kernel, lowest.sum((1, 2, 3)), gradients)
    # A convolution for each node and channel, then a sum: groups of several are slow on a CPU.
    channels = where.shape[1]
    kernel = bends[0].transpose(0, 1).flatten(0, 1)[:, None]
    each = convolved(read, kernel, None, gradients, groups=len(kernel))
    return each.unflatten(1, (-1, channels)).sum(1) + lowest[0].sum((1, 2))[:, None, None]


def line_entries(nodes: Tensor, firsts: Tensor, lasts: Tensor, codes: Tensor) -> Tensor:
    """The lines at codes.

    Args:
        nodes: (out, channels, nodes, kh, kw), as of `line_sums`.
        firsts, lasts: (channels,) code of the first node and of the last.
        codes: (levels,), or (channels, levels); beyond the nodes a line goes on level.

    Returns:
        (out, channels, levels, kh, kw).
    """
    segments = nodes.shape[2] - 1
    span = (lasts - firsts).clamp(min=1)[:, None]
    where = ((codes - firsts[:, None]) * (segments / span)).clamp(0, segments)
    segment = where.floor().clamp(max=segments - 1)
    inside = (where - segment)[:, :, None, None]
    channel, segment = torch.arange(len(firsts), device=nodes.device)[:, None], segment.long()
    low, high = nodes[:, channel, segment], nodes[:, channel, segment + 1]
    return low + inside * (high - low)
