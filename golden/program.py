"""The program: a short list of integer layers with their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.bands import MOST_THREADS, Frame, Step, run_bands
from lutscale.golden.kernels import available, compiled_step
from lutscale.golden.layers import Layer
from lutscale.golden.layers.layer import Array
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.symmetry import GROUPS, Turns
from lutscale.golden.task import ENLARGE, Task
from lutscale.golden.validate import require_choice, require_int
from lutscale.golden.value import FRAME, ValueType

__all__ = ["MAX_ACCUMULATOR_BITS", "Program", "quantiser_tables"]

MAX_ACCUMULATOR_BITS = 32

# Words to read from which on machine code is worth a second of loading it: those of any program of
# the zoo on three planes of 480x270, say.
_COMPILED_FROM = 1 << 24


@dataclass(frozen=True, eq=False)
class Program:
    """A network as integers: what every room of the project reads.

    Attributes:
        name: as reports show it; letters, digits, ``-``, ``_`` and ``.``.
        scale: r, how much larger the output is per axis, 1..4.
        layers: applied in order; the frame is one plane of uint8, and so is the result.
        provenance: how the tables were made (free JSON); printed, and read for nothing else.
        shared: numbers of layers that read the tables of an earlier layer, and of those earlier
            layers (recursive blocks). Such tables are stored once in the file and in `table_bits`.
        task: what the program is for; a denoiser has scale 1.
        quantisers: numbers of layers with tables of their own that read the quantiser's ROM of an
            earlier layer, and of those earlier layers; stored and counted once, too.
        symmetry: one of `golden.symmetry.GROUPS`: the result of a frame turned by any element of
            the group is the result of the frame, turned, in every pixel. None claims nothing.

    Raises:
        TypeError, ValueError: a layer does not suit what comes before it ("layer 3
        (residual): ..."), an accumulator needs more than 32 bits, the result is no frame, or a
        layer breaks the symmetry claimed.
    """

    name: str
    scale: int
    layers: tuple[Layer, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    shared: Mapping[int, int] = field(default_factory=dict)
    task: Task = ENLARGE
    quantisers: Mapping[int, int] = field(default_factory=dict)
    symmetry: str | None = None

    def __post_init__(self) -> None:
        if not self.name or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in self.name):
            raise ValueError(f"name must be letters, digits, '-', '_' and '.', not {self.name!r}")
        require_int("scale", self.scale, 1, 4)
        if not isinstance(self.task, Task):
            raise TypeError(f"task must be a Task, not {self.task!r}")
        if self.task.kind == "denoise" and self.scale > 1:
            raise ValueError(f"scale must be 1 for a program that denoises, not {self.scale}")
        if not self.layers:
            raise ValueError("layers must be at least one layer, not none")
        object.__setattr__(self, "layers", tuple(self.layers))
        for k, owner in self.shared.items():
            self._check_shared(k, owner)
        for k, owner in self.quantisers.items():
            self._check_quantiser(k, owner)
        wanted = ValueType(1, 0, 255, self.scale)
        result = self.types[-1]
        within = result.lo >= wanted.lo and result.hi <= wanted.hi
        if (result.channels, result.scale) != (1, self.scale) or not within:
            raise ValueError(f"the last layer must give {wanted}, not {result}")
        if self.symmetry is not None:
            self._check_symmetry(self.symmetry)

    def _check_shared(self, k: int, owner: int) -> None:
        require_int("shared layer", k, 0, len(self.layers) - 1)
        where = f"layer {k} ({self.layers[k].kind})"
        if isinstance(owner, bool) or not isinstance(owner, int):
            raise TypeError(f"{where}: tables_of must be the number of a layer, not {owner!r}")
        if (
            not 0 <= owner < k
            or owner in self.shared
            or self.layers[owner].kind != self.layers[k].kind
        ):
            raise ValueError(
                f"{where}: tables_of must be the number of an earlier layer of its kind with "
                f"tables of its own, not {owner}"
            )
        mine, theirs = self.layers[k].tables(), self.layers[owner].tables()
        if not mine or not _same(mine, theirs):
            raise ValueError(f"{where}: tables must be those of layer {owner}, but differ")

    def _check_quantiser(self, k: int, owner: int) -> None:
        require_int("layer with another's quantiser", k, 0, len(self.layers) - 1)
        where = f"layer {k} ({self.layers[k].kind})"
        require_int(f"{where}: quantiser_of", owner, 0, max(k - 1, 0))
        mine, theirs = (quantiser_tables(self.layers[n]) for n in (k, owner))
        if not mine or k in self.shared:
            raise ValueError(f"{where}: quantiser_of must be given for a layer with a quantiser")
        if not theirs or owner in self.shared or owner in self.quantisers or owner == k:
            raise ValueError(
                f"{where}: quantiser_of must be the number of an earlier layer with a quantiser of "
                f"its own, not {owner}"
            )
        if not _same(mine, theirs):
            raise ValueError(f"{where}: quantiser must be that of layer {owner}, but differs")

    def _check_symmetry(self, symmetry: str) -> None:
        order = GROUPS[require_choice("symmetry", symmetry, GROUPS)]
        turns: list[Turns] = [((0,),) * order]
        for k, layer in enumerate(self.layers):
            try:
                turns.append(layer.turns(turns))
            except ValueError as error:
                raise ValueError(
                    f"layer {k} ({layer.kind}): {error}, for a program of symmetry {symmetry}"
                ) from None

    @cached_property
    def types(self) -> tuple[ValueType, ...]:
        """The type of each value: the frame, then the output of each layer."""
        types = [FRAME]
        for k, layer in enumerate(self.layers):
            where = f"layer {k} ({layer.kind})"
            try:
                types.append(layer.output_type(types))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
            # Two's complement, also where nothing is negative: values are int32.
            bits = types[-1].bits + (not types[-1].signed)
            if bits > MAX_ACCUMULATOR_BITS:
                raise ValueError(
                    f"{where}: accumulator must fit {MAX_ACCUMULATOR_BITS} bits, not {bits}"
                )
        return tuple(types)

    @property
    def table_bits(self) -> int:
        """Bits of all tables, each counted once, quantiser ROMs not counted."""
        return sum(layer.table_bits for layer in self._owners.values())

    @property
    def quantiser_bits(self) -> int:
        """Bits of all quantiser ROMs, each counted once."""
        owners = self._owners.items()
        return sum(layer.quantiser_bits for k, layer in owners if k not in self.quantisers)

    @property
    def _owners(self) -> dict[int, Layer]:
        """The layers with tables of their own, by number."""
        return {k: layer for k, layer in enumerate(self.layers) if k not in self.shared}

    @property
    def table_bytes(self) -> int:
        """The figure *tables* of every report: tables and quantiser ROMs, in whole bytes."""
        return -(-(self.table_bits + self.quantiser_bits) // 8)

    @property
    def functions(self) -> int:
        """(input channel, tap, output channel) triples per LR pixel."""
        return sum(
            layer.functions * given.scale**2
            for layer, given in zip(self.layers, self.types, strict=False)
        )

    @property
    def reads(self) -> int:
        """Words read from tables per LR pixel."""
        return sum(
            layer.reads * given.scale**2
            for layer, given in zip(self.layers, self.types, strict=False)
        )

    def run(self, frame: Frame, *, reference: bool = False, threads: int = 0) -> Frame:
        """Compute one plane.

        Large frames run as machine code on all cores where numba is installed (the extra `fast`),
        and in any case by bands of rows, which keep the memory small. The integers are the same.

        Args:
            frame: uint8 (height, width).
            reference: use the layers' plain semantics instead of the fast ones.
            threads: how many run machine code, at most 8; 0 for as many as there are cores, 1
                where frames run side by side already.

        Returns:
            uint8 (height * scale, width * scale).
        """
        if reference:
            return self.trace(frame, reference=True)[-1][0].astype(np.uint8)
        return self._run([frame], require_int("threads", threads, 0, MOST_THREADS))[0]

    def run_image(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Apply the program to each colour plane of a uint8 (height, width, planes) image."""
        return np.stack(self._run(list(np.moveaxis(image, -1, 0))), axis=-1)

    def _run(self, planes: list[Frame], threads: int = 0) -> list[Frame]:
        for plane in planes:
            _check_frame(plane)
        compiled = self.reads * sum(plane.size for plane in planes) >= _COMPILED_FROM
        if compiled and available():
            return run_bands(planes, self.compiled_steps, self.layers, self.types, threads)
        return run_bands(planes, [layer.fast for layer in self.layers], self.layers, self.types)

    @cached_property
    def compiled_steps(self) -> list[Step]:
        """What computes each layer where numba is installed."""
        return [
            compiled_step(layer, given)
            for layer, given in zip(self.layers, self.types, strict=False)
        ]

    def trace(self, frame: npt.NDArray[np.uint8], *, reference: bool = False) -> list[Array]:
        """Like `run`, but every value: the frame, then the output of each layer, all int32."""
        _check_frame(frame)
        values: list[Array] = [frame[None].astype(np.int32)]
        for layer in self.layers:
            values.append(layer.reference(values) if reference else layer.fast(values))
        return values


def _check_frame(frame: Any) -> None:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 2:
        got = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else repr(frame)
        raise TypeError(f"frame must be a uint8 array (height, width), not {got}")
    if not frame.size:
        raise ValueError(f"frame must have at least one pixel, not shape {frame.shape}")


def quantiser_tables(layer: Layer) -> dict[str, npt.NDArray[np.integer]]:
    """The tables of a layer that are its quantiser's ROM."""
    return {name: table for name, table in layer.tables().items() if name in Quantiser.TABLES}


def _same(
    mine: Mapping[str, npt.NDArray[np.integer]], theirs: Mapping[str, npt.NDArray[np.integer]]
) -> bool:
    return mine.keys() == theirs.keys() and all(
        np.array_equal(mine[name], theirs[name]) for name in mine
    )
