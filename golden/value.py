"""The type of a value that travels between layers: so many channels of integers in a range."""

from __future__ import annotations

from dataclasses import dataclass

from lutscale.golden.validate import require_int

__all__ = ["FRAME", "ValueType"]

_LIMIT = 1 << 40


@dataclass(frozen=True)
class ValueType:
    """Channels of integers in ``lo..hi``, at the rate of ``scale`` x ``scale`` per LR pixel.

    Attributes:
        channels: numbers per pixel.
        lo, hi: the exact range; hardware derives every width from it.
        scale: how many times larger than the LR frame the value's plane is, per axis.
    """

    channels: int
    lo: int
    hi: int
    scale: int = 1

    def __post_init__(self) -> None:
        require_int("channels", self.channels, 1, 4096)
        require_int("lo", self.lo, -_LIMIT, _LIMIT)
        require_int("hi", self.hi, self.lo, _LIMIT)
        require_int("scale", self.scale, 1, 16)

    @property
    def signed(self) -> bool:
        """Whether two's complement is needed."""
        return self.lo < 0

    @property
    def bits(self) -> int:
        """The fewest bits (two's complement when signed) that hold every number of the range."""
        if self.signed:
            return 1 + max(self.hi, -self.lo - 1, 0).bit_length()
        return max(self.hi.bit_length(), 1)

    def __str__(self) -> str:
        return f"{self.channels} channels of {self.lo}..{self.hi} at scale {self.scale}"


FRAME = ValueType(channels=1, lo=0, hi=255)
"""The program's input: one plane of uint8 pixels."""
