"""What the networks of RefQSR are made of, in plain numbers.

The torch networks are built from these descriptions, and BitOPs are counted from them, so that
both speak of the same layers. No PyTorch is needed to read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lutscale.golden.validate import require_choice, require_int, require_one_of

__all__ = [
    "ARCHITECTURES",
    "COLOURS",
    "FAMILIES",
    "WINDOW",
    "Architecture",
    "Convolution",
    "carn",
    "edsr",
    "elan",
    "srresnet",
]

COLOURS = 3

FAMILIES = ("srresnet", "edsr", "carn", "elan")

WINDOW = 4
"""Side of the windows of ELAN's attention, which divides the sides of all patches."""

# Residual blocks in each of CARN's cascades.
_CASCADE = 3


@dataclass(frozen=True)
class Convolution:
    """A convolution of stride 1 whose borders are padded.

    Attributes:
        name: of the module, unique in its network.
        inputs, outputs: channels.
        kernel: side.
        rate: how many times larger than the LR picture its plane is, per axis.
        block: number of the residual block it belongs to, 0 and up; None outside of the body,
            where layers keep full precision.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    rate: int = 1
    block: int | None = None

    @property
    def macs(self) -> int:
        """Multiplications for each LR pixel."""
        return self.inputs * self.outputs * self.kernel**2 * self.rate**2


@dataclass(frozen=True)
class Architecture:
    """A network for super-resolution with a body of residual blocks.

    Attributes:
        family: one of `FAMILIES`.
        scale: r, 2..4.
        channels: of the trunk.
        blocks: residual blocks of two 3x3 convolutions, in ELAN of two 1x1 on shifted channels with
            twice as many between; a multiple of three for CARN.
        head_kernel, tail_kernel: side of the first and of the last kernel.
        direct: whether one 3x3 convolution makes the r x r patches of colours from the trunk,
            without upsampling steps and tail (as ESPCN does): for networks that a CPU trains.
        frame_residual: whether the picture, upsampled bilinearly, is added to the result.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    family: str
    scale: int = 4
    channels: int = 64
    blocks: int = 16
    head_kernel: int = 3
    tail_kernel: int = 3
    direct: bool = False
    frame_residual: bool = False

    def __post_init__(self) -> None:
        require_choice("family", self.family, FAMILIES)
        require_int("scale", self.scale, 2, 4)
        require_int("channels", self.channels, 4, 256)
        require_int("blocks", self.blocks, 1, 64)
        for name in ("head_kernel", "tail_kernel"):
            require_one_of(name, getattr(self, name), (3, 5, 7, 9))
        if self.frame_residual and not self.direct:
            raise ValueError("frame_residual must go with direct, but direct is False")
        if self.family == "carn" and self.blocks % _CASCADE:
            raise ValueError(f"blocks must be a multiple of {_CASCADE} in CARN, not {self.blocks}")

    @property
    def steps(self) -> tuple[int, ...]:
        """Scales of the upsampling steps, one after the other."""
        if self.direct:
            return ()
        return (2, 2) if self.scale == 4 else (self.scale,)

    @cached_property
    def convolutions(self) -> tuple[Convolution, ...]:
        """All of them, in the order in which they run."""
        return (
            Convolution("head", COLOURS, self.channels, self.head_kernel),
            *(self._cascades() if self.family == "carn" else self._chain()),
            *self._upsampler(),
        )

    def block(self, number: int) -> tuple[Convolution, Convolution]:
        """The two convolutions of a residual block."""
        first, second = (c for c in self.convolutions if c.block == number)
        return first, second

    @property
    def body(self) -> tuple[Convolution, ...]:
        """What is quantised: the convolutions of the residual blocks."""
        return tuple(c for c in self.convolutions if c.block is not None)

    @property
    def macs(self) -> int:
        """Multiplications for each LR pixel, of the whole network."""
        # Products of all pairs of a window, and the sums of values by them.
        pairs = self.blocks * 2 * WINDOW**2 * self.channels if self.family == "elan" else 0
        return sum(c.macs for c in self.convolutions) + pairs

    @property
    def body_macs(self) -> int:
        """Those of the body."""
        return sum(c.macs for c in self.body)

    def _block(self, number: int) -> tuple[Convolution, Convolution]:
        c = self.channels
        kernel, inner = (1, 2 * c) if self.family == "elan" else (3, c)
        return (
            Convolution(f"block{number}_first", c, inner, kernel, block=number),
            Convolution(f"block{number}_second", inner, c, kernel, block=number),
        )

    def attention(self, number: int) -> tuple[Convolution, Convolution]:
        """The 1x1 before and behind the attention of a block of ELAN."""
        c = self.channels
        return (
            Convolution(f"attention{number}_project", c, 2 * c, 1),
            Convolution(f"attention{number}_join", c, c, 1),
        )

    def _chain(self) -> Iterator[Convolution]:
        """Blocks one after the other, and the convolution before the long skip."""
        for number in range(self.blocks):
            yield from self._block(number)
            if self.family == "elan":
                yield from self.attention(number)
        yield Convolution("after", self.channels, self.channels, 3)

    def _cascades(self) -> Iterator[Convolution]:
        """CARN: after each block of a cascade, and after each cascade, a 1x1 reads all so far."""
        c, cascades = self.channels, self.blocks // _CASCADE
        for cascade in range(cascades):
            for place in range(_CASCADE):
                yield from self._block(cascade * _CASCADE + place)
                yield Convolution(f"cascade{cascade}_join{place}", (place + 2) * c, c, 1)
            yield Convolution(f"join{cascade}", (cascade + 2) * c, c, 1)

    def _upsampler(self) -> Iterator[Convolution]:
        c, rate = self.channels, 1
        if self.direct:
            yield Convolution("patches", c, COLOURS * self.scale**2, 3)
            return
        for number, step in enumerate(self.steps):
            yield Convolution(f"upsample{number}", c, c * step**2, 3, rate)
            rate *= step
        yield Convolution("tail", c, COLOURS, self.tail_kernel, rate)


def srresnet(scale: int = 4) -> Architecture:
    """SRResNet (CVPR 2017) as CADyQ and RefQSR quantise it: 16 blocks of 64 channels, 9x9 first
    and last. Batch normalisation is folded into the convolutions.
    """
    return Architecture("srresnet", scale, head_kernel=9, tail_kernel=9)


def edsr(scale: int = 4) -> Architecture:
    """EDSR-baseline (CVPRW 2017): 16 blocks of 64 channels."""
    return Architecture("edsr", scale)


def carn(scale: int = 4) -> Architecture:
    """CARN (ECCV 2018): three cascades of three blocks of 64 channels."""
    return Architecture("carn", scale, blocks=9)


def elan(scale: int = 4) -> Architecture:
    """A light ELAN (ECCV 2022): 24 blocks of 60 channels, each of two 1x1 on shifted channels and
    of attention within windows of one size, where the paper has three.
    """
    return Architecture("elan", scale, channels=60, blocks=24, direct=True)


ARCHITECTURES = {"srresnet": srresnet, "edsr": edsr, "carn": carn, "elan": elan}
"""Those of the papers, by name; each takes the scale."""
