"""The program file: one ``.npz`` with a JSON manifest and the integer tables.

Its members are ``manifest`` (JSON as UTF-8 bytes) and the tables ``layer<k>.<table>``. Nothing in
it is pickled, and the same program gives the same bytes. docs/program-format.md describes it.

A file may be of anybody's making: what it holds is known, and found small enough, before any of it
is unpacked.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lutscale.golden.archive import Archive, ArchiveError
from lutscale.golden.errors import InputError, printable
from lutscale.golden.files import whole_file
from lutscale.golden.layers import KINDS, Layer
from lutscale.golden.manifest import FORMAT, VERSION, Entry, Manifest, refuse_unknown
from lutscale.golden.program import Program, quantiser_tables
from lutscale.golden.quantiser import Quantiser

__all__ = [
    "FORMAT",
    "MAX_FILE_BYTES",
    "MAX_MANIFEST_BYTES",
    "MAX_NUMBERS",
    "MAX_UNPACKED_BYTES",
    "VERSION",
    "digest",
    "load",
    "save",
]

MAX_FILE_BYTES = 12 << 20
"""Of the file."""

MAX_UNPACKED_BYTES = 10 << 20
"""Of all members together, unpacked."""

MAX_MANIFEST_BYTES = 1 << 20
"""Of the manifest's text."""

MAX_NUMBERS = 8 << 20
"""In the tables of all layers; those of another layer count for each that reads them."""

_LINE, _PATH = 300, 150

