"""Channel shift: each channel moves by an offset of its own; reach for no table at all.

ShiftLUT (CVPR 2026) shifts channels between pointwise tables; the operation is Shift's (Wu et
al., CVPR 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.neighbourhood import BORDERS, border_index
from lutscale.golden.symmetry import Offset, Turns, turned
from lutscale.golden.validate import require_choice, require_int
from lutscale.golden.value import ValueType

__all__ = ["ChannelShift"]

_REACH = 7


@dataclass(frozen=True)
class ChannelShift(Layer):
    """``out[c, y, x] = in[c, y + down[c], x + right[c]]``.

    Attributes:
        offsets: (rows down, columns right) of each channel, each -7..7.
        border: one of `golden.neighbourhood.BORDERS`.
    """

    kind: ClassVar[str] = "channel_shift"

    offsets: tuple[Offset, ...]
    border: str = "replicate"

    def __post_init__(self) -> None:
        if not isinstance(self.offsets, tuple | list) or not self.offsets:
            raise TypeError(f"offsets must be a list of pairs, not {self.offsets!r}")
        pairs = []
        for c, offset in enumerate(self.offsets):
            if not isinstance(offset, tuple | list) or len(offset) != 2:
                raise TypeError(f"offsets[{c}] must be two integers, not {offset!r}")
            down, right = (require_int(f"offsets[{c}]", n, -_REACH, _REACH) for n in offset)
            pairs.append((down, right))
        object.__setattr__(self, "offsets", tuple(pairs))
        require_choice("border", self.border, BORDERS)

    @property
    def reach(self) -> tuple[int, int, int, int]:
        rows, columns = zip(*self.offsets, (0, 0), strict=True)
        return -min(rows), max(rows), -min(columns), max(columns)

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        if given.channels != len(self.offsets):
            raise ValueError(
                f"offsets must have {given.channels} pairs, one a channel, not {len(self.offsets)}"
            )
        return given

    def turns(self, turns: Sequence[Turns]) -> Turns:
        for element, places in enumerate(turns[-1]):
            for c, place in enumerate(places):
                wanted = turned(self.offsets[c], element)
                if self.offsets[place] != wanted:
                    raise ValueError(
                        f"offsets[{place}] must be {wanted}, offsets[{c}] turned, not "
                        f"{self.offsets[place]}"
                    )
        return turns[-1]

    def reference(self, values: Sequence[Array]) -> Array:
        given = values[-1]
        _, height, width = given.shape
        out = np.empty_like(given)
        for c, y, x in np.ndindex(*given.shape):
            down, right = self.offsets[c]
            row = border_index(y + down, height, self.border)
            out[c, y, x] = given[c, row, border_index(x + right, width, self.border)]
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        given = values[-1]
        _, height, width = given.shape
        rows = [border_index(np.arange(height) + i, height, self.border) for i, _ in self.offsets]
        columns = [border_index(np.arange(width) + j, width, self.border) for _, j in self.offsets]
        planes = zip(given, rows, columns, strict=True)
        return np.stack([plane[row[:, None], column] for plane, row, column in planes])

    def params(self) -> dict[str, Any]:
        return {"offsets": [list(offset) for offset in self.offsets], "border": self.border}

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        return cls(params["offsets"], params["border"])
