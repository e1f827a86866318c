"""The program: a short list of integer layers with their tables, and its file.

The file is one ``.npz``: ``manifest`` (JSON as UTF-8 bytes) and the integer tables
``layer<k>.<table>``. Nothing in it is pickled, and the same program gives the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.golden.layers import KINDS, Layer
from lutscale.golden.layers.layer import Array
from lutscale.golden.validate import require_int
from lutscale.golden.value import FRAME, ValueType

__all__ = ["FORMAT", "VERSION", "Program", "load", "save"]

FORMAT = "lutscale-program"
VERSION = 1
MAX_ACCUMULATOR_BITS = 32

_FIELDS = (
    ("name", str, "a string"),
    ("scale", int, "an integer"),
    ("layers", list, "a list"),
    ("provenance", dict, "an object"),
)
# Fields of every layer, beside the parameters of its kind.
_RESERVED = ("kind", "tables", "tables_of")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What numpy and zipfile raise on damaged files.
_DAMAGED = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class Program:
    """A network as integers: what every room of the project reads.

    Attributes:
        name: as reports show it; letters, digits, ``-``, ``_`` and ``.``.
        scale: r, how much larger the output is per axis, 1..4.
        layers: applied in order; the frame is one plane of uint8, and so is the result.
        provenance: how the tables were made (free JSON; no reader depends on it).
        shared: numbers of layers that read the tables of an earlier layer, and of those earlier
            layers (recursive blocks). Such tables are stored once in the file and in `table_bits`.

    Raises:
        TypeError, ValueError: a layer does not suit what comes before it ("layer 3
        (residual): ..."), an accumulator needs more than 32 bits, or the result is no frame.
    """

    name: str
    scale: int
    layers: tuple[Layer, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    shared: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in self.name):
            raise ValueError(f"name must be letters, digits, '-', '_' and '.', not {self.name!r}")
        require_int("scale", self.scale, 1, 4)
        if not self.layers:
            raise ValueError("layers must be at least one layer, not none")
        object.__setattr__(self, "layers", tuple(self.layers))
        for k, owner in self.shared.items():
            self._check_shared(k, owner)
        wanted = ValueType(1, 0, 255, self.scale)
        result = self.types[-1]
        within = result.lo >= wanted.lo and result.hi <= wanted.hi
        if (result.channels, result.scale) != (1, self.scale) or not within:
            raise ValueError(f"the last layer must give {wanted}, not {result}")

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
        same = mine.keys() == theirs.keys() and all(
            np.array_equal(mine[name], theirs[name]) for name in mine
        )
        if not mine or not same:
            raise ValueError(f"{where}: tables must be those of layer {owner}, but differ")

    @property
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
        return sum(layer.table_bits for layer in self._owners)

    @property
    def quantiser_bits(self) -> int:
        """Bits of all quantiser ROMs, each counted once."""
        return sum(layer.quantiser_bits for layer in self._owners)

    @property
    def _owners(self) -> list[Layer]:
        """The layers with tables of their own."""
        return [layer for k, layer in enumerate(self.layers) if k not in self.shared]

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

    def run(
        self, frame: npt.NDArray[np.uint8], *, reference: bool = False
    ) -> npt.NDArray[np.uint8]:
        """Compute one plane.

        Args:
            frame: uint8 (height, width).
            reference: use the layers' plain semantics instead of the fast ones.

        Returns:
            uint8 (height * scale, width * scale).
        """
        values = self.trace(frame, reference=reference)
        return values[-1][0].astype(np.uint8)

    def trace(self, frame: npt.NDArray[np.uint8], *, reference: bool = False) -> list[Array]:
        """Like `run`, but every value: the frame, then the output of each layer, all int32."""
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 2:
            got = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else repr(frame)
            raise TypeError(f"frame must be a uint8 array (height, width), not {got}")
        if not frame.size:
            raise ValueError(f"frame must have at least one pixel, not shape {frame.shape}")
        values: list[Array] = [frame[None].astype(np.int32)]
        for layer in self.layers:
            values.append(layer.reference(values) if reference else layer.fast(values))
        return values

    def run_image(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Apply the program to each colour plane of a uint8 (height, width, planes) image."""
        planes = [self.run(np.ascontiguousarray(image[..., p])) for p in range(image.shape[2])]
        return np.stack(planes, axis=-1).astype(np.uint8)


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program file, whole or not at all."""
    layers = []
    arrays: dict[str, npt.NDArray[Any]] = {}
    for k, layer in enumerate(program.layers):
        tables = layer.tables()
        if k in program.shared:
            layers.append({"kind": layer.kind, "tables_of": program.shared[k], **layer.params()})
            continue
        layers.append({"kind": layer.kind, "tables": sorted(tables), **layer.params()})
        arrays |= {f"layer{k}.{name}": table for name, table in sorted(tables.items())}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "name": program.name,
        "scale": program.scale,
        "layers": layers,
        "provenance": dict(program.provenance),
    }
    text = json.dumps(manifest, indent=1, allow_nan=False)
    arrays = {"manifest": np.frombuffer(text.encode(), np.uint8), **arrays}
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: str | os.PathLike[str]) -> Program:
    """Read and validate a program file.

    Raises:
        InputError: one line that names the file, what is wrong and what would be right.
    """
    path = Path(path)
    try:
        arrays = _read_arrays(path)
    except FileNotFoundError:
        raise InputError(f"{path}: must be a program file, but there is no such file") from None
    except _DAMAGED as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: must be a program file (.npz), not {reason}") from None
    try:
        return _from_arrays(arrays)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    content = path.read_bytes()
    # numpy takes what is no zip file for a pickle, and advises to trust it.
    if content[:4] not in _ZIP:
        raise ValueError("a file of another kind")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"a file whose member {name} is no array")
    return arrays


def _from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Program:
    manifest = _manifest(arrays)
    layers = []
    known = {"manifest"}
    read: list[dict[str, npt.NDArray[Any]]] = []
    shared: dict[int, int] = {}
    for k, entry in enumerate(manifest["layers"]):
        if not isinstance(entry, dict):
            raise ValueError(f"layer {k}: must be an object with a kind, not {entry!r}")
        kind = entry.get("kind")
        where = f"layer {k} ({kind})"
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"layer {k}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
        tables = {}
        if "tables_of" in entry:
            owner = entry["tables_of"]
            if isinstance(owner, bool) or not isinstance(owner, int) or not 0 <= owner < k:
                raise ValueError(
                    f"{where}: tables_of must be the number of an earlier layer, not {owner!r}"
                )
            shared[k], tables = owner, read[owner]
        names = entry.get("tables", [] if k in shared else None)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{where}: tables must be a list of names, not {names!r}")
        for name in names:
            member = f"layer{k}.{name}"
            if member not in arrays:
                raise ValueError(f"{where}: table {member} must be in the file, but is missing")
            known.add(member)
            tables[name] = arrays[member]
        read.append(tables)
        params = {key: value for key, value in entry.items() if key not in _RESERVED}
        try:
            layer = KINDS[kind].from_manifest(params, tables)
        except KeyError as error:
            raise ValueError(f"{where}: {error.args[0]} must be given, but is missing") from None
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where}: {error}") from None
        _refuse_unknown(f"{where}: fields", params, layer.params())
        _refuse_unknown(f"{where}: tables", tables, layer.tables())
        layers.append(layer)
    if stray := sorted(set(arrays) - known):
        raise ValueError(f"tables must be named by the manifest, but {stray[0]} is not")
    provenance = manifest.get("provenance", {})
    return Program(manifest["name"], manifest["scale"], tuple(layers), provenance, shared)


def _refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    if unknown := sorted(set(given) - set(known)):
        allowed = ", ".join(known) or "none"
        raise ValueError(f"{what} must be among {allowed}, not {unknown[0]!r}")


def _manifest(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    if "manifest" not in arrays:
        raise ValueError("manifest must be in the file, but is missing")
    text = arrays["manifest"]
    if text.dtype != np.uint8:
        raise ValueError(f"manifest must be UTF-8 bytes (uint8), not {text.dtype}")
    try:
        manifest = json.loads(text.tobytes().decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"manifest must be JSON, but: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        got = manifest.get("format") if isinstance(manifest, dict) else manifest
        raise ValueError(f"format must be {FORMAT!r}, not {got!r}")
    if type(manifest.get("version")) is not int or manifest["version"] != VERSION:
        raise ValueError(f"version must be {VERSION}, not {manifest.get('version')!r}")
    for key, kind, word in _FIELDS:
        if key not in manifest and key != "provenance":
            raise ValueError(f"manifest {key} must be given, but is missing")
        if not isinstance(manifest.get(key, {}), kind):
            raise ValueError(f"manifest {key} must be {word}, not {manifest[key]!r}")
    known = ("format", "version", *(key for key, _, _ in _FIELDS))
    _refuse_unknown("manifest fields", manifest, known)
    return manifest
