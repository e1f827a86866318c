"""IQ-LUT, and its base ECNN, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.symmetry import GROUPS, Offset, turned
from lutscale.golden.task import ENLARGE, Task
from lutscale.golden.validate import require_choice
from lutscale.model.shapes.shape import Add, Codes, LayerShape, Shape, Shift, Shuffle, Taps

__all__ = ["ecnn", "iqlut"]


def iqlut(
    scale: int,
    *,
    channels: int = 16,
    blocks: int = 2,
    nodes: int | Sequence[int | None] | None = 5,
    entry_bits: int | Sequence[int] = 8,
    code_bits: int = 8,
    weight_bits: int | Sequence[int] = 6,
    learn_nodes: bool = True,
    residual: bool = True,
    frame_residual: bool = True,
    first_kernel: int = 3,
    block_kernels: Sequence[Sequence[int]] = ((3, 3),),
    last_kernel: int = 3,
    depthwise: bool = False,
    shift: int = 0,
    shared: bool = False,
    symmetry: str | None = None,
    one_quantiser: bool = False,
    sigma: float = 0,
) -> Shape:
    """IQ-LUT (arXiv 2604.07000), our reconstruction: one layer into ``channels``, ``blocks``
    that add their input, and one layer into the r x r patch, added to the frame upsampled
    bilinearly.

    Args:
        nodes: per table; None makes the tables direct. A list has one for each layer of tables.
        entry_bits: of all tables, or a list.
        code_bits: of the codes between layers, 2 to 8; hardware by planes likes few.
        weight_bits: of the weight between nodes, for all tables, or a list.
        learn_nodes: whether nodes move from uniform positions.
        residual: whether blocks add their input.
        frame_residual: whether the result is added to the frame.
        first_kernel, last_kernel: side of the first and of the last layer's kernel.
        block_kernels: (height, width) of each layer of a block.
        depthwise: whether kernels of blocks larger than 1x1 read their own channel only.
        shift: how many pixels channels shift in front of each block, each its own way or not at
            all (ShiftLUT); those of tied tables by the turns of what the first share's do.
        shared: whether all blocks read the tables of the first.
        symmetry: the group under which tables are tied, "p4" or "p4m", or None; the channels are
            its shares.
        one_quantiser: whether all layers but the first have their node positions in common, and
            so one quantiser.
        sigma: of the noise to take off, at scale 1; 0 to enlarge.

    Raises:
        InputError: a list of another length than there are layers of tables; code bits beyond 2
            to 8; noise to take off at another scale than 1.
    """
    if not 2 <= code_bits <= 8:
        raise InputError(f"code_bits must be 2 to 8, not {code_bits}")
    if not 0 <= shift <= 7:
        raise InputError(f"shift must be 0 to 7 pixels, not {shift}")
    if sigma and scale != 1:
        raise InputError(f"sigma must be 0 at scale {scale}, not {sigma}: only scale 1 denoises")
    count = 2 + blocks * len(block_kernels)
    counts = _for_each("nodes", nodes, count)
    bits = _for_each("entry_bits", entry_bits, count)
    fractions = _for_each("weight_bits", weight_bits, count)
    layers: list[LayerShape] = []
    made: list[int] = []
    quantisers: dict[int, int] = {}

    def taps(inputs: int, outputs: int, kernel: Sequence[int], **options: Any) -> None:
        height, width = kernel
        number = -1 if options.pop("last", False) else len(made)
        if symmetry is not None:
            role = {0: "lift", -1: "end"}.get(number, "mix")
            options |= {"symmetry": symmetry, "role": role}
        if one_quantiser and len(made) > 1:
            quantisers[len(layers)] = made[1]
        table = Taps(
            inputs,
            outputs,
            (height, width),
            nodes=counts[number],
            entry_bits=bits[number],
            code_bits=code_bits if made else 8,
            code_signed=bool(made),
            fraction_bits=fractions[number],
            learn_nodes=learn_nodes,
            **options,
        )
        made.append(len(layers))
        layers.append(table)

    # Tables count in steps of an eight-bit code.
    top = 1 << (code_bits - 1)
    codes = partial(Codes, factor=top / 128)
    taps(1, channels, (first_kernel, first_kernel))
    layers.append(codes(-top, top - 1))
    spread = 0.2 if residual else 0.5
    repeated: dict[int, int] = {}
    block: list[int] = []
    for _ in range(blocks):
        source = len(layers)
        if shift:
            layers.append(Shift(_offsets(channels, shift, symmetry)))
        owners = block if shared else []
        block = []
        for number, kernel in enumerate(block_kernels):
            block.append(len(layers))
            if owners:
                repeated[len(layers)] = repeated.get(owners[number], owners[number])
                layers.append(layers[owners[number]])
            else:
                groups = channels if depthwise and max(kernel) > 1 else 1
                taps(channels, channels, kernel, spread=spread, groups=groups)
            layers.append(codes(-top, top - 1))
        if residual:
            layers[-1:] = [codes(1 - 2 * top, 2 * top - 1), Add(source, -top, top - 1)]
    # Shared blocks make fewer tables than the lists count: the last ones are the last ones'.
    last = partial(taps, channels, scale**2, (last_kernel, last_kernel), last=True)
    if frame_residual and scale == 1:
        last(spread=0.05)
        layers += [Codes(-255, 255), Add(0, -510, 510), Codes(0, 255)]
    elif frame_residual:
        # The bilinear residual is exact in units of 1/denominator**2: the delta joins it there.
        unit = (scale if scale % 2 else 2 * scale) ** 2
        last(spread=0.05)
        layers += [
            Codes(-255 * unit, 255 * unit, factor=unit),
            Add(0, -510 * unit, 510 * unit, "bilinear", scale),
            Codes(0, 255, factor=1 / unit),
        ]
    else:
        last()
        layers.append(Codes(0, 255))
    if scale > 1:
        layers.append(Shuffle(scale))
    task = Task("denoise", sigma) if sigma else ENLARGE
    return Shape(scale, tuple(layers), repeated, quantisers, symmetry, task)


# Where the channels of a shift read: the pixel and its eight neighbours; with tied tables those
# of the first share, whose turns are the rest.
_AROUND = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))
_AROUND_TIED = ((0, 0), (0, 1), (1, 1))


def _offsets(channels: int, distance: int, symmetry: str | None) -> tuple[Offset, ...]:
    """Where each channel of a shift reads."""
    order = 1 if symmetry is None else GROUPS[require_choice("symmetry", symmetry, GROUPS)]
    around = _AROUND if symmetry is None else _AROUND_TIED
    own = [around[c % len(around)] for c in range(channels // order)]
    shares = [turned((distance * y, distance * x), g) for g in range(order) for y, x in own]
    return tuple(shares)


def _for_each(name: str, given: Any, count: int) -> list[Any]:
    """``given`` for each of ``count`` layers; a list is taken as it is."""
    if not isinstance(given, list | tuple):
        return [given] * count
    if len(given) != count:
        raise InputError(f"{name} must be one number or {count}, one a layer, not {len(given)}")
    return list(given)


def ecnn(scale: int, *, channels: int = 16, blocks: int = 2, last_kernel: int = 3) -> Shape:
    """ECNN (ACM MM 2024): the same shape with full direct tables of 256 levels, no blocks'
    residual. The frame's bilinear residual is kept, so that both start from the same picture.
    """
    return iqlut(
        scale,
        channels=channels,
        blocks=blocks,
        last_kernel=last_kernel,
        nodes=None,
        residual=False,
    )
