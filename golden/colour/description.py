"""What the components of a pixel are: format, matrix, range and siting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_choice

__all__ = ["FORMATS", "MATRICES", "RANGES", "SITINGS", "Colour"]

FORMATS = ("ycbcr444", "ycbcr422", "ycbcr420", "rgb")
"""What a stream carries, 8 bits a component."""

MATRICES = ("bt601", "bt709")
"""Between RGB and YCbCr: ITU-R BT.601-7 and BT.709-6."""

RANGES = ("full", "video")
"""Of YCbCr: 0..255 in all components, or 16..235 of luma and 16..240 of chroma."""

SITINGS = ("left", "centre")
"""Where a chroma sample lies that two luma samples of a line share: on the left one, or between."""


@dataclass(frozen=True)
class Colour:
    """The colour of a stream.

    Attributes:
        format: one of `FORMATS`. RGB is converted to YCbCr 4:4:4 and back.
        matrix: one of `MATRICES`.
        range: one of `RANGES`, of YCbCr; RGB is 0..255. In the YCbCr formats, matrix and range
            change no integer: they say what the components mean.
        siting: one of `SITINGS`, along a line of 4:2:2 and 4:2:0. The chroma lines of 4:2:0 lie
            midway between two lines of luma.

    Raises:
        ValueError: "X must be one of ..., not ...".
    """

    format: str
    matrix: str = "bt709"
    range: str = "video"
    siting: str = "left"

    def __post_init__(self) -> None:
        require_choice("colour", self.format, FORMATS)
        require_choice("matrix", self.matrix, MATRICES)
        require_choice("range", self.range, RANGES)
        require_choice("siting", self.siting, SITINGS)

    @property
    def across(self) -> int:
        """Luma samples of a line that share a chroma sample."""
        return 2 if self.format in ("ycbcr422", "ycbcr420") else 1

    @property
    def down(self) -> int:
        """Lines of luma that share a line of chroma."""
        return 2 if self.format == "ycbcr420" else 1

    @property
    def components(self) -> int:
        """Components of a pixel in a stream: Cb and Cr take turns where a line has half of them."""
        return 2 if self.across == 2 else 3

    @property
    def pixel_bits(self) -> int:
        """Bits of a pixel in a stream."""
        return 8 * self.components

    @property
    def layout(self) -> str:
        """The components of a pixel in a stream, highest byte first."""
        if self.format == "rgb":
            return "{R, B, G}"
        return "{Cr, Cb, Y}" if self.across == 1 else "{Cb or Cr, Y}"

    def check_size(self, width: int, height: int, prefix: str = "frame ") -> None:
        """Refuse a size in which chroma samples would be left over.

        Args:
            prefix: what the sides are called in front of "width" and "height".

        Raises:
            ValueError: "frame width must be even for ycbcr422, not ...".
        """
        for name, side, share in (("width", width, self.across), ("height", height, self.down)):
            if side % share:
                raise ValueError(f"{prefix}{name} must be even for {self.format}, not {side}")

    def check_planes(self, planes: Sequence[Any]) -> tuple[npt.NDArray[np.uint8], ...]:
        """The three planes of a frame: Y, Cb and Cr, or R, G and B.

        Args:
            planes: uint8 (height, width); chroma as much smaller as the format says.

        Raises:
            TypeError, ValueError: "X must be ..., not ...".
        """
        if len(planes) != 3:
            raise ValueError(f"planes must be three, not {len(planes)}")
        for plane in planes:
            if not isinstance(plane, np.ndarray) or plane.dtype != np.uint8 or plane.ndim != 2:
                got = (
                    f"{plane.dtype} {plane.shape}" if isinstance(plane, np.ndarray) else repr(plane)
                )
                raise TypeError(f"a plane must be a uint8 array (height, width), not {got}")
        height, width = planes[0].shape
        if not planes[0].size:
            raise ValueError(f"frame must have at least one pixel, not shape {planes[0].shape}")
        self.check_size(width, height)
        wanted = (height // self.down, width // self.across)
        for plane in planes[1:]:
            if plane.shape != wanted:
                raise ValueError(
                    f"planes of {self.format} must be {wanted} beside {planes[0].shape}, not "
                    f"{plane.shape}"
                )
        return tuple(planes)
