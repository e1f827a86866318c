"""SRResNet, EDSR, CARN and a light ELAN of mixed precision, with or without RefQSR."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.golden.refqsr.network import Network as GoldenNetwork
from lutscale.golden.task import ENLARGE, Task
from lutscale.golden.validate import require_int
from lutscale.model.refqsr.architecture import Architecture, Convolution
from lutscale.model.refqsr.attention import WindowAttention, shifted
from lutscale.model.refqsr.clust_block import ClustBlock, Clusters, pointers
from lutscale.model.refqsr.convolution import MixedConvolution, Range, WideConvolution
from lutscale.model.refqsr.parts import REFER_BLOCKS, ClustShape, ReferShape, check_blocks
from lutscale.model.refqsr.quantisers import Cadyq, Quantiser
from lutscale.model.refqsr.refer_block import ReferBlock

__all__ = ["MixedNetwork"]

Block = Callable[[int, Tensor], Tensor]

LEVELS = 128.0
"""Of the picture in a unit of the network."""

_ATTENTION = 1e3
# After how many batches the price of a bit of CADyQ has grown tenfold.
_BIT_GROWTH = 10_000


class MixedNetwork(nn.Module):
    """A network as its architecture says, whose body may run at few bits.

    Without a quantiser it has full precision. With `low` bits it is RefQSR: patches of one picture
    come together, some become references of the others.

    Args:
        architecture: its layers.
        quantiser: one of `quantisers.QUANTISERS`, or None for full precision.
        high: activation bits, with RefQSR those of references.
        low: activation bits of queries, or None without RefQSR.
        group: patches of one picture that come one after the other in a batch.
        classes: of ClustBlock.
        bit_price: of a mean bit that CADyQ chooses, in levels of the loss.
        bound_rate: how many times as fast as weights bounds are learnt.

    Raises:
        TypeError, ValueError, InputError: "X must be ..., not ...".
    """

    planes = 3
    task: Task = ENLARGE
    ages: Tensor

    def __init__(
        self,
        architecture: Architecture,
        *,
        quantiser: str | None = None,
        high: int = 8,
        low: int | None = None,
        group: int = 8,
        classes: int = 8,
        bit_price: float = 1e-4,
        bound_rate: float = 10.0,
    ) -> None:
        super().__init__()
        self.bit_price, self.bound_rate = bit_price, bound_rate
        require_int("high", high, 2, 8)
        if low is not None:
            require_int("low", low, 2, high - 1)
            check_blocks(architecture)
            if quantiser is None:
                raise ValueError("quantiser must be given for RefQSR, but is missing")
        self.architecture, self.scale = architecture, architecture.scale
        self.quantiser_name, self.high, self.low = quantiser, high, low
        self.group = group if low is not None else 1
        require_int("group", self.group, 2 if low is not None else 1, 64)
        apart = architecture.family == "elan"
        self.attentions = nn.ModuleList(
            WindowAttention(*architecture.attention(k)) for k in range(apart * architecture.blocks)
        )
        self.convolutions = nn.ModuleDict(
            {
                c.name: self._convolution(c)
                for c in architecture.convolutions
                if not c.name.startswith("attention")
            }
        )
        self.features = Range()
        self.register_buffer("ages", torch.tensor(0))
        self.clust: ClustBlock | None = None
        if low is not None:
            shape = ClustShape(classes=classes)
            self.clust = ClustBlock(shape)
            self.clusters = Clusters(architecture.channels, classes)
            self.refer = nn.ModuleList(
                ReferBlock(ReferShape(architecture.channels)) for _ in range(REFER_BLOCKS)
            )
        # Of the last forward pass: what the penalty needs.
        self.body_result: Tensor | None = None
        self._logits: Tensor | None = None
        self._labels: Tensor | None = None
        self._bits: list[Tensor] = []

    def _convolution(self, spec: Convolution) -> nn.Module:
        if spec.block is None or self.quantiser_name is None:
            return WideConvolution(spec)
        # Queries share the first block, and have RefER in place of the last two.
        between = 0 < spec.block < self.architecture.blocks - REFER_BLOCKS
        low = self.low if between else None
        # A ReLU stands before each second convolution.
        positive = spec.name.endswith("_second")
        return MixedConvolution(spec, self.quantiser_name, self.high, low, positive=positive)

    def forward(self, frame: Tensor) -> Tensor:
        """(batch, 3, h, w) pixels 0..255 -> (batch, 3, h * r, w * r), neither rounded nor clamped.

        With RefQSR each `group` of the batch are patches of one picture.
        """
        x = frame / LEVELS - 1
        steps = _steps(x)
        self._bits = []
        first = self.features(self._head(x))
        if self.clust is None:
            made = self._body(first, lambda k, value: self._block(k, value, "high", steps))
        else:
            made = self._dispatched(x, first, steps)
        self.body_result = made
        return self._tail(frame, made)

    def _head(self, x: Tensor) -> Tensor:
        made: Tensor = self.convolutions["head"](x)
        return F.relu(made) if self.architecture.family == "srresnet" else made

    def _block(self, k: int, x: Tensor, precision: str, steps: Tensor) -> Tensor:
        """A residual block; CARN clamps its sum at zero, in ELAN attention follows."""
        value, family = x, self.architecture.family
        for part in ("first", "second"):
            convolution = self.convolutions[f"block{k}_{part}"]
            value = shifted(value) if family == "elan" else value
            if isinstance(convolution, MixedConvolution):
                value = convolution(value, precision, steps)
                if precision == "high" and isinstance(convolution.high, Cadyq):
                    self._bits.append(cast(Tensor, convolution.high.chosen))
            else:
                value = convolution(value)
            if part == "first":
                value = self.features(F.relu(value))
        made = x + value
        if family == "elan":
            made = self.attentions[k](made)
        return self.features(F.relu(made) if family == "carn" else made)

    def _body(self, first: Tensor, block: Block) -> Tensor:
        """The body and the long skip.

        Args:
            block: what computes a block, by its number.
        """
        if self.architecture.family == "carn":
            return self._cascades(first, block)
        value = first
        for k in range(self.architecture.blocks):
            value = block(k, value)
        return self.features(self.convolutions["after"](value) + first)

    def _cascades(self, first: Tensor, block: Block) -> Tensor:
        """CARN: what all cascades so far gave is joined behind each, and likewise within."""
        outer, whole = first, [first]
        for cascade in range(self.architecture.blocks // 3):
            value, inner = outer, [outer]
            for place in range(3):
                inner.append(block(3 * cascade + place, value))
                join = self.convolutions[f"cascade{cascade}_join{place}"]
                value = F.relu(join(torch.cat(inner, 1)))
            whole.append(value)
            outer = F.relu(self.convolutions[f"join{cascade}"](torch.cat(whole, 1)))
        return outer

    def _dispatched(self, x: Tensor, first: Tensor, steps: Tensor) -> Tensor:
        """The body's result for patches of which some are references of the others."""
        assert self.clust is not None
        shared = self._block(0, first, "high", steps)
        self._labels = self.clusters.labels(shared.detach()) if self.training else None
        self._logits = self.clust(x)
        ends = self._ends(F.softmax(self._logits.detach(), 1), steps.sum(1))
        device = x.device
        leading = torch.tensor([n for n, end in enumerate(ends) if n == end], device=device)
        led = torch.tensor([n for n, end in enumerate(ends) if n != end], device=device)
        entered: dict[int, Tensor] = {}
        last = self.architecture.blocks - REFER_BLOCKS

        def high(k: int, value: Tensor) -> Tensor:
            if k >= last:
                entered[k - last] = value
            return shared[leading] if k == 0 else self._block(k, value, "high", steps[leading])

        results = torch.empty_like(first)
        results = results.index_copy(0, leading, self._body(first[leading], high))
        if not len(led):
            return results
        # Where in `leading` the reference of each query stands.
        places = {int(n): k for k, n in enumerate(leading.tolist())}
        mine = torch.tensor([places[ends[n]] for n in led.tolist()], device=device)

        def low(k: int, value: Tensor) -> Tensor:
            if k == 0:
                return shared[led]
            if k < last:
                return self._block(k, value, "low", steps[led])
            made = self.refer[k - last](value, entered[k - last][mine])
            return cast(Tensor, self.features(made))

        return results.index_copy(0, led, self._body(first[led], low))

    def _ends(self, probabilities: Tensor, details: Tensor) -> list[int]:
        """For each patch of the batch the number of its reference."""
        if self.training and not self.clusters.ready:
            # ClustBlock knows nothing yet: the first patch of each group leads the others.
            return [n // self.group * self.group for n in range(len(probabilities))]
        ends: list[int] = []
        for start in range(0, len(probabilities), self.group):
            own = slice(start, start + self.group)
            ends += [start + end for end in pointers(probabilities[own], details[own])]
        return ends

    def _tail(self, frame: Tensor, made: Tensor) -> Tensor:
        """The enlarged picture, in levels."""
        shape = self.architecture
        value = made
        if shape.direct:
            value = F.pixel_shuffle(self.convolutions["patches"](value), self.scale)
        for k, step in enumerate(shape.steps):
            value = F.pixel_shuffle(self.convolutions[f"upsample{k}"](value), step)
            value = F.relu(value) if shape.family != "edsr" else value
            value = self.features(value)
        if not shape.direct:
            value = self.convolutions["tail"](value)
        if shape.frame_residual:
            below = F.interpolate(
                frame, scale_factor=self.scale, mode="bilinear", align_corners=False
            )
            return value * LEVELS + below
        return (value + 1) * LEVELS

    def penalty(self, teacher: nn.Module | None) -> Tensor:
        """What the last batch's result adds to the loss: the price of CADyQ's bits, ClustBlock's
        distance from the clusters, and, with a teacher, the distance of the body's attention.
        """
        total = torch.zeros((), device=self.ages.device)
        if self.training:
            self.ages += 1
        if self._bits:
            price = self.bit_price * (1 + 9 * min(int(self.ages) / _BIT_GROWTH, 1))
            total = total + price * torch.cat(self._bits).mean()
        if self._labels is not None and self._logits is not None:
            total = total + F.cross_entropy(self._logits, self._labels)
        if isinstance(teacher, MixedNetwork) and self.body_result is not None:
            assert teacher.body_result is not None
            distance = F.mse_loss(_attention(self.body_result), _attention(teacher.body_result))
            total = total + _ATTENTION * distance
        return total

    def quantisers(self) -> list[Quantiser]:
        """All of them, without those that CADyQ chooses among."""
        inner = {id(q) for c in self.modules() if isinstance(c, Cadyq) for q in c.levels.values()}
        return [m for m in self.modules() if isinstance(m, Quantiser) and id(m) not in inner]

    def rates(self) -> Sequence[tuple[list[nn.Parameter], float]]:
        """Parameters with the factor of their rate."""
        bounds = [bound for quantiser in self.quantisers() for bound in quantiser.bounds()]
        own = {id(bound) for bound in bounds}
        others = [p for p in self.parameters() if id(p) not in own]
        return [(others, 1.0), (bounds, self.bound_rate)] if bounds else [(others, 1.0)]

    def to_tables(self) -> None:
        """Nothing here is enumerated."""

    def project(self) -> None:
        """Bring bounds back to what has a meaning, after an optimiser's step."""
        for quantiser in self.quantisers():
            quantiser.project()

    def lent(self, given: Mapping[str, Tensor], *, rescaled: bool) -> dict[str, Tensor]:
        """The state to start with when another network lends its own: convolutions must be there,
        quantisers, ClustBlock and RefER start anew where they are not.

        Args:
            rescaled: whether that one is of another scale; what lies behind the body starts anew.

        Raises:
            RuntimeError: it lacks a convolution.
        """
        behind = tuple(f"convolutions.{part}" for part in ("upsample", "tail", "patches"))
        own = self.state_dict()
        for name in own:
            if rescaled and name.startswith(behind):
                continue
            if name in given:
                own[name] = given[name]
            elif name.startswith("convolutions.") and name.split(".")[2] in ("weight", "bias"):
                raise RuntimeError(f"{name} is missing")
        return own

    def export(self, name: str, provenance: Mapping[str, Any] | None = None) -> GoldenNetwork:
        """The integer network; InputError when there is none of its kind."""
        # It reads this module.
        from lutscale.model.refqsr.export import export

        return export(self, name, provenance or {})


def _steps(x: Tensor) -> Tensor:
    """(batch, 2): mean absolute steps down and right."""
    down = (x[:, :, 1:] - x[:, :, :-1]).abs().mean((1, 2, 3))
    right = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3))
    return torch.stack([down, right], 1)


def _attention(features: Tensor) -> Tensor:
    """Mean square over the channels, of length 1 over each picture (PAMS)."""
    return F.normalize(features.square().mean(1).flatten(1), dim=1)