T = TypeVar("T")
Tables = dict[str, npt.NDArray[Any]]


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program file, whole or not at all.

    Raises:
        ValueError: the program is larger than `load` takes, or its provenance is no JSON.
    """
    own = _own_tables(program)
    manifest = Manifest.of(program, own)
    text = manifest.to_json()
    if len(text) > MAX_MANIFEST_BYTES:
        raise ValueError(_too_long(len(text)))
    _check_numbers(sum(t.size for layer in program.layers for t in layer.tables().values()))
    members = {"manifest": np.frombuffer(text, np.uint8), **_members(manifest, own)}
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **members)


def digest(program: Program) -> str:
    """SHA-256 in hex of what a program computes: its manifest without provenance, its tables.

    Reports carry it, so that what reads them knows of which program they are.
    """
    own = _own_tables(program)
    manifest = replace(Manifest.of(program, own), provenance={})
    found = hashlib.sha256(manifest.to_json())
    for member, table in _members(manifest, own).items():
        found.update(f"{member} {table.dtype.str} {table.shape}".encode())
        found.update(np.ascontiguousarray(table).tobytes())
    return found.hexdigest()


def _own_tables(program: Program) -> list[Tables]:
    """The tables that each layer has of its own."""
    own: list[Tables] = []
    for k, layer in enumerate(program.layers):
        tables: Tables = {} if k in program.shared else dict(layer.tables())
        for name in quantiser_tables(layer) if k in program.quantisers else ():
            del tables[name]
        own.append(tables)
    return own


def _members(manifest: Manifest, own: list[Tables]) -> Tables:
    """The tables by name in the file."""
    return {
        entry.member(name): tables[name]
        for entry, tables in zip(manifest.layers, own, strict=True)
        for name in entry.tables
    }


def load(path: str | os.PathLike[str]) -> Program:
    """Read and validate a program file, in less than 200 MB of memory whatever it holds.

    Raises:
        InputError: one line of at most 300 printable characters, which names the file, what is
            wrong and what would be right.
    """
    path = Path(path)
    try:
        return _program(Archive(_content(path), limit=MAX_UNPACKED_BYTES))
    except FileNotFoundError:
        reason = "must be a program file, but there is no such file"
    except OSError as error:
        reason = f"must be a program file (.npz), but cannot be read: {error.strerror or error}"
    except ArchiveError as error:
        reason = f"must be a program file (.npz), not {error}"
    except (TypeError, ValueError) as error:
        reason = str(error)
    place = printable(str(path))
    if len(place) > _PATH:
        place = f"...{place[3 - _PATH :]}"
    raise InputError(printable(f"{place}: {reason}", _LINE))


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ArchiveError(f"a file of more than {MAX_FILE_BYTES:,} bytes")
    return content


def _program(archive: Archive) -> Program:
    manifest = Manifest.from_json(_manifest_text(archive))
    _check_members(archive, manifest)
    layers: list[Layer] = []
    read: list[Tables] = []
    for entry in manifest.layers:
        tables = _borrowed(entry, read)
        tables |= {name: archive.read(entry.member(name)) for name in entry.tables}
        read.append(tables)
        layers.append(_layer(entry, tables))
    known = {
        "manifest",
        *(entry.member(name) for entry in manifest.layers for name in entry.tables),
    }
    # Nothing of these was unpacked.
    if stray := sorted(set(archive.names) - known):
        raise ValueError(f"tables must be named by the manifest, but {stray[0]} is not")
    return Program(
        manifest.name,
        manifest.scale,
        tuple(layers),
        manifest.provenance,
        {e.number: e.tables_of for e in manifest.layers if e.tables_of is not None},
        manifest.task,
        {e.number: e.quantiser_of for e in manifest.layers if e.quantiser_of is not None},
        manifest.symmetry,
    )


def _manifest_text(archive: Archive) -> bytes:
    if "manifest" not in archive:
        raise ValueError("manifest must be in the file, but is missing")
    header = archive.header("manifest")
    if header.dtype != np.uint8:
        raise ValueError(f"manifest must be UTF-8 bytes (uint8), not {header.dtype}")
    if header.bytes > MAX_MANIFEST_BYTES:
        raise ValueError(_too_long(header.bytes))
    return archive.read("manifest").tobytes()


def _too_long(length: int) -> str:
    return f"manifest must be at most {MAX_MANIFEST_BYTES:,} bytes, not {length:,}"


def _check_members(archive: Archive, manifest: Manifest) -> None:
    """Refuse tables that are missing, no integers or too many, by their headers alone."""
    sizes: list[dict[str, int]] = []
    for entry in manifest.layers:
        own = _borrowed(entry, sizes)
        for name in entry.tables:
            member = entry.member(name)
            if member not in archive:
                shown = printable(member, 60)
                raise ValueError(
                    f"{entry.where}: table {shown} must be in the file, but is missing"
                )
            header = archive.header(member)
            if header.dtype.kind not in "iu":
                raise ValueError(
                    f"{entry.where}: {name} must be an integer array, not {header.dtype}"
                )
            own[name] = math.prod(header.shape)
        sizes.append(own)
    _check_numbers(sum(sum(own.values()) for own in sizes))


def _check_numbers(numbers: int) -> None:
    if numbers > MAX_NUMBERS:
        raise ValueError(f"tables must have at most {MAX_NUMBERS:,} numbers, not {numbers:,}")


def _borrowed(entry: Entry, earlier: list[dict[str, T]]) -> dict[str, T]:
    """What a layer has of the tables of an earlier one."""
    if entry.tables_of is not None:
        return dict(earlier[entry.tables_of])
    if entry.quantiser_of is not None:
        given = earlier[entry.quantiser_of]
        return {name: given[name] for name in Quantiser.TABLES if name in given}
    return {}


def _layer(entry: Entry, tables: Mapping[str, npt.NDArray[Any]]) -> Layer:
    try:
        layer = KINDS[entry.kind].from_manifest(entry.params, tables)
    except KeyError as error:
        raise ValueError(f"{entry.where}: {error.args[0]} must be given, but is missing") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{entry.where}: {error}") from None
    refuse_unknown(f"{entry.where}: fields", entry.params, layer.params())
    refuse_unknown(f"{entry.where}: tables", tables, layer.tables())
    return layer
