"""A trained network as the start of a larger one, which begins by computing the same.

What may grow: nodes (each segment is divided), channels, blocks that add their input, kernels,
and freedom: tables tied under a group become those of its subgroup, or free. A channel that is
new is read by none of the old ones at first; a block that is new adds nothing (Chen et al.,
"Net2Net", ICLR 2016, for dense layers). Bits of codes, weights and entries may be others;
rounding then differs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lutscale.golden.symmetry import GROUPS, PRODUCTS
from lutscale.model.layers import ResidualTwin, TapTablesTwin
from lutscale.model.network import Network

__all__ = ["grow", "keep_sizes"]


@torch.no_grad()
def grow(small: nn.Module, large: nn.Module) -> None:
    """Give ``large`` the tables of ``small``, a smaller network of the same family.

    Raises:
        ValueError: what does not nest, in a few words.
    """
    if not isinstance(small, Network) or not isinstance(large, Network):
        raise ValueError("only networks of tap tables grow")
    if small.scale != large.scale:
        raise ValueError(f"scale must be {small.scale}, not {large.scale}")
    old, new = _tables(small), _tables(large)
    extra = len(new) - len(old)
    if extra < 0 or len(old) < 2:
        raise ValueError(f"layers of tables must be {len(old)} or more, not {len(new)}")
    if extra and not any(isinstance(twin, ResidualTwin) for twin in large.layers[: -len(new)]):
        raise ValueError("blocks must add their input where there are new ones")
    places = _places(small.symmetry, large.symmetry, _channels(old), _channels(new))
    taken: list[TapTablesTwin | None] = [*old[:-1], *[None] * extra, old[-1]]
    for k, (source, target) in enumerate(zip(taken, new, strict=True)):
        # New blocks go behind the old ones, and take the last one's scales and nodes.
        like = source or old[-2]
        if target.quantiser_of[0] is None:
            target.place(_nodes(like, len(target.theta)))
        if source is None:
            target.entries.zero_()
        else:
            inside = None if k == 0 else places
            outside = None if k == len(new) - 1 else places
            _take(source, target, inside, outside)
        _take_scales(like, target, None if k == len(new) - 1 else places)


@torch.no_grad()
def keep_sizes(small: nn.Module, large: nn.Module, *, rescaled: bool) -> None:
    """Where entries of ``large``, which has the weights of ``small``, have other bits: make their
    steps finer or coarser, so that the largest entry is worth as much as it was.

    Args:
        rescaled: whether the last tables are large's own.
    """
    pairs = [[m for m in net.modules() if isinstance(m, TapTablesTwin)] for net in (small, large)]
    for source, target in list(zip(*pairs, strict=True))[: -1 if rescaled else None]:
        target.log_scale.add_(math.log(2) * (source.entry_bits - target.entry_bits))


def _tables(network: Network) -> list[TapTablesTwin]:
    """The layers of tables, in order.

    Raises:
        ValueError: there are others, or some that are shared.
    """
    found = [twin for twin in network.layers if isinstance(twin, TapTablesTwin)]
    if any(twin.nodes is None or twin.groups > 1 for twin in found):
        raise ValueError("tables must be interpolated and of one group")
    if len({id(twin) for twin in found}) < len(found):
        raise ValueError("blocks must have tables of their own")
    return found


def _channels(tables: Sequence[TapTablesTwin]) -> int:
    """Between the layers, all shares counted."""
    first = tables[0]
    return len(first.entries) if first.tie is None else len(first.tie.unit)


def _places(small: str | None, large: str | None, count: int, wanted: int) -> Tensor:
    """(count,) which channel of the large network each channel of the small one becomes.

    A group is its subgroup's elements times one representative each of the cosets: the shares of
    a coset stand beside each other in the subgroup's share.

    Raises:
        ValueError: the large network's group is none of the small one's, or has too few channels.
    """
    order, fewer = GROUPS.get(small or "", 1), GROUPS.get(large or "", 1)
    if fewer > order:
        raise ValueError(f"symmetry must be {small} or less, not {large}")
    size, room = count // order, wanted // fewer
    if size * order // fewer > room:
        raise ValueError(f"channels must be {count} or more, not {wanted}")
    cosets = [0] if fewer == order else list(range(0, order, 4 if fewer == 4 else 1))
    places = torch.zeros(count, dtype=torch.long)
    for number, representative in enumerate(cosets):
        for element in range(fewer):
            share = PRODUCTS[element][representative]
            for c in range(size):
                places[share * size + c] = element * room + number * size + c
    return places


def _take(
    source: TapTablesTwin, target: TapTablesTwin, inside: Tensor | None, outside: Tensor | None
) -> None:
    """Copy entries; ``inside`` and ``outside`` are the places of channels, None for equal ones."""
    found, full = _full(source), _full(target).clone()
    rows = torch.arange(len(found)) if outside is None else outside
    columns = torch.arange(found.shape[1]) if inside is None else inside
    found = _refined(found, target.entries.shape[2])
    height, width = found.shape[-2:]
    down, right = (
        (big - small) // 2 for big, small in zip(target.kernel, source.kernel, strict=True)
    )
    if down < 0 or right < 0:
        raise ValueError(f"kernels must be {height}x{width} or more, not {target.kernel}")
    full[rows] = 0
    middle = full[..., down : down + height, right : right + width]
    middle[rows[:, None], columns[None]] = found
    stored = target.entries.shape
    target.entries.copy_(full[: stored[0], : stored[1]])


def _full(tables: TapTablesTwin) -> Tensor:
    """(out, in, levels, kh, kw) entries of all shares."""
    return tables.entries if tables.tie is None else tables.tie.full(tables.entries)


def _refined(entries: Tensor, levels: int) -> Tensor:
    """Entries at ``levels`` nodes, which divide each segment into equal parts.

    Raises:
        ValueError: they do not.
    """
    segments = entries.shape[2] - 1
    if (levels - 1) % segments:
        raise ValueError(f"nodes must be a multiple of {segments}, and one, not {levels}")
    parts = (levels - 1) // segments
    steps = torch.arange(parts).reshape(1, 1, 1, parts, 1, 1) / parts
    low, high = entries[:, :, :-1, None], entries[:, :, 1:, None]
    inner = (low + steps * (high - low)).flatten(2, 3)
    return torch.cat([inner, entries[:, :, -1:]], 2)


def _nodes(source: TapTablesTwin, segments: int) -> Tensor:
    """Positions that divide each of the source's segments into equal parts.

    Raises:
        ValueError: so many segments do not.
    """
    nodes = source.positions()
    found = len(nodes) - 1
    if segments % found:
        raise ValueError(f"nodes must be a multiple of {found}, and one, not {segments + 1}")
    along = torch.arange(segments // found) / (segments // found)
    inner = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * along
    return torch.cat([inner.flatten(), nodes[-1:]])


def _take_scales(source: TapTablesTwin, target: TapTablesTwin, places: Tensor | None) -> None:
    """Copy the scales of entries; channels that are new keep their own."""
    scales = source.log_scale if source.tie is None else source.log_scale[source.tie.unit]
    scales = scales + math.log(2) * (source.entry_bits - target.entry_bits)
    rows = torch.arange(len(scales)) if places is None else places
    owners = rows if target.tie is None else target.tie.unit[rows]
    # The largest decides the shift of all multipliers, and so how they round.
    target.log_scale.clamp_(max=scales.max())
    target.log_scale[owners] = scales
