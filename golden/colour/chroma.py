"""Chroma planes: enlarged by bilinear weights as they lie beside the luma, halved, and doubled."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour.description import SITINGS, Colour
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.golden.validate import require_choice, require_int

__all__ = ["chroma_taps", "doubled", "enlarge_chroma", "halved"]

Plane = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.int64]


def chroma_taps(scale: int, siting: str) -> npt.NDArray[np.int32]:
    """Exact weights of bilinear upsampling by ``scale`` along one axis, for samples so sited.

    "centre" are those of `bilinear_taps`: small and large samples share their middle. A sample on
    the left of two luma samples does so in the large frame, too: there, sample ``scale*k + p`` lies
    ``(4*p - (scale - 1)) / (4*scale)`` of a small sample behind sample k.

    Args:
        scale: 2, 3 or 4.
        siting: one of `SITINGS`.

    Returns:
        int32 (scale, 3): for each phase p the weights of the samples before, at and after k. All
        rows add to the same denominator.
    """
    require_int("scale", scale, 2, 4)
    require_choice("siting", siting, SITINGS)
    if siting == "centre":
        return bilinear_taps(scale)
    offsets = [4 * phase - (scale - 1) for phase in range(scale)]
    unit = math.gcd(4 * scale, *offsets)
    whole = 4 * scale // unit
    taps = [
        (max(-offset // unit, 0), whole - abs(offset) // unit, max(offset // unit, 0))
        for offset in offsets
    ]
    return np.array(taps, np.int32)


def sitings(colour: Colour) -> tuple[str, str]:
    """How chroma is sited down the lines and along them."""
    return "centre", colour.siting if colour.across == 2 else "centre"


def enlarge_chroma(plane: Plane, scale: int, colour: Colour) -> Plane:
    """A chroma plane, ``scale`` times as large.

    The sum of at most 2 x 2 neighbours times their weights, divided by the product of both
    denominators and rounded once, half up. Borders replicate the edge sample.

    Args:
        plane: uint8 (height, width).
        scale: 2, 3 or 4.
        colour: tells the siting.

    Returns:
        uint8 (height * scale, width * scale).
    """
    down, along = (chroma_taps(scale, siting).astype(np.int64) for siting in sitings(colour))
    height, width = plane.shape
    tall = _spread(plane.astype(np.int64), down)
    total = _spread(tall.T, along).T
    divisor = int(down[0].sum() * along[0].sum())
    made = (total + divisor // 2) // divisor
    return made.reshape(height * scale, width * scale).astype(np.uint8)


def _spread(lines: npt.NDArray[np.int64], taps: Weights) -> npt.NDArray[np.int64]:
    """Axis 0 of (N, M) enlarged, not divided."""
    padded = np.pad(lines, ((1, 1), (0, 0)), mode="edge")
    three = np.stack([padded[k : k + len(lines)] for k in range(3)])
    made: npt.NDArray[np.int64] = np.einsum("pk,knm->npm", taps, three)
    return made.reshape(-1, lines.shape[1])


def halved(plane: Plane, colour: Colour) -> Plane:
    """A chroma plane of the luma's size, as small as the format has it.

    Along a line (1, 2, 1) / 4 where samples lie on the left one of two, else the mean of two;
    down the lines the mean of two. Rounded once, half up; borders replicate.

    Raises:
        ValueError: a side that must be even is not.
    """
    colour.check_size(plane.shape[1], plane.shape[0])
    total, divisor = plane.astype(np.int64), 1
    if colour.across == 2:
        before = np.pad(total, ((0, 0), (1, 0)), mode="edge")[:, :-1:2]
        own, after = total[:, ::2], total[:, 1::2]
        left = colour.siting == "left"
        total, divisor = (before + 2 * own + after, 4) if left else (own + after, 2)
    if colour.down == 2:
        total, divisor = total[::2] + total[1::2], 2 * divisor
    return ((total + divisor // 2) // divisor).astype(np.uint8)


def doubled(plane: Plane, colour: Colour) -> Plane:
    """A chroma plane as large as the luma, by linear interpolation at its siting.

    For showing and measuring; nothing of it is in the hardware. Rounded once, half up.
    """
    total, divisor = plane.astype(np.int64), 1
    if colour.across == 2:
        before, after = _shifted(total.T, -1).T, _shifted(total.T, 1).T
        if colour.siting == "left":
            pair, divisor = (2 * total, total + after), 2
        else:
            pair, divisor = (before + 3 * total, 3 * total + after), 4
        total = np.stack(pair, axis=-1).reshape(len(total), -1)
    if colour.down == 2:
        pair = (_shifted(total, -1) + 3 * total, 3 * total + _shifted(total, 1))
        total = np.stack(pair, axis=1).reshape(-1, total.shape[1])
        divisor *= 4
    return ((total + divisor // 2) // divisor).astype(np.uint8)


def _shifted(lines: npt.NDArray[np.int64], by: int) -> npt.NDArray[np.int64]:
    """Line n + by in the place of line n of axis 0; borders replicate."""
    places = np.clip(np.arange(len(lines)) + by, 0, len(lines) - 1)
    shifted: npt.NDArray[np.int64] = lines[places]
    return shifted
