"""The program file: one ``.npz`` with a JSON manifest and the integer tables.

Its members are ``manifest`` (JSON as UTF-8 bytes) and the tables ``layer<k>.<table>``. Nothing in
it is pickled, and the same program gives the same bytes. docs/program-format.md describes it.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.golden.layers import KINDS
from lutscale.golden.program import Program, quantiser_tables
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.task import ENLARGE, Task

__all__ = ["FORMAT", "VERSION", "load", "save"]

FORMAT = "lutscale-program"
VERSION = 1

_FIELDS = (
    ("name", str, "a string"),
    ("scale", int, "an integer"),
    ("task", dict, "an object"),
    ("layers", list, "a list"),
    ("provenance", dict, "an object"),
    ("symmetry", str, "a string"),
)
_OPTIONAL = ("task", "provenance", "symmetry")
# Fields of every layer, beside the parameters of its kind.
_RESERVED = ("kind", "tables", "tables_of", "quantiser_of")
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


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program file, whole or not at all."""
    layers = []
    arrays: dict[str, npt.NDArray[Any]] = {}
    for k, layer in enumerate(program.layers):
        tables = layer.tables()
        if k in program.shared:
            layers.append({"kind": layer.kind, "tables_of": program.shared[k], **layer.params()})
            continue
        entry: dict[str, Any] = {"kind": layer.kind}
        if k in program.quantisers:
            entry["quantiser_of"] = program.quantisers[k]
            for name in quantiser_tables(layer):
                del tables[name]
        layers.append({**entry, "tables": sorted(tables), **layer.params()})
        arrays |= {f"layer{k}.{name}": table for name, table in sorted(tables.items())}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "name": program.name,
        "scale": program.scale,
        "task": program.task.params(),
        **({} if program.symmetry is None else {"symmetry": program.symmetry}),
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
    quantisers: dict[int, int] = {}
    for k, entry in enumerate(manifest["layers"]):
        if not isinstance(entry, dict):
            raise ValueError(f"layer {k}: must be an object with a kind, not {entry!r}")
        kind = entry.get("kind")
        where = f"layer {k} ({kind})"
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"layer {k}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
        tables = {}
        if "tables_of" in entry:
            shared[k] = _earlier(where, "tables_of", entry["tables_of"], k)
            tables = dict(read[shared[k]])
        elif "quantiser_of" in entry:
            quantisers[k] = _earlier(where, "quantiser_of", entry["quantiser_of"], k)
            given = read[quantisers[k]]
            tables = {name: given[name] for name in Quantiser.TABLES if name in given}
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
    task = _earlier_task(manifest["scale"], provenance)
    if "task" in manifest:
        task = Task.from_manifest(manifest["task"])
    return Program(
        manifest["name"],
        manifest["scale"],
        tuple(layers),
        provenance,
        shared,
        task,
        quantisers,
        manifest.get("symmetry"),
    )


def _earlier_task(scale: int, provenance: Mapping[str, Any]) -> Task:
    """The task of a file from before there was such a field: only denoisers noted a sigma."""
    if scale == 1 and "sigma" in provenance:
        with suppress(TypeError, ValueError):
            return Task("denoise", provenance["sigma"])
    return ENLARGE


def _earlier(where: str, what: str, number: Any, k: int) -> int:
    """``number`` of a layer before layer k."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < k:
        raise ValueError(f"{where}: {what} must be the number of an earlier layer, not {number!r}")
    return number


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
        if key not in manifest and key not in _OPTIONAL:
            raise ValueError(f"manifest {key} must be given, but is missing")
        if key in manifest and not isinstance(manifest[key], kind):
            raise ValueError(f"manifest {key} must be {word}, not {manifest[key]!r}")
    known = ("format", "version", *(key for key, _, _ in _FIELDS))
    _refuse_unknown("manifest fields", manifest, known)
    return manifest
