"""PSNR and SSIM against numbers that can be worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale, upscale
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb, sample_photo
from lutscale.golden.pictures.quality import luma, psnr, ssim

RNG = np.random.default_rng(3)
A = RNG.integers(0, 256, (24, 30, 3), dtype=np.uint8)
B = RNG.integers(0, 256, (24, 30, 3), dtype=np.uint8)


def test_luma_of_known_colours() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    expected = [[16.0, 235.0, 81.481, 144.553, 40.966]]
    np.testing.assert_allclose(luma(colours.astype(np.uint8)), expected, rtol=0, atol=1e-12)


def test_luma_is_not_rounded() -> None:
    one = luma(np.ones((1, 1, 3), np.uint8))
    assert one.dtype == np.float64
    assert one[0, 0] == pytest.approx(16 + 219 / 255)


def test_psnr_of_a_known_difference() -> None:
    grey = RNG.integers(0, 251, (20, 20), dtype=np.uint8)
    assert psnr(grey, grey + np.uint8(5)) == pytest.approx(20 * math.log10(255 / 5))
    colour = np.stack([grey] * 3, axis=2)
    # The same step in R, G and B moves the luma by 219 / 255 of it.
    assert psnr(colour, colour + np.uint8(5)) == pytest.approx(20 * math.log10(255**2 / 5 / 219))


def test_psnr_counts_a_falling_difference_like_a_rising_one() -> None:
    assert psnr(A, B, 2) == psnr(B, A, 2)


def test_psnr_of_equal_images_is_infinite() -> None:
    assert psnr(A, A.copy()) == math.inf


def test_shave_cuts_all_four_sides() -> None:
    rim = A.copy()
    rim[:2], rim[-2:], rim[:, :2], rim[:, -2:] = 0, 0, 0, 0
    assert psnr(A, rim, 2) == math.inf
    assert psnr(A, rim, 1) < math.inf
    assert psnr(A, B, 3) == psnr(A[3:-3, 3:-3], B[3:-3, 3:-3], 0)


def test_ssim_of_equal_images_is_one() -> None:
    assert ssim(A, A.copy()) == pytest.approx(1.0)


def test_ssim_of_constants() -> None:
    a, b = np.full((11, 11), 100, np.uint8), np.full((11, 11), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_ssim_is_that_of_others() -> None:
    similarity = pytest.importorskip("skimage.metrics").structural_similarity
    photo = sample_photo("chelsea")[60:140, 100:190]
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    for other in (np.roll(photo, 1, 0), photo // 8 * 8, 255 - photo):
        expected = similarity(luma(photo), luma(other), data_range=255.0, **options)
        assert ssim(photo, other) == pytest.approx(expected, abs=1e-9)


def test_ssim_as_the_paper_writes_it() -> None:
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        windows = np.lib.stride_tricks.sliding_window_view(plane, (11, 11))
        return np.asarray(np.einsum("ijkl,k,l->ij", windows, taps, taps))

    x, y = luma(A), luma(B)
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    assert ssim(A, B) == pytest.approx(score.mean())


def test_refusals() -> None:
    with pytest.raises(ValueError, match="a must be uint8, not float64"):
        psnr(A.astype(float), B)
    with pytest.raises(ValueError, match="b must be uint8, not int16"):
        ssim(A, B.astype(np.int16))
    with pytest.raises(ValueError, match=r"b must be \(24, 30, 3\) like a, not \(23, 30, 3\)"):
        psnr(A, B[1:])
    with pytest.raises(ValueError, match=r"a must be \(H, W\) or \(H, W, 3\)"):
        psnr(A[:, :, :2], B[:, :, :2])
    with pytest.raises(ValueError, match=r"rgb must be \(H, W, 3\), not \(24, 30\)"):
        luma(A[:, :, 0])
    with pytest.raises(ValueError, match="shave must be less than half of 24, not 12"):
        psnr(A, B, 12)
    with pytest.raises(ValueError, match="shave must be an integer from 0, not -1"):
        psnr(A, B, -1)
    with pytest.raises(ValueError, match="must be at least 11 x 11, not 10 x 16"):
        ssim(A, B, 7)


@pytest.mark.parametrize(("r", "row"), [(2, 0.9299), (3, 0.8682), (4, 0.8104)])
def test_ssim_of_bicubic_on_set5(data_folder: Path, r: int, row: float) -> None:
    scores = []
    for path in list_images(data_folder / "test" / "Set5" / "HR"):
        large = crop_to_multiple(read_rgb(path), r)
        scores.append(ssim(upscale(downscale(large, r), r), large))
    assert float(np.mean(scores)) == pytest.approx(row, abs=0.001)
