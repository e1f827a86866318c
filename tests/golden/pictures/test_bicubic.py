"""Bicubic resizing against hand-made numbers, a literal per-pixel reading and published files."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lutscale.golden.pictures.bicubic import MAX_FACTOR, crop_to_multiple, downscale, upscale
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.pictures.quality import psnr

RNG = np.random.default_rng(2)


def keys(x: Fraction) -> Fraction:
    x = abs(x)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    if x <= 2:
        return Fraction(-1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2
    return Fraction(0)


def literal_line(line: list[int], count: int, scale: Fraction) -> list[int]:
    """Resize one line as MATLAB's imresize is written down, in exact fractions, 1-based."""
    narrow = min(scale, Fraction(1))
    reach = 4 / narrow
    result = []
    for x in range(1, count + 1):
        u = x / scale + Fraction(1, 2) * (1 - 1 / scale)
        left = math.floor(u - reach / 2)
        indices = range(left, left + math.ceil(reach) + 2)
        weights = [narrow * keys(narrow * (u - j)) for j in indices]
        mirror = [*range(1, len(line) + 1), *range(len(line), 0, -1)]
        pixels = [line[mirror[(j - 1) % len(mirror)] - 1] for j in indices]
        value = sum(w * p for w, p in zip(weights, pixels, strict=True)) / sum(weights)
        away = math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)
        result.append(min(max(away, 0), 255))
    return result


def literal(image: NDArray[np.uint8], scale: Fraction) -> NDArray[np.uint8]:
    """Resize uint8 (H, W): down the rows, round, along the rows, round."""
    height, width = (int(n * scale) for n in image.shape)
    tall = np.array([literal_line(column.tolist(), height, scale) for column in image.T]).T
    return np.array([literal_line(row.tolist(), width, scale) for row in tall], np.uint8)


@pytest.mark.parametrize("r", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 5), (3, 2), (4, 3)])
def test_equals_the_literal_reading(r: int, shape: tuple[int, int]) -> None:
    # Few grey levels, far apart, so that overshoot, clipping and ties all occur.
    small = RNG.choice(np.array([0, 1, 128, 254, 255], np.uint8), shape)
    large = RNG.choice(np.array([0, 1, 128, 254, 255], np.uint8), (shape[0] * r, shape[1] * r))
    np.testing.assert_array_equal(upscale(small, r), literal(small, Fraction(r)))
    np.testing.assert_array_equal(downscale(large, r), literal(large, Fraction(1, r)))


def test_a_step_by_hand() -> None:
    # Weights of r = 2 at 1/4, 3/4, 5/4, 7/4: 222, 58, -18, -6 of 512; the step is between the
    # middle outputs: (58 - 18 - 6) / 512 * 255 = 16.9, mirrored 238.1; the outer ones overshoot.
    line = np.repeat(np.array([0, 255], np.uint8), 4)
    image = np.tile(line, (4, 1))
    np.testing.assert_array_equal(downscale(image, 2), [[0, 17, 238, 255]] * 2)
    np.testing.assert_array_equal(downscale(image.T, 2), np.array([[0, 17, 238, 255]] * 2).T)


def test_rounds_after_each_pass() -> None:
    image = np.zeros((8, 8), np.uint8)
    image[4, 4] = 8
    # 222 / 512 * 8 = 3.47 becomes 3, then 1.30 becomes 1; unrounded in between it would be 1.50.
    assert downscale(image, 2)[2, 2] == 1


def test_goes_down_the_rows_first() -> None:
    image = np.zeros((8, 8), np.uint8)
    image[4, 3:5] = 1, 8
    # Down first: 0.43 and 3.47 become 0 and 3, then 1.30. Along first: 3.58 becomes 4, then 1.73.
    assert downscale(image, 2)[2, 2] == 1
    assert downscale(image.T, 2)[2, 2] == 2


@pytest.mark.parametrize("r", range(1, MAX_FACTOR + 1))
@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_a_constant_stays(r: int, value: int) -> None:
    image = np.full((3 * r, 2 * r, 3), value, np.uint8)
    assert np.all(downscale(image, r) == value)
    assert np.all(upscale(image[:3, :2], r) == value)
    assert upscale(image[:3, :2], r).shape == (3 * r, 2 * r, 3)


def test_a_ramp_keeps_its_middle() -> None:
    ramp = np.tile(2 * np.arange(60, dtype=np.uint8), (6, 1))
    # The centre of an output pixel i lies at input r i + (r - 1) / 2.
    assert downscale(ramp, 2)[0, 3:-3].tolist() == [4 * i + 1 for i in range(3, 27)]
    assert downscale(ramp, 3)[0, 3:-3].tolist() == [6 * i + 2 for i in range(3, 17)]
    assert upscale(ramp, 3)[0, 9:-9:3].tolist() == [
        math.floor(2 * i - 2 / 3 + 0.5) for i in range(3, 57)
    ]


