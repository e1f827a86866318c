"""A network of twins: trains as a whole, exports a program, and computes its integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lutscale.golden.layers import Layer, Requantise
from lutscale.golden.program import Program
from lutscale.golden.task import ENLARGE, Task
from lutscale.model.layers import KINDS, RequantiseTwin, Twin

__all__ = ["Network", "run_exact"]


class Network(nn.Module):
    """A list of twins; the value numbers are those of the program it exports.

    Attributes:
        planes: of the pictures it is trained on: one colour at a time.
        group: patches of one picture that come one after the other in a batch.

    Args:
        scale: r.
        layers: the twins in order; one that stands there again shares its tables.
        task: what the program it exports is for, and what it is trained on.
        symmetry: what the program claims; see `golden.program.Program`.
    """

    planes = 1
    group = 1

    def __init__(
        self,
        scale: int,
        layers: Sequence[Twin],
        task: Task = ENLARGE,
        symmetry: str | None = None,
    ) -> None:
        super().__init__()
        self.scale, self.task, self.symmetry = scale, task, symmetry
        self.layers = nn.ModuleList(layers)

    def forward(self, frame: Tensor) -> Tensor:
        """(batch, 1, h, w) pixels 0..255 -> (batch, 1, h * r, w * r), clamped and rounded."""
        values = [frame]
        for layer in self.layers:
            values.append(layer(values))
        return values[-1]

    def _twins(self) -> list[Twin]:
        return [twin for twin in self.layers if isinstance(twin, Twin)]

    def to_tables(self) -> None:
        """Tables enumerated from networks become parameters of their own."""
        for twin in self._twins():
            twin.to_tables()

    def project(self) -> None:
        """Bring parameters back to what can be exported, after an optimiser's step."""
        for twin in self._twins():
            twin.project()

    def penalty(self, teacher: nn.Module | None) -> Tensor | None:
        """What the last batch's result adds to the loss; None adds nothing."""
        return None

    def rates(self) -> Sequence[tuple[list[nn.Parameter], float]]:
        """Parameters with the factor of their learning rate."""
        return [([p for p in self.parameters() if p.requires_grad], 1.0)]

    def lent(self, given: Mapping[str, Tensor], *, rescaled: bool) -> dict[str, Tensor]:
        """The state to start with when another network lends its own.

        Args:
            rescaled: whether that one is of another scale; it then lends all but its last layer
                of tables.
        """
        own = self.state_dict()
        last = list(own)[-1].rpartition(".")[0]
        fresh = {n: own[n] for n in own if rescaled and n.rpartition(".")[0] == last}
        return {**given, **fresh}

    def restore(self, program: Program) -> None:
        """Take the parameters of a program that a network of this shape was exported to.

        What training keeps beside the deployed integers is in no program: weights are at once
        what they round to.

        Raises:
            ValueError: the program is of another shape.
        """
        twins = self._twins()
        if len(program.layers) != len(twins) or program.scale != self.scale:
            raise ValueError(
                f"layers must be {len(twins)} at scale {self.scale}, not {len(program.layers)} "
                f"at scale {program.scale}"
            )
        for k, (twin, layer) in enumerate(zip(twins, program.layers, strict=True)):
            after = twins[k + 1] if k + 1 < len(twins) else None
            unit = None
            if isinstance(after, RequantiseTwin):
                following = program.layers[k + 1]
                if not isinstance(following, Requantise):
                    raise ValueError(f"layer {k + 1} must be requantise, not {following.kind}")
                unit = after.unit_before(following)
            twin.restore(layer, unit)

    def export(self, name: str, provenance: Mapping[str, Any] | None = None) -> Program:
        """The program whose integers the forward pass follows."""
        unit = np.ones(1)
        layers: list[Layer] = []
        owners: dict[int, int] = {}
        shared, quantisers = {}, {}
        for k, twin in enumerate(self._twins()):
            layer, unit = twin.export(unit)
            layers.append(layer)
            if layer.table_bits and owners.setdefault(id(twin), k) != k:
                shared[k] = owners[id(twin)]
            elif twin.quantiser_of[0] is not None:
                quantisers[k] = owners[id(twin.quantiser_of[0])]
        made = dict(provenance or {})
        return Program(
            name, self.scale, tuple(layers), made, shared, self.task, quantisers, self.symmetry
        )


@torch.no_grad()
def run_exact(program: Program, frame: Tensor) -> Tensor:
    """Run a program in torch, in integers: golden's very numbers.

    Args:
        frame: (batch, 1, h, w), any integer type, 0..255.

    Returns:
        int64 (batch, 1, h * r, w * r).
    """
    values = [frame.long()]
    for layer in program.layers:
        values.append(KINDS[layer.kind].exact(layer, values))
    return values[-1]
