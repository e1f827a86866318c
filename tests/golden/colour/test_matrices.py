"""The integer matrices against the coefficients of BT.601 and BT.709."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lutscale.golden.colour import MATRICES, RANGES, matrix_of
from lutscale.golden.colour.matrices import FRACTION_BITS
from lutscale.golden.pictures.quality import luma

WEIGHTS = {
    "bt601": (Fraction("0.299"), Fraction("0.587"), Fraction("0.114")),
    "bt709": (Fraction("0.2126"), Fraction("0.7152"), Fraction("0.0722")),
}
BOTH = [(matrix, range) for matrix in MATRICES for range in RANGES]


def exact(matrix: str, range: str) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """Both matrices from the standard's definitions of Y, Cb and Cr."""
    red, green, blue = WEIGHTS[matrix]
    high, wide = (Fraction(219, 255), Fraction(224, 255)) if range == "video" else (1, 1)
    cb, cr = wide / (2 * (1 - blue)), wide / (2 * (1 - red))
    forward = [
        [red * high, green * high, blue * high],
        [-red * cb, -green * cb, (1 - blue) * cb],
        [(1 - red) * cr, -green * cr, -blue * cr],
    ]
    one = 1 / Fraction(high)
    backward = [
        [one, Fraction(0), 1 / cr],
        [one, -blue / (cb * green), -red / (cr * green)],
        [one, 1 / cb, Fraction(0)],
    ]
    return forward, backward


@pytest.mark.parametrize(("matrix", "range"), BOTH)
def test_the_stated_integers_are_the_standards(matrix: str, range: str) -> None:
    made, (forward, backward) = matrix_of(matrix, range), exact(matrix, range)
    unit = 1 << FRACTION_BITS
    assert [[round(x * unit) for x in row] for row in backward] == [list(r) for r in made.backward]
    for row, wanted in zip(made.forward, forward, strict=True):
        assert sum(row) == round(sum(wanted) * unit)
        assert (row[0], row[2]) == (round(wanted[0] * unit), round(wanted[2] * unit))
        assert abs(row[1] - wanted[1] * unit) < 2


@pytest.mark.parametrize(("matrix", "range"), BOTH)
def test_conversions_against_exact_ones(matrix: str, range: str) -> None:
    """Every step of 15 of all three: right but for one in 50, and those off by one."""
    made, (forward, backward) = matrix_of(matrix, range), exact(matrix, range)
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    rgb = [plane.reshape(-1) for plane in np.meshgrid(steps, steps, steps)]
    ycc = made.to_ycbcr(rgb)
    back = made.to_rgb(ycc)
    for given, got, rows, before, behind in (
        (rgb, ycc, forward, (0, 0, 0), made.offsets),
        (ycc, back, backward, made.offsets, (0, 0, 0)),
    ):
        centred = [p.astype(int) - o for p, o in zip(given, before, strict=True)]
        for plane, row, offset in zip(got, rows, behind, strict=True):
            unit = int(np.lcm.reduce([Fraction(x).denominator for x in row]))
            total = sum(int(x * unit) * p for x, p in zip(row, centred, strict=True))
            wanted = np.clip((2 * (total + offset * unit) + unit) // (2 * unit), 0, 255)
            wrong = np.abs(plane.astype(int) - wanted)
            assert wrong.max() <= 1
            assert (wrong > 0).mean() < 0.02
    for plane, wanted in zip(back, rgb, strict=True):
        assert np.abs(plane.astype(int) - wanted).max() <= 2


def test_grey_stays_grey_and_the_ends_are_the_ranges() -> None:
    grey = [np.arange(256, dtype=np.uint8)] * 3
    for matrix, range in BOTH:
        y, cb, cr = matrix_of(matrix, range).to_ycbcr(grey)
        assert (cb == 128).all()
        assert (cr == 128).all()
        assert (y[0], y[-1]) == ((0, 255) if range == "full" else (16, 235))


def test_luma_is_the_luma_that_psnr_is_measured_on() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    y, _, _ = matrix_of("bt601", "video").to_ycbcr([rgb[..., c] for c in range(3)])
    assert np.abs(y - luma(rgb)).max() < 0.52


def test_unknown_matrices_are_refused() -> None:
    with pytest.raises(ValueError, match="matrix must be one of bt601, bt709, not 'bt2020'"):
        matrix_of("bt2020", "full")
    with pytest.raises(ValueError, match="range must be one of full, video, not 'wide'"):
        matrix_of("bt601", "wide")
