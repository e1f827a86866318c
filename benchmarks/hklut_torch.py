"""HKLUT's inference as its authors run it (github.com/jasonli0707/hklut), to be timed against ours.

Written down from their models/hklut.py and models/luts.py, operation for operation: float32 frames
of 0..1, all planes in one batch, for each pattern and rotation the whole frame turned, padded, cast
to int64, gathered from, made a picture and turned back. Their float32 sums put about 4 % of samples
on another level than exact sixths, hardly any by more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["upscaler"]

Image = npt.NDArray[np.uint8]


def upscaler(program: Any) -> Callable[[Image], Image]:
    """The authors' loop over the stages, on the tables of an HKLUT program, with one thread."""
    stages = [_stage(layer) for layer in program.layers if layer.kind == "pattern_tables"]
    torch.set_num_threads(1)

    @torch.no_grad()
    def upscale(image: Image) -> Image:
        x = torch.from_numpy(image.astype(np.float32) / 255.0).permute(2, 0, 1)[None]
        for stage in stages:
            x = stage(x)
        levels = np.clip(np.round(x.numpy() * 255), 0, 255)[0]
        result: Image = np.transpose(levels, (1, 2, 0)).astype(np.uint8)
        return result

    return upscale


def _stage(layer: Any) -> Callable[[Tensor], Tensor]:
    """One of their `HKLUT` modules."""
    scale = layer.scale
    high = [p for p in layer.patterns if p.shift == 4]
    low = [p for p in layer.patterns if p.shift == 0]
    high_tables, low_tables = ([_table(p, scale) for p in part] for part in (high, low))

    def forward(x: Tensor) -> Tensor:
        levels = torch.floor(x * 255)
        msb = torch.floor_divide(levels, 16)
        lsb = levels - msb * 16
        high_sum = _branch(msb, high, high_tables, 2, "reflect") / 3.0 / 255.0
        low_sum = _branch(lsb, low, low_tables, 1, "replicate") / 2.0 / 255.0
        nearest = torch.nn.Upsample(scale_factor=scale, mode="nearest")(x)
        return torch.clamp(high_sum + low_sum + nearest, 0, 1)

    return forward


def _table(pattern: Any, scale: int) -> Tensor:
    words = np.asarray(pattern.words, np.int64)
    return torch.from_numpy(words.reshape(-1, 1, scale, scale))


def _branch(
    codes: Tensor, patterns: Sequence[Any], tables: Sequence[Tensor], pad: int, mode: str
) -> Tensor:
    """The sum over a branch's patterns and rotations, before it is divided."""
    total = torch.zeros(())
    for pattern, table in zip(patterns, tables, strict=True):
        scale = table.shape[-1]
        for turns in range(4):
            turned = torch.rot90(codes, turns, [2, 3])
            batch, planes, height, width = turned.shape
            # Theirs pads a horizontal pair of pixels only to the right.
            below = pad if mode == "reflect" or any(y for y, _ in pattern.offsets) else 0
            padded = F.pad(turned, (0, pad, 0, below), mode=mode).type(torch.int64)
            index = torch.zeros((), dtype=torch.int64)
            for k, (y, x) in enumerate(reversed(pattern.offsets)):
                pixel = padded[:, :, y : y + height, x : x + width]
                index = index + pixel.flatten() * 16**k
            words = table[index].reshape(batch, planes, height, width, scale, scale)
            picture = torch.permute(words, (0, 1, 2, 4, 3, 5)).reshape(
                batch, planes, height * scale, width * scale
            )
            total = total + torch.rot90(picture, 4 - turns, [2, 3])
    return total
