"""How a network is trained: the numbers of a run, as its program's provenance keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.model.losses import LOSSES

__all__ = ["GRADIENTS", "OPTIMISERS", "Recipe"]

GRADIENTS = ("float32", "bfloat16")
"""To what numbers may be rounded that gradients are computed of; names in torch."""

OPTIMISERS = ("adam", "muon")
"""What moves the weights."""


@dataclass(frozen=True)
class Recipe:
    """How to train; written into the program's provenance.

    Attributes:
        steps, batch, patch: optimiser steps, patches a step, LR side of a patch.
        rate: peak of the learning rate (linear warm-up, then cosine to a hundredth).
        average: decay of the moving average of the weights, which is what is exported.
        seed: of the start and of the patches.
        check: steps between looks at the validation split.
        loss: "l1", "l2", "l1+l2", their mean, or "psnr", the mean of the patches' negative PSNR.
        tables: share of the steps, the last ones, in which tables that are enumerated from
            networks train as entries of their own.
        late_patch: side of a patch in the last quarter of the steps; 0 keeps `patch`.
        candidates: patches drawn for each one taken, the one with most detail.
        start: checkpoint, or program (a file, or a name of the zoo), to start from: of a network
            of the same shape, or of a smaller one (see `model.growth`), or of another scale (all
            but the last tables); "" starts anew.
        teacher: checkpoint (``last.pt``) of another network of the same scale, or any network
            saved by ``torch.export.save`` (``.pt2``), whose results are learnt from as well
            (knowledge distillation); "" for none.
        distil: share of the loss that is the distance from the teacher.
        teacher_turns: whether the teacher's result is the mean of those of the patch turned and
            mirrored in all eight ways, each turned back.
        keep: share of the functions of each layer of interpolated tap tables that stay, those
            that vary most at the start; the others are left out from the first step.
        gradients: "float32" or "bfloat16": to what the numbers are rounded that the gradients of
            interpolated tap tables, and of lines, are computed of. Results and weights stay in
            float32.
        optimiser: "adam", or "muon" for tables between the first and the last that are
            interpolated, or lines, and Adam for all else; see `model.muon`.
        options: arguments of the system that are not its own, as `model.systems.build` takes.
    """

    steps: int = 30_000
    batch: int = 16
    patch: int = 32
    rate: float = 8e-4
    average: float = 0.999
    seed: int = 1
    check: int = 1000
    loss: str = "l1"
    tables: float = 0.6
    late_patch: int = 0
    candidates: int = 1
    start: str = ""
    teacher: str = ""
    distil: float = 0.5
    teacher_turns: bool = False
    keep: float = 1.0
    gradients: str = "float32"
    optimiser: str = "adam"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise InputError(f"loss must be one of {', '.join(LOSSES)}, not {self.loss!r}")
        if self.gradients not in GRADIENTS:
            raise InputError(
                f"gradients must be one of {', '.join(GRADIENTS)}, not {self.gradients!r}"
            )
        if self.optimiser not in OPTIMISERS:
            raise InputError(
                f"optimiser must be one of {', '.join(OPTIMISERS)}, not {self.optimiser!r}"
            )
        if not 0 <= self.tables <= 1:
            raise InputError(f"tables must be a share in 0..1, not {self.tables}")
        if self.candidates < 1:
            raise InputError(f"candidates must be 1 or more, not {self.candidates}")
        if not 0 <= self.distil <= 1:
            raise InputError(f"distil must be a share in 0..1, not {self.distil}")
        if not 0 < self.keep <= 1:
            raise InputError(f"keep must be a share above 0, up to 1, not {self.keep}")

    def rate_at(self, step: int) -> float:
        warm = max(1, min(500, self.steps // 10))
        if step < warm:
            return self.rate * (step + 1) / warm
        progress = (step - warm) / max(1, self.steps - warm)
        return self.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
