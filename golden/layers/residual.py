"""Residual: add an earlier value, as it is or upsampled to the r x r patch of each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.channel_ranges import ClampedLayer, require_numbers
from lutscale.golden.layers.layer import Array
from lutscale.golden.symmetry import Turns, patch_turns
from lutscale.golden.validate import require_choice, require_int
from lutscale.golden.value import ValueType

__all__ = ["UPSAMPLINGS", "Residual", "bilinear_taps"]

UPSAMPLINGS = ("none", "nearest", "bilinear")

_OPTIONAL = ("channels", "channel_lo", "channel_hi")


def bilinear_taps(scale: int) -> npt.NDArray[np.int32]:
    """Exact integer weights of half-pixel-centred bilinear upsampling, one axis.

    Returns:
        int32 (scale, 3): for each of the ``scale`` phases, the weights of the pixels before,
        at and after. Every row adds to the denominator: ``2 * scale`` when scale is even,
        ``scale`` when it is odd, so that x3 has exact thirds.
    """
    unit = 1 if scale % 2 else 2
    taps = np.zeros((scale, 3), np.int32)
    for phase in range(scale):
        offset = (2 * phase + 1 - scale) * unit // 2
        taps[phase] = max(-offset, 0), scale * unit - abs(offset), max(offset, 0)
    return taps


@dataclass(frozen=True)
class Residual(ClampedLayer):
    """``out = clamp(in + gain * up(source), lo, hi)``.

    With `upsample` "none", up is the identity. Otherwise the source's channel c becomes
    channels ``c*r*r + i*r + j``: the pixel (i, j) of the r x r patch. "nearest" repeats the
    pixel; "bilinear" is the sum of neighbours times the integer weights of `bilinear_taps` on
    both axes, not divided: its unit is 1/denominator**2, kept until the next requantise.
    Borders replicate the edge pixel.

    Attributes:
        source: number of the value added (0 the frame, k + 1 the output of layer k).
        upsample: one of `UPSAMPLINGS`.
        scale: r, 2..4 when upsampling; 1 when not.
        gain: 1..65535, the source's unit in units of the input.
        lo, hi: the range of the output.
        channels: which channel of the source each channel of the input adds; None for its own.
            Only with `upsample` "none".
        channel_lo, channel_hi: narrower ranges of single channels; None for ``lo..hi`` in all.
    """

    kind: ClassVar[str] = "residual"

    source: int
    upsample: str = "none"
    scale: int = 1
    gain: int = 1
    lo: int = -(1 << 31)
    hi: int = (1 << 31) - 1
    channels: tuple[int, ...] | None = None
    channel_lo: tuple[int, ...] | None = None
    channel_hi: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        require_int("source", self.source, 0, 4096)
        require_choice("upsample", self.upsample, UPSAMPLINGS)
        if self.upsample == "none":
            require_int("scale", self.scale, 1, 1)
        else:
            require_int("scale", self.scale, 2, 4)
        require_int("gain", self.gain, 1, 0xFFFF)
        require_int("lo", self.lo, -(1 << 31), (1 << 31) - 1)
        require_int("hi", self.hi, self.lo, (1 << 31) - 1)
        if self.channels is not None and self.upsample != "none":
            raise ValueError(f"channels must be None with upsample {self.upsample!r}")
        if self.channels is not None:
            numbers = require_numbers("channels", self.channels, 0, 4095)
            object.__setattr__(self, "channels", numbers)
        self.check_channel_ranges()

    @property
    def sources(self) -> tuple[int, ...]:
        return (self.source,)

    @property
    def source_reach(self) -> tuple[int, int, int, int]:
        return (1, 1, 1, 1) if self.upsample == "bilinear" else (0, 0, 0, 0)

    @property
    def peak(self) -> int:
        """What a source pixel of 1 everywhere adds to each output."""
        if self.upsample != "bilinear":
            return self.gain
        return self.gain * int(bilinear_taps(self.scale)[0].sum()) ** 2

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        if self.source >= len(types):
            raise ValueError(
                f"source must be the number of an earlier value (0..{len(types) - 1}), not "
                f"{self.source}"
            )
        given, source = types[-1], types[self.source]
        if source.scale != given.scale:
            raise ValueError(
                f"residual source must have its input's scale {given.scale}, not {source.scale}"
            )
        channels = source.channels * self.scale**2
        if self.channels is not None:
            top = max(self.channels)
            if top >= source.channels:
                raise ValueError(f"channels must be in 0..{source.channels - 1}, not {top}")
            channels = len(self.channels)
        if channels != given.channels:
            raise ValueError(f"residual source must give {given.channels} channels, not {channels}")
        self.check_channel_counts(channels)
        lowest, highest = (given.lo + self.peak * source.lo, given.hi + self.peak * source.hi)
        ranges = [self.range_of(o) for o in range(channels)]
        low = min(min(max(lowest, first), last) for first, last in ranges)
        high = max(min(max(highest, first), last) for first, last in ranges)
        return ValueType(given.channels, low, high, given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        given, source, r = values[-1], values[self.source], self.scale
        out = np.empty_like(given)
        _, height, width = given.shape
        for o, y, x in np.ndindex(*given.shape):
            i, j = o // r % r, o % r
            plane = source[o // r**2 if self.channels is None else self.channels[o]]
            if self.upsample == "bilinear":
                weights = bilinear_taps(r)
                added = 0
                for dy, dx in np.ndindex(3, 3):
                    row = min(max(y + dy - 1, 0), height - 1)
                    column = min(max(x + dx - 1, 0), width - 1)
                    added += int(weights[i, dy]) * int(weights[j, dx]) * int(plane[row, column])
            else:
                added = int(plane[y, x])
            low, high = self.range_of(o)
            out[o, y, x] = min(max(int(given[o, y, x]) + self.gain * added, low), high)
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        given, source, r = values[-1], values[self.source].astype(np.int64), self.scale
        _channels, height, width = source.shape
        if self.upsample == "bilinear":
            padded = np.pad(source, ((0, 0), (1, 1), (1, 1)), mode="edge")
            weights = bilinear_taps(r).astype(np.int64)
            rows = np.stack([padded[:, d : d + height] for d in range(3)])
            rows = np.einsum("id,dchw->cihw", weights, rows)
            columns = np.stack([rows[..., d : d + width] for d in range(3)])
            source = np.einsum("jd,dcihw->cijhw", weights, columns)
            source = source.reshape(given.shape)
        elif self.upsample == "nearest":
            source = np.repeat(source, r * r, axis=0)
        elif self.channels is not None:
            source = source[list(self.channels)]
        added: Array = np.clip(given + self.gain * source, *self.ranges(len(given)))
        added = added.astype(np.int32)
        return added

    def turns(self, turns: Sequence[Turns]) -> Turns:
        added = turns[self.source]
        if self.upsample != "none":
            added = patch_turns(added, self.scale)
        elif self.channels is not None:
            raise ValueError("channels must be None where symmetries are kept")
        if added != turns[-1]:
            raise ValueError("residual source must change places in turns as the input does")
        self.check_ranges_in_turns(turns[-1])
        return turns[-1]

    def summary(self, given: ValueType, made: ValueType) -> str:
        source = "frame" if self.source == 0 else f"output of layer {self.source - 1}"
        return f"adds {source}" + (f", {self.upsample}" if self.upsample != "none" else "")

    def params(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "upsample": self.upsample,
            "scale": self.scale,
            "gain": self.gain,
            "lo": self.lo,
            "hi": self.hi,
            **{name: list(getattr(self, name)) for name in _OPTIONAL if getattr(self, name)},
        }

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        fields = ("source", "upsample", "scale", "gain", "lo", "hi")
        return cls(
            *(params[field] for field in fields), *(params.get(field) for field in _OPTIONAL)
        )
