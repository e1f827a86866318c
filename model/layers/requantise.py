"""Twin of golden/layers/requantise.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lutscale.golden.layers import Requantise
from lutscale.model.layers.operations import clamped
from lutscale.model.layers.twin import Twin, round_through
from lutscale.model.shapes.multipliers import multipliers

__all__ = ["DiscretiseTwin", "RequantiseTwin", "requantised"]

# A scale as multiplier and shift. Beyond 1 there would be codes that never occur.
_SHIFT = 14
_LEAST = 0.02


def requantised(unit: Tensor) -> Tensor:
    """Units of an accumulator as the 16-bit multipliers they become at a factor of 1 (or another
    power of two), so that training sees what is deployed; the gradient passes.
    """
    shift = torch.floor(torch.log2(65535 / unit.detach().max())).clamp(1, 31)
    return round_through(unit * 2**shift) / 2**shift


class RequantiseTwin(Twin):
    """Round ``(x + bias) * factor / divisor`` into ``lo..hi``.

    Args:
        lo, hi: the range of the output.
        factor: output steps per unit of the input.
        divisor: of an input of integers; halves are exact, which no factor of 1/6 has.
        bias: added first.
    """

    def __init__(
        self, lo: int, hi: int, factor: float = 1.0, *, divisor: int = 1, bias: int = 0
    ) -> None:
        super().__init__()
        self.lo, self.hi, self.factor = lo, hi, factor
        self.divisor, self.bias = divisor, bias

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        scaled = (values[-1] + self.bias) * self.factor / self.divisor
        return round_through(clamped(scaled, self.lo, self.hi))

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Requantise, npt.NDArray[np.float64]]:
        multiplier, shift = multipliers(unit * self.factor / self.divisor)
        layer = Requantise(multiplier, shift, self.lo, self.hi, self.bias)
        return layer, np.ones_like(unit)

    def unit_before(self, layer: Requantise) -> npt.NDArray[np.float64]:
        """(channels,): what one step of the accumulator was worth that ``layer`` was made for."""
        return layer.multiplier / 2.0**layer.shift * (self.divisor / self.factor)

    @staticmethod
    def exact(layer: Requantise, values: Sequence[Tensor]) -> Tensor:
        multiplier = torch.from_numpy(layer.multiplier.astype(np.int64))[:, None, None]
        biased = values[-1] + layer.bias
        rounded = (biased * multiplier + (1 << (layer.shift - 1))) >> layer.shift
        if layer.even_divisor:
            beyond = 2 * biased - 2 * rounded * layer.even_divisor
            odd_half = (beyond.abs() == layer.even_divisor) & (rounded % 2 == 1)
            rounded = rounded + odd_half * beyond.sign()
        low, high = (torch.from_numpy(side) for side in layer.ranges(len(layer.multiplier)))
        return torch.clamp(rounded, low.to(rounded), high.to(rounded))


class DiscretiseTwin(Twin):
    """TinyLUT's dynamic discretisation: codes are values times a scale learnt per channel.

    The tables behind hold only codes that occur, so that the scales decide their size.

    Args:
        ranges: first and last value of each channel.
        scales: at the start, one a channel.
        rotations: shares of the input's channels, which have the same scales.
        most: codes that all channels together may have; scales shrink until they do.
        top: the largest scale.

    Attributes:
        held: whether the scales stay as they are, though there is a gradient.
    """

    held = False

    def __init__(
        self,
        ranges: Sequence[tuple[int, int]],
        scales: Sequence[float],
        *,
        rotations: int = 1,
        most: int | None = None,
        top: float = 1.0,
    ) -> None:
        super().__init__()
        self.ranges, self.rotations, self.most, self.top = tuple(ranges), rotations, most, top
        self.scales = nn.Parameter(torch.tensor(list(scales), dtype=torch.float32))
        self.project()

    def _multipliers(self) -> Tensor:
        return round_through(self.scales * (1 << _SHIFT))

    @torch.no_grad()
    def code_ranges(self) -> list[tuple[int, int]]:
        """First and last code of each channel."""
        half, found = 1 << (_SHIFT - 1), []
        for m, (lo, hi) in zip(self._multipliers().long().tolist(), self.ranges, strict=True):
            first, last = ((value * m + half) >> _SHIFT for value in (lo, hi))
            found.append((max(first, -128), min(last, 127)))
        return found

    @torch.no_grad()
    def project(self) -> None:
        """Shrink all scales alike until there are no more codes than may be."""
        self.scales.clamp_(_LEAST, self.top)
        while (
            self.most is not None
            and sum(last - first + 1 for first, last in self.code_ranges()) > self.most
            and float(self.scales.max()) > _LEAST
        ):
            self.scales.mul_(0.999).clamp_(min=_LEAST)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        multipliers = self._multipliers().repeat(self.rotations)[:, None, None]
        if self.held:
            multipliers = multipliers.detach()
        codes = round_through(values[-1] * multipliers / (1 << _SHIFT))
        return clamped(codes, -128, 127)

    def limits(self) -> tuple[Tensor, Tensor]:
        """(channels,) the first code of each channel, and the last."""
        ends = torch.tensor(self.ranges, dtype=self.scales.dtype, device=self.scales.device)
        multipliers = self._multipliers().detach()[:, None]
        first, last = round_through(ends * multipliers / (1 << _SHIFT)).clamp(-128, 127).T
        return first, last

    @torch.no_grad()
    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Requantise, npt.NDArray[np.float64]]:
        if not np.array_equal(unit, np.ones_like(unit)):
            raise ValueError("requantise input must be values, not an accumulator")
        multipliers = self._multipliers().long().cpu().numpy()
        return Requantise(np.tile(multipliers, self.rotations), _SHIFT, -128, 127), unit

    @torch.no_grad()
    def restore(self, layer: Requantise, unit: npt.NDArray[np.float64] | None) -> None:
        count = len(self.scales) * self.rotations
        if layer.multiplier.shape != (count,) or layer.shift != _SHIFT:
            raise ValueError(
                f"requantise must have {count} channels and a shift of {_SHIFT}, not "
                f"{len(layer.multiplier)} and {layer.shift}"
            )
        scales = layer.multiplier[: len(self.scales)] / (1 << _SHIFT)
        self.scales.copy_(torch.from_numpy(scales))