def test_a_tie_rounds_up() -> None:
    ramp = np.tile(np.arange(40, dtype=np.uint8), (4, 1))
    assert downscale(ramp, 2)[0, 3:-3].tolist() == [2 * i + 1 for i in range(3, 17)]


@pytest.mark.parametrize("resize", [downscale, upscale])
@pytest.mark.parametrize("r", [2, 3, 4])
def test_mirrors_with_the_image(resize: object, r: int) -> None:
    assert callable(resize)
    image = RNG.integers(0, 256, (12, 24, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(image[::-1], r), resize(image, r)[::-1])
    np.testing.assert_array_equal(resize(image[:, ::-1], r), resize(image, r)[:, ::-1])


@pytest.mark.parametrize("resize", [downscale, upscale])
def test_channels_do_not_mix(resize: object) -> None:
    assert callable(resize)
    image = RNG.integers(0, 256, (9, 15, 3), dtype=np.uint8)
    whole = resize(image, 3)
    for k in range(3):
        np.testing.assert_array_equal(whole[:, :, k], resize(image[:, :, k], 3))


def test_blocks_do_not_show() -> None:
    # Wide enough for several blocks of rows; the same columns alone take one block.
    image = RNG.integers(0, 256, (120, 4000), dtype=np.uint8)
    np.testing.assert_array_equal(upscale(image, 2)[:, 8:80], upscale(image[:, :60], 2)[:, 8:80])


def test_factor_one_changes_nothing() -> None:
    image = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(downscale(image, 1), image)
    np.testing.assert_array_equal(upscale(image, 1), image)


def test_the_largest_factor_does_not_overflow() -> None:
    image = RNG.choice(np.array([0, 255], np.uint8), (32, 32))
    r = MAX_FACTOR
    np.testing.assert_array_equal(downscale(image, r), literal(image, Fraction(1, r)))
    np.testing.assert_array_equal(upscale(image[:2, :2], r), literal(image[:2, :2], Fraction(r)))


def test_crop() -> None:
    image = RNG.integers(0, 256, (11, 14, 3), dtype=np.uint8)
    np.testing.assert_array_equal(crop_to_multiple(image, 4), image[:8, :12])
    np.testing.assert_array_equal(downscale(image, 4), downscale(image[:8, :12], 4))


def test_refusals() -> None:
    image = np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match="image must be uint8, not float64"):
        downscale(image.astype(float), 2)
    with pytest.raises(ValueError, match=r"image must be \(H, W\) or \(H, W, C\)"):
        upscale(image[0], 2)
    with pytest.raises(ValueError, match="at least 5 x 5 pixels for a factor 5, not 4 x 4"):
        downscale(image, 5)
    for r in (0, 17, -2, 2.0, True):
        with pytest.raises(ValueError, match=f"r must be an integer from 1 to 16, not {r}"):
            upscale(image, r)  # type: ignore[arg-type]


@pytest.mark.parametrize("r", [2, 3, 4])
@pytest.mark.parametrize("name", ["baby", "bird", "butterfly", "head", "woman"])
def test_reproduces_the_published_low_resolution_files(
    data_folder: Path, name: str, r: int
) -> None:
    large = read_rgb(data_folder / "test" / "Set5" / "HR" / f"{name}.png")
    small = read_rgb(data_folder / "test" / "Set5" / f"LRx{r}" / f"{name}.png")
    np.testing.assert_array_equal(downscale(large, r), small)


@pytest.mark.parametrize(
    ("name", "count", "r", "row"),
    [
        pytest.param(name, count, r, row, marks=() if name == "Set5" else pytest.mark.slow)
        for name, count, rows in (
            ("Set5", 5, (33.67, 30.40, 28.43)),
            ("Set14", 14, (30.33, 27.63, 26.09)),
            ("B100", 100, (29.56, 27.21, 25.96)),
        )
        for r, row in zip((2, 3, 4), rows, strict=True)
    ],
)
def test_gives_the_published_bicubic_rows(
    data_folder: Path, name: str, count: int, r: int, row: float
) -> None:
    scores = []
    for path in list_images(data_folder / "test" / name / "HR"):
        large = crop_to_multiple(read_rgb(path), r)
        scores.append(psnr(upscale(downscale(large, r), r), large, shave=r))
    assert len(scores) == count
    assert float(np.mean(scores)) == pytest.approx(row, abs=0.01)
