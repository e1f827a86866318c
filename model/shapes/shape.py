"""The layers of a network without their numbers, in the order of the program it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lutscale.golden.symmetry import Offset
from lutscale.golden.task import ENLARGE, Task

__all__ = ["Add", "Codes", "LayerShape", "Shape", "Shift", "Shuffle", "Taps"]


@dataclass(frozen=True)
class Taps:
    """Tap tables.

    Attributes:
        in_channels, out_channels, kernel: as golden's, with all shares of tied tables.
        nodes: tables interpolated between so many; None for direct ones.
        entry_bits, code_bits, code_signed, fraction_bits, groups, symmetry, role: as golden's.
        learn_nodes: whether training moves the nodes from uniform positions.
        spread: standard deviation of the output when training starts, in units of 128 codes.
    """

    in_channels: int
    out_channels: int
    kernel: tuple[int, int]
    nodes: int | None
    entry_bits: int
    code_bits: int
    code_signed: bool
    fraction_bits: int
    groups: int = 1
    symmetry: str | None = None
    role: str | None = None
    learn_nodes: bool = True
    spread: float = 0.5


@dataclass(frozen=True)
class Codes:
    """Requantise: into ``lo..hi``, ``factor`` steps for a unit of the input."""

    lo: int
    hi: int
    factor: float = 1.0


@dataclass(frozen=True)
class Add:
    """Residual: value number ``source`` is added; as golden's."""

    source: int
    lo: int
    hi: int
    upsample: str = "none"
    scale: int = 1


@dataclass(frozen=True)
class Shift:
    """Channel shift: where each channel reads."""

    offsets: tuple[Offset, ...]


@dataclass(frozen=True)
class Shuffle:
    """Pixel shuffle."""

    scale: int


LayerShape = Taps | Codes | Add | Shift | Shuffle


@dataclass(frozen=True)
class Shape:
    """A network.

    Attributes:
        scale: r.
        layers: in order.
        shared: numbers of layers that read the tables of an earlier one, and of those.
        quantisers: numbers of layers with tables of their own that have the node positions of an
            earlier one in common, and of those.
        symmetry: that the result has, as in a program.
        task: what it is for.
    """

    scale: int
    layers: tuple[LayerShape, ...]
    shared: Mapping[int, int] = field(default_factory=dict)
    quantisers: Mapping[int, int] = field(default_factory=dict)
    symmetry: str | None = None
    task: Task = ENLARGE

    @property
    def functions(self) -> int:
        """(input channel, tap, output channel) triples a pixel."""
        return sum(
            layer.in_channels // layer.groups * layer.kernel[0] * layer.kernel[1]
            * layer.out_channels
            for layer in self.layers
            if isinstance(layer, Taps)
        )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns of the picture that a pixel of the result depends on, the frame's own
        upsampling apart.
        """
        rows = columns = 1
        for layer in self.layers:
            if isinstance(layer, Taps):
                height, width = layer.kernel
            elif isinstance(layer, Shift):
                height, width = (2 * max(abs(o[k]) for o in layer.offsets) + 1 for k in range(2))
            else:
                continue
            rows, columns = rows + height - 1, columns + width - 1
        return rows, columns
