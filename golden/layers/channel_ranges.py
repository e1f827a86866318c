"""Layers whose every output channel may be clamped to a range of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.symmetry import Turns
from lutscale.golden.validate import require_int

__all__ = ["ClampedLayer", "require_numbers"]


def require_numbers(name: str, given: Any, low: int, high: int) -> tuple[int, ...]:
    """Return a list of integers in ``low..high`` as a tuple of plain ints.

    Raises:
        TypeError: it is no list, or empty, or holds something else.
        ValueError: a number lies outside the range; ``name[k]`` is named.
    """
    if not isinstance(given, list | tuple) or not given:
        raise TypeError(f"{name} must be a list of integers, not {given!r}")
    return tuple(require_int(f"{name}[{k}]", number, low, high) for k, number in enumerate(given))


class ClampedLayer(Layer):
    """What `lo`, `hi` and the narrower `channel_lo` and `channel_hi` of a layer mean.

    Attributes:
        lo, hi: the range of the output.
        channel_lo, channel_hi: narrower ranges of single channels; None for ``lo..hi`` in all.
    """

    lo: int
    hi: int
    channel_lo: tuple[int, ...] | None
    channel_hi: tuple[int, ...] | None

    def check_channel_ranges(self) -> None:
        """Make tuples of the ranges; TypeError and ValueError as `require_numbers` and
        `require_int` raise them.
        """
        for name in ("channel_lo", "channel_hi"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, require_numbers(name, given, self.lo, self.hi))
        if self.channel_lo is not None and self.channel_hi is not None:
            for o, (low, high) in enumerate(zip(self.channel_lo, self.channel_hi, strict=False)):
                require_int(f"channel_hi[{o}]", high, low, self.hi)

    def check_channel_counts(self, channels: int) -> None:
        """ValueError where there is not one range for each of ``channels``."""
        for name in ("channel_lo", "channel_hi"):
            numbers = getattr(self, name)
            if numbers is not None and len(numbers) != channels:
                raise ValueError(f"{name} must have {channels} numbers, not {len(numbers)}")

    def range_of(self, channel: int) -> tuple[int, int]:
        """What output ``channel`` is clamped to."""
        low = self.lo if self.channel_lo is None else self.channel_lo[channel]
        high = self.hi if self.channel_hi is None else self.channel_hi[channel]
        return low, high

    def ranges(self, channels: int) -> tuple[Array, Array]:
        """int32 (channels, 1, 1) each: what all channels are clamped to."""
        ranges = np.array([self.range_of(o) for o in range(channels)], np.int32)
        return ranges[:, 0, None, None], ranges[:, 1, None, None]

    def check_ranges_in_turns(self, turns: Turns) -> None:
        """ValueError where channels change places in turns, but differ in their ranges."""
        for channels in turns:
            if any(self.range_of(c) != self.range_of(o) for o, c in enumerate(channels)):
                raise ValueError("ranges must be the same for channels that change places")
