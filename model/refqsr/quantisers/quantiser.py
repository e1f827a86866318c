"""What every quantiser of activations offers: observe, fake-quantise, export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.golden.validate import require_int

__all__ = ["Codes", "Quantiser"]


@dataclass(frozen=True)
class Codes:
    """What codes mean: ``value = step * code + zero``.

    Attributes:
        step: positive.
        zero: the value of code 0.
        lo, hi: first and last code.
    """

    step: float
    zero: float
    lo: int
    hi: int


class Quantiser(nn.Module):
    """Makes codes of activations, in floats, with gradients for what it has learnt.

    In training the first `WARM` batches are observed before they are quantised; the statistics
    are part of the state, so that a run goes on where it was.

    Args:
        bits: 2..8.

    Raises:
        TypeError, ValueError: "bits must be in 2..8, not ...".
    """

    WARM: ClassVar[int] = 50
    name: ClassVar[str]

    seen: Tensor

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = require_int("bits", bits, 2, 8)
        self.register_buffer("seen", torch.tensor(0))
        self.learning = True

    def forward(self, x: Tensor, steps: Tensor | None = None) -> Tensor:
        """``x`` as its codes' values; observed first, where there is need of it.

        Args:
            x: float (batch, channels, height, width).
            steps: (batch, 2), mean steps down and right of the picture, for CADyQ.
        """
        self.learning = not (self.training and int(self.seen) < self.WARM)
        if not self.learning:
            self.observe(x.detach())
        return self.fake_quantise(x, steps)

    @torch.no_grad()
    def observe(self, x: Tensor) -> None:
        """Take the statistics of a batch."""
        self._observe(x)
        self.seen += 1

    def fake_quantise(self, x: Tensor, steps: Tensor | None = None) -> Tensor:
        """``x`` as its codes' values; InputError before any statistics."""
        self._check_seen()
        return self._quantise(x, steps)

    def export(self) -> Codes:
        """The codes of the trained quantiser; InputError before any statistics, or where codes
        depend on the picture.
        """
        self._check_seen()
        return self._export()

    def _check_seen(self) -> None:
        if not int(self.seen):
            raise InputError(
                f"{self.name} must observe activations before it quantises them, but has seen none"
            )

    def _observe(self, x: Tensor) -> None:
        raise NotImplementedError

    def _quantise(self, x: Tensor, steps: Tensor | None) -> Tensor:
        raise NotImplementedError

    def _export(self) -> Codes:
        raise InputError(f"{self.name} has no fixed codes, which an integer program must have")

    def _learnt(self, bound: nn.Parameter) -> Tensor:
        """A bound as it is used: while it is still observed, it moves and has no gradient."""
        return bound if self.learning else bound.detach().clone()

    def bounds(self) -> list[nn.Parameter]:
        """What is learnt at a faster rate than weights."""
        return []

    def project(self) -> None:
        """Bring parameters back to what has a meaning, after an optimiser's step."""

    def moving_mean(self, kept: Tensor, new: Tensor) -> Tensor:
        """The mean of all batches so far, of at most about 30."""
        share = 1 / min(int(self.seen) + 1, 30)
        return kept * (1 - share) + new * share
