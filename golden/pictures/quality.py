"""PSNR and SSIM as the super-resolution papers measure them, on the luma of 8-bit results.

The luma is BT.601, studio range 16..235, with MATLAB's rgb2ycbcr coefficients and not rounded:
that is what gives the papers' bicubic rows (Set5 33.67/30.40/28.43 dB; rounded, x2 falls to 33.64).
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["luma", "psnr", "ssim"]

_PEAK = 255.0
_WINDOW = 11
_SIGMA = 1.5


def _check_image(name: str, image: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `image` is uint8 (H, W) or (H, W, 3) and not empty."""
    if image.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8, not {image.dtype}")
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or image.size == 0:
        raise ValueError(f"{name} must be (H, W) or (H, W, 3) and not empty, not {image.shape}")


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The BT.601 luma of uint8 (H, W, 3) RGB: float64 (H, W), 16..235, not rounded.

    Raises ValueError for another dtype or shape.
    """
    _check_image("rgb", rgb)
    if rgb.ndim != 3:
        raise ValueError(f"rgb must be (H, W, 3), not {rgb.shape}")
    red, green, blue = (rgb[:, :, k].astype(np.float64) for k in range(3))
    return 16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0


def _pair(
    a: NDArray[np.uint8], b: NDArray[np.uint8], shave: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two planes to compare, float64 (H - 2 shave, W - 2 shave)."""
    _check_image("a", a)
    _check_image("b", b)
    if a.shape != b.shape:
        raise ValueError(f"b must be {a.shape} like a, not {b.shape}")
    if isinstance(shave, bool) or not isinstance(shave, int | np.integer) or shave < 0:
        raise ValueError(f"shave must be an integer from 0, not {shave!r}")
    if 2 * shave >= min(a.shape[:2]):
        raise ValueError(f"shave must be less than half of {min(a.shape[:2])}, not {shave}")
    inner = (slice(shave, a.shape[0] - shave), slice(shave, a.shape[1] - shave))
    if a.ndim == 2:
        return a[inner].astype(np.float64), b[inner].astype(np.float64)
    return luma(a[inner]), luma(b[inner])


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8], shave: int = 0) -> float:
    """The PSNR in dB, peak 255, with `shave` pixels cut on each side.

    uint8 (H, W, 3) is compared by luma, uint8 (H, W) as it is; equal images give infinity. The
    papers shave r pixels. Raises ValueError for another dtype, unequal shapes or too large a shave.
    """
    first, second = _pair(a, b, shave)
    error = float(np.mean((first - second) ** 2))
    return math.inf if error == 0 else 10.0 * math.log10(_PEAK**2 / error)


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8], shave: int = 0) -> float:
    """The mean SSIM (Wang et al. 2004): 11 x 11 Gaussian, sigma 1.5, whole windows only.

    Written out here, since the library that has it brings 200 MB; a test compares the two.
    Takes what `psnr` takes; the papers' tables shave nothing here. Raises ValueError as `psnr`
    does, and for images smaller than the window.
    """
    first, second = _pair(a, b, shave)
    if min(first.shape) < _WINDOW:
        size = f"{first.shape[0]} x {first.shape[1]}"
        raise ValueError(f"what is compared must be at least {_WINDOW} x {_WINDOW}, not {size}")
    mean_1, mean_2 = _blurred(first), _blurred(second)
    variances = _blurred(first**2) - mean_1**2 + _blurred(second**2) - mean_2**2
    covariance = _blurred(first * second) - mean_1 * mean_2
    c1, c2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
    score = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
    score /= (mean_1**2 + mean_2**2 + c1) * (variances + c2)
    return float(score.mean())


def _blurred(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian means over whole windows: float64 (H - 10, W - 10) of (H, W)."""
    taps = np.exp(-0.5 * ((np.arange(_WINDOW) - _WINDOW // 2) / _SIGMA) ** 2)
    taps /= taps.sum()
    for _ in range(2):
        count = len(plane) - _WINDOW + 1
        rows = np.zeros((count, plane.shape[1]))
        for k, tap in enumerate(taps):
            rows += tap * plane[k : k + count]
        # The other axis comes next, and the first one back.
        plane = rows.T
    return plane
