"""Chroma planes against the geometry itself: exact fractions, a sample at a time."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.colour import Colour, chroma_taps, doubled, enlarge_chroma, halved
from lutscale.golden.layers.residual import bilinear_taps

Plane = npt.NDArray[np.uint8]

COLOURS = [
    Colour("ycbcr444"),
    Colour("ycbcr422"),
    Colour("ycbcr422", siting="centre"),
    Colour("ycbcr420"),
    Colour("ycbcr420", siting="centre"),
]


def luma_place(sample: int, share: int, siting: str) -> Fraction:
    """Where a chroma sample lies, in luma samples, whose edge is 0 and whose first middle 1/2."""
    if share == 1:
        return sample + Fraction(1, 2)
    return 2 * sample + (Fraction(1, 2) if siting == "left" else Fraction(1))


def sample_place(place: Fraction, share: int, siting: str) -> Fraction:
    """The inverse: the chroma sample, with its fraction, at a place of the luma."""
    return (place - luma_place(0, share, siting)) / share


def bilinear(plane: Plane, y: Fraction, x: Fraction) -> int:
    """Between the four samples around (y, x), rounded half up."""
    top, left = math.floor(y), math.floor(x)
    total = Fraction(0)
    for dy, dx in np.ndindex(2, 2):
        row = min(max(top + dy, 0), plane.shape[0] - 1)
        column = min(max(left + dx, 0), plane.shape[1] - 1)
        weight = (1 - abs(y - top - dy)) * (1 - abs(x - left - dx))
        total += weight * int(plane[row, column])
    return math.floor(total + Fraction(1, 2))


def plane(height: int, width: int) -> Plane:
    return np.random.default_rng(height * width).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize("colour", COLOURS, ids=lambda c: f"{c.format}-{c.siting}")
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarged_samples_keep_their_place_in_the_picture(scale: int, colour: Colour) -> None:
    for shape in ((3, 4), (1, 1), (2, 1), (1, 3)):
        small = plane(*shape)
        wanted = np.empty((shape[0] * scale, shape[1] * scale), np.uint8)
        for row, column in np.ndindex(*wanted.shape):
            y = luma_place(row, colour.down, "centre") / scale
            x = luma_place(column, colour.across, colour.siting) / scale
            wanted[row, column] = bilinear(
                small,
                sample_place(y, colour.down, "centre"),
                sample_place(x, colour.across, colour.siting),
            )
        np.testing.assert_array_equal(enlarge_chroma(small, scale, colour), wanted)


@pytest.mark.parametrize("colour", COLOURS, ids=lambda c: f"{c.format}-{c.siting}")
def test_doubled_samples_lie_where_the_luma_lies(colour: Colour) -> None:
    small = plane(3, 4)
    wanted = np.empty((3 * colour.down, 4 * colour.across), np.uint8)
    for row, column in np.ndindex(*wanted.shape):
        y, x = row + Fraction(1, 2), column + Fraction(1, 2)
        wanted[row, column] = bilinear(
            small,
            sample_place(y, colour.down, "centre"),
            sample_place(x, colour.across, colour.siting),
        )
    np.testing.assert_array_equal(doubled(small, colour), wanted)


def test_halved_samples_by_hand() -> None:
    row = np.array([[10, 20, 40, 81]], np.uint8)
    both = np.array([[10, 20], [30, 43]], np.uint8)
    assert halved(row, Colour("ycbcr444")).tolist() == [[10, 20, 40, 81]]
    # (10 + 2 * 10 + 20) / 4 = 12.5 and (20 + 2 * 40 + 81) / 4 = 45.25
    assert halved(row, Colour("ycbcr422")).tolist() == [[13, 45]]
    assert halved(row, Colour("ycbcr422", siting="centre")).tolist() == [[15, 61]]
    # (50 + 133) / 8 = 22.9 and 103 / 4 = 25.75
    assert halved(both, Colour("ycbcr420")).tolist() == [[23]]
    assert halved(both, Colour("ycbcr420", siting="centre")).tolist() == [[26]]


def test_weights() -> None:
    assert chroma_taps(2, "left").tolist() == [[1, 7, 0], [0, 5, 3]]
    assert chroma_taps(3, "left").tolist() == [[1, 5, 0], [0, 5, 1], [0, 3, 3]]
    assert chroma_taps(4, "left").tolist() == [[3, 13, 0], [0, 15, 1], [0, 11, 5], [0, 7, 9]]
    assert (chroma_taps(4, "centre") == bilinear_taps(4)).all()
    with pytest.raises(ValueError, match=r"scale must be in 2\.\.4, not 1"):
        chroma_taps(1, "left")
    with pytest.raises(ValueError, match="siting must be one of centre, left, not 'top'"):
        chroma_taps(2, "top")
