"""CADyQ (ECCV 2022): the precision of a layer is chosen for each picture or patch."""

from __future__ import annotations

from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.refqsr.quantisers.pams import Pams
from lutscale.model.refqsr.quantisers.quantiser import Quantiser

__all__ = ["CHOICES", "Cadyq"]

CHOICES = (4, 6, 8)
"""Bits to choose from."""


class Cadyq(Quantiser):
    """Three PAMS quantisers, and a linear layer that chooses one of them.

    It reads the picture's mean steps down and right and the standard deviation of each channel.
    Forward, the highest score wins; backward, the result is the mixture of all three by the
    softmax of the scores. At the start 8 bits win.

    Attributes:
        chosen: (batch,), the bits of the last batch, with the mixture's gradient; None before.
    """

    name: ClassVar[str] = "CADyQ"

    def __init__(self, channels: int) -> None:
        super().__init__(max(CHOICES))
        self.levels = nn.ModuleDict({str(bits): Pams(bits) for bits in CHOICES})
        self.score = nn.Linear(2 + channels, len(CHOICES))
        nn.init.zeros_(self.score.weight)
        with torch.no_grad():
            self.score.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
        self.chosen: Tensor | None = None

    def level(self, bits: int) -> Pams:
        """The quantiser of a precision; InputError when it is none of the choices."""
        if bits not in CHOICES:
            raise InputError(f"bits must be one of {CHOICES} with CADyQ, not {bits}")
        return cast(Pams, self.levels[str(bits)])

    def _observe(self, x: Tensor) -> None:
        for bits in CHOICES:
            self.level(bits).observe(x)

    def scores(self, x: Tensor, steps: Tensor) -> Tensor:
        """(batch, 3), of activations and of the picture's steps (batch, 2)."""
        spread = x.detach().flatten(2).std(2, correction=0)
        made: Tensor = self.score(torch.cat([steps.detach(), spread], 1))
        return made

    def _quantise(self, x: Tensor, steps: Tensor | None) -> Tensor:
        if steps is None:
            raise InputError("CADyQ must know the steps of the picture, but was given none")
        soft = F.softmax(self.scores(x, steps), 1)
        hard = F.one_hot(soft.argmax(1), len(CHOICES)).to(soft)
        share = hard + soft - soft.detach()
        self.chosen = share @ torch.tensor(CHOICES).to(soft)
        for bits in CHOICES:
            self.level(bits).learning = self.learning
        made = torch.stack([self.level(bits).fake_quantise(x) for bits in CHOICES], 1)
        return (share[:, :, None, None, None] * made).sum(1)

    def bounds(self) -> list[nn.Parameter]:
        """Those of all precisions, and the scores: at the rate of weights a choice never falls."""
        return [b for bits in CHOICES for b in self.level(bits).bounds()] + [
            *self.score.parameters()
        ]

    def project(self) -> None:
        for bits in CHOICES:
            self.level(bits).project()
