"""What the names of IQ-LUT's family stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["IQLUT"]

# Narrow and deep: three nodes of six bits leave bytes for layers, which need line buffers.
_S: dict[str, Any] = {
    "blocks": 5,
    "nodes": [5, *[3] * 6],
    "entry_bits": [8, *[6] * 5, 8],
    "first_kernel": 5,
    "symmetry": "p4m",
    "one_quantiser": True,
}

_M: dict[str, Any] = {
    "channels": 24,
    "blocks": 7,
    "nodes": [5, *[3] * 8],
    "entry_bits": [8, *[6] * 7, 8],
    "first_kernel": 5,
    "symmetry": "p4m",
    "one_quantiser": True,
}

_L: dict[str, Any] = {
    **_M,
    "channels": 32,
    "blocks": 8,
    "nodes": [5, *[3] * 9],
    "entry_bits": [8, *[6] * 8, 8],
}

_XL: dict[str, Any] = {
    **_M,
    "channels": 48,
    "blocks": 12,
    "nodes": [5, *[3] * 13],
    "entry_bits": 8,
}

_PLAIN: dict[str, Any] = {
    "blocks": 2,
    "entry_bits": [8, 6, 6, 6],
    "first_kernel": 5,
    "code_bits": 6,
    "residual": False,
    "symmetry": "p4",
    "one_quantiser": True,
}

IQLUT: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "iqlut-s-x2": (2, _S),
    "iqlut-s-x3": (3, _S),
    "iqlut-s-x4": (4, _S),
    **{f"iqlut-s-denoise-{sigma}": (1, {**_S, "sigma": sigma}) for sigma in (15, 25, 50)},
    # As s in bytes, but few layers: on-chip within 100 KB at 480 pixels a line.
    "iqlut-hd-x2": (2, {}),
    "iqlut-hd-x4": (4, {}),
    "iqlut-xs-x4": (4, {"channels": 12, "first_kernel": 5}),
    "iqlut-m-x4": (4, _M),
    "iqlut-l-x4": (4, _L),
    "iqlut-xl-x4": (4, _XL),
    "iqlut-tiny-x4": (4, {"channels": 4, "blocks": 1, "last_kernel": 1}),
    # Made for hardware by planes: few bits of weight are few clocks, or few gates; few bits of
    # code are narrow line buffers. For 1080p60 on an LFE5U-85F.
    "lutscale-hd-x4": (
        4,
        {
            **_S,
            "nodes": [9, *[5] * 6],
            "symmetry": "p4",
            "code_bits": 6,
            "weight_bits": [5, *[3] * 6],
        },
    ),
    # The same tied in eight orientations, with three nodes, which take fewer gates.
    "lutscale-hd-m-x4": (4, {**_S, "code_bits": 6, "weight_bits": [6, *[3] * 6]}),
    # On a 25F: three nodes suit the many clocks that a table has there.
    "lutscale-hd-s-x4": (
        4,
        {**_PLAIN, "channels": 12, "nodes": [5, 3, 3, 3], "weight_bits": [6, 3, 3, 3]},
    ),
    # For 2160p60 on an LFE5U-85F: at 4 clocks a pixel the turns of tied tables leave one for each,
    # and a table that is read whole takes no more gates with twice the nodes and a weight bit less.
    "lutscale-4k-x4": (
        4,
        {**_PLAIN, "nodes": [9, 5, 5, 5], "weight_bits": [3, 2, 2, 2]},
    ),
    # The same with shares of one channel, for a 25F.
    "lutscale-tiny-x4": (
        4,
        {
            "channels": 4,
            "blocks": 1,
            "nodes": [9, 5, 5],
            "entry_bits": [8, 6, 5],
            "code_bits": 6,
            "weight_bits": 2,
            "residual": False,
            "symmetry": "p4",
            "one_quantiser": True,
        },
    ),
}
"""Scale and options of `model.shapes.iqlut`, by name of the program that the network becomes."""
