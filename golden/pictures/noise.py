"""White Gaussian noise on grey frames: what a denoiser is measured with."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_int

__all__ = ["noisy"]


def noisy(image: npt.NDArray[np.uint8], sigma: float, seed: int) -> npt.NDArray[np.uint8]:
    """A frame with noise of numpy's ``default_rng(seed)``, rounded and clipped to uint8.

    Args:
        image: uint8 (height, width).
        sigma: standard deviation in levels, from 0.
        seed: from 0; the same seed gives the same noise.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 2:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else repr(image)
        raise TypeError(f"image must be a uint8 array (height, width), not {got}")
    if isinstance(sigma, bool) or not isinstance(sigma, int | float | np.number):
        raise TypeError(f"sigma must be a number, not {sigma!r}")
    if not math.isfinite(sigma) or sigma < 0:
        raise ValueError(f"sigma must be a finite number from 0, not {sigma!r}")
    random = np.random.default_rng(require_int("seed", seed, 0, (1 << 63) - 1))
    frame = image + float(sigma) * random.standard_normal(image.shape)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)
