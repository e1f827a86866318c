"""Requantise: an accumulator becomes the code of the next layer, by the one rounding rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.channel_ranges import ClampedLayer
from lutscale.golden.layers.layer import Array
from lutscale.golden.rounding import round_shift_clamp
from lutscale.golden.symmetry import Turns
from lutscale.golden.validate import require_array, require_int
from lutscale.golden.value import ValueType

__all__ = ["Requantise"]

_MULTIPLIER_BITS = 16


@dataclass(frozen=True, eq=False)
class Requantise(ClampedLayer):
    """``clamp(((acc + bias) * multiplier + (1 << (shift - 1))) >> shift, lo, hi)`` per channel.

    Attributes:
        multiplier: int32 (channels,), each 0..65535; wired constants, not table bytes.
        shift: 1..40.
        lo, hi: the range of the output.
        bias: added first. A bias of -(d // 2) with a multiplier of 1/d (d even) makes the
            result the floor of acc / d.
        even_divisor: 0, or d when the ratio stands for a division by d and halves of it go to
            the even neighbour, as torch.round has them; only for tables whose authors did so.
        channel_lo, channel_hi: narrower ranges of single channels; None for ``lo..hi`` in all.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: ClassVar[str] = "requantise"

    multiplier: npt.NDArray[np.integer]
    shift: int
    lo: int
    hi: int
    bias: int = 0
    even_divisor: int = 0
    channel_lo: tuple[int, ...] | None = None
    channel_hi: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        multiplier = require_array(
            "multiplier", self.multiplier, (None,), 0, (1 << _MULTIPLIER_BITS) - 1
        )
        object.__setattr__(self, "multiplier", multiplier)
        require_int("shift", self.shift, 1, 40)
        require_int("lo", self.lo, -(1 << 31), (1 << 31) - 1)
        require_int("hi", self.hi, self.lo, (1 << 31) - 1)
        require_int("bias", self.bias, -(1 << 31), (1 << 31) - 1)
        require_int("even_divisor", self.even_divisor, 0, 0xFFFF)
        self.check_channel_ranges()

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        channels = types[-1].channels
        if len(self.multiplier) != channels:
            raise ValueError(
                f"multiplier must have {channels} numbers, one a channel, not "
                f"{len(self.multiplier)}"
            )
        self.check_channel_counts(channels)
        low, high = zip(*(self.range_of(c) for c in range(channels)), strict=True)
        return ValueType(channels, min(low), max(high), types[-1].scale)

    def reference(self, values: Sequence[Array]) -> Array:
        acc = values[-1]
        out = np.empty_like(acc)
        for place, number in np.ndenumerate(acc):
            biased = int(number) + self.bias
            product = biased * int(self.multiplier[place[0]])
            rounded = (product + (1 << (self.shift - 1))) >> self.shift
            if self.even_divisor and rounded % 2:
                # The multiplier is a little off: a half may have gone either way.
                for away in (-1, 1):
                    if 2 * biased == (2 * rounded + away) * self.even_divisor:
                        rounded += away
                        break
            low, high = self.range_of(place[0])
            out[place] = min(max(rounded, low), high)
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        multiplier = self.multiplier[:, None, None].astype(np.int64)
        acc = values[-1].astype(np.int64) + self.bias
        low, high = self.ranges(len(acc))
        if not self.even_divisor:
            return round_shift_clamp(acc, multiplier, self.shift, low, high)
        rounded = (acc * multiplier + (1 << (self.shift - 1))) >> self.shift
        beyond = 2 * (acc - rounded * self.even_divisor)
        odd = (rounded & 1).astype(bool)
        rounded += odd & (beyond == self.even_divisor)
        rounded -= odd & (beyond == -self.even_divisor)
        return np.clip(rounded, low, high).astype(np.int32)

    def turns(self, turns: Sequence[Turns]) -> Turns:
        for channels in turns[-1]:
            if not np.array_equal(self.multiplier[list(channels)], self.multiplier):
                raise ValueError("multiplier must be the same for channels that change places")
        self.check_ranges_in_turns(turns[-1])
        return turns[-1]

    def summary(self, given: ValueType, made: ValueType) -> str:
        return f"{made.channels} channels to {self.lo}..{self.hi}"

    @property
    def constant_bits(self) -> int:
        return len(self.multiplier) * _MULTIPLIER_BITS

    def params(self) -> dict[str, Any]:
        return {
            "multiplier": self.multiplier.tolist(),
            "shift": self.shift,
            "lo": self.lo,
            "hi": self.hi,
            **({"bias": self.bias} if self.bias else {}),
            **({"even_divisor": self.even_divisor} if self.even_divisor else {}),
            **({"channel_lo": list(self.channel_lo)} if self.channel_lo else {}),
            **({"channel_hi": list(self.channel_hi)} if self.channel_hi else {}),
        }

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        multiplier = params["multiplier"]
        # A text among them would make all of them as long.
        if not isinstance(multiplier, list) or not all(
            isinstance(m, int | float) for m in multiplier
        ):
            raise TypeError(f"multiplier must be a list of integers, not {multiplier!r}")
        multiplier = np.asarray(multiplier)
        return cls(
            multiplier,
            params["shift"],
            params["lo"],
            params["hi"],
            params.get("bias", 0),
            params.get("even_divisor", 0),
            params.get("channel_lo"),
            params.get("channel_hi"),
        )
