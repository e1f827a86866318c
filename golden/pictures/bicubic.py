"""Bicubic resizing by an integer factor, to the bit as MATLAB's imresize does it on uint8.

Kernel: Keys (1981) with a = -0.5, widened by the factor when shrinking (antialiasing), mirrored
borders. MATLAB runs one pass down the rows, then one along them, and rounds to uint8 after each.

For an integer factor r every kernel argument is a multiple of 1 / (2 r), so every weight is an
integer over one common divisor, and the weights of an output pixel add up to exactly that divisor:
MATLAB's normalisation is already met. Sums are therefore exact and ties are real ties.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_FACTOR", "crop_to_multiple", "downscale", "upscale"]

MAX_FACTOR = 16
"""Largest factor whose sums stay inside int32."""

_BLOCK = 1 << 16  # accumulator entries per block: 256 KiB of int32, stays in the L2 cache


def _check(image: NDArray[np.uint8], r: int) -> None:
    """Raise ValueError unless `image` is uint8 (H, W) or (H, W, C), not empty, and r in range."""
    if isinstance(r, bool) or not isinstance(r, int | np.integer) or not 1 <= r <= MAX_FACTOR:
        raise ValueError(f"r must be an integer from 1 to {MAX_FACTOR}, not {r!r}")
    if image.dtype != np.uint8:
        raise ValueError(f"image must be uint8, not {image.dtype}")
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"image must be (H, W) or (H, W, C) and not empty, not {image.shape}")


def _kernel(t: NDArray[np.int64], one: int) -> NDArray[np.int64]:
    """2 * one**3 times the Keys kernel at t / one, exactly, for integers t."""
    n = np.abs(t)
    near = 3 * n**3 - 5 * n**2 * one + 2 * one**3
    far = -(n**3) + 5 * n**2 * one - 8 * n * one**2 + 4 * one**3
    return np.where(n <= one, near, np.where(n <= 2 * one, far, 0))


def _taps(length: int, r: int, shrink: bool) -> tuple[NDArray[np.int64], NDArray[np.int32], int]:
    """What each output pixel of a pass over `length` input pixels is made of.

    Returns:
        input indices (outputs, P), their weights (outputs, P), and the divisor that each row of
        weights adds up to.
    """
    if shrink:
        out = np.arange(length // r)[:, None]
        source = r * out + np.arange(-2 * r, 3 * r)
        t = 2 * source - (2 * r * out + r - 1)
    else:
        out = np.arange(length * r)[:, None]
        source = (2 * out + 1 - r) // (2 * r) + np.arange(-1, 3)
        t = 2 * r * source - (2 * out + 1 - r)
    weights = _kernel(t, 2 * r)
    used = weights.any(axis=0)
    source, weights = source[:, used] % (2 * length), weights[:, used]
    mirrored = np.where(source < length, source, 2 * length - 1 - source)
    weights //= np.gcd.reduce(weights, axis=None)
    return mirrored, weights.astype(np.int32), int(weights[0].sum())


def _pass(image: NDArray[np.uint8], r: int, shrink: bool) -> NDArray[np.uint8]:
    """Resize axis 0 of uint8 (N, ...) by the factor; uint8 (N / r or N * r, ...)."""
    source, weights, divisor = _taps(image.shape[0], r, shrink)
    lines = image.reshape(image.shape[0], -1)
    result = np.empty((len(source), lines.shape[1]), np.uint8)
    step = max(1, _BLOCK // lines.shape[1])
    for start in range(0, len(source), step):
        block = slice(start, start + step)
        # Half a divisor on top makes the floor below round halves up; what is below zero is cut.
        total = np.full(result[block].shape, divisor // 2, np.int32)
        for index, weight in zip(source[block].T, weights[block].T, strict=True):
            total += lines[index] * weight[:, None]
        total //= divisor
        result[block] = total.clip(0, 255)
    return result.reshape(-1, *image.shape[1:])


def _resize(image: NDArray[np.uint8], r: int, shrink: bool) -> NDArray[np.uint8]:
    """Resize both axes: down the rows first, as MATLAB does when both scales are equal."""
    tall = _pass(np.ascontiguousarray(image), r, shrink)
    wide = _pass(np.ascontiguousarray(tall.swapaxes(0, 1)), r, shrink)
    return np.ascontiguousarray(wide.swapaxes(0, 1))


def crop_to_multiple(image: NDArray[np.uint8], r: int) -> NDArray[np.uint8]:
    """A view of uint8 (H, W) or (H, W, C) cut at the bottom and right to multiples of r.

    Raises ValueError for another dtype or shape, an r outside 1..MAX_FACTOR, or an image smaller
    than r on a side.
    """
    _check(image, r)
    height, width = image.shape[0] // r * r, image.shape[1] // r * r
    if height == 0 or width == 0:
        shape = f"{image.shape[0]} x {image.shape[1]}"
        raise ValueError(f"image must be at least {r} x {r} pixels for a factor {r}, not {shape}")
    return image[:height, :width]


def downscale(image: NDArray[np.uint8], r: int) -> NDArray[np.uint8]:
    """Shrink uint8 (H, W) or (H, W, C) to (H // r, W // r[, C]), antialiased.

    The low-resolution image of the super-resolution papers; the image is first cropped to a
    multiple of r. Raises the ValueErrors of `crop_to_multiple`.
    """
    return _resize(crop_to_multiple(image, r), r, shrink=True)


def upscale(image: NDArray[np.uint8], r: int) -> NDArray[np.uint8]:
    """Enlarge uint8 (H, W) or (H, W, C) to (H r, W r[, C]): the papers' bicubic baseline.

    Raises ValueError for another dtype or shape or an r outside 1..MAX_FACTOR.
    """
    _check(image, r)
    return _resize(image, r, shrink=False)
