"""The manifest of a program file: what its tables are, in JSON. Read with no table at hand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lutscale.golden.layers import KINDS
from lutscale.golden.program import Program
from lutscale.golden.task import ENLARGE, Task

__all__ = ["FORMAT", "VERSION", "Entry", "Manifest", "refuse_unknown"]

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


@dataclass(frozen=True)
class Entry:
    """A layer as the manifest has it.

    Attributes:
        number: of the layer.
        kind: one of `KINDS`.
        tables: names of the tables of its own.
        params: the other fields, those of its kind.
        tables_of: number of the layer whose tables it reads, or None.
        quantiser_of: number of the layer whose quantiser it reads, or None.
    """

    number: int
    kind: str
    tables: tuple[str, ...]
    params: Mapping[str, Any]
    tables_of: int | None = None
    quantiser_of: int | None = None

    @property
    def where(self) -> str:
        """The layer, as messages name it."""
        return f"layer {self.number} ({self.kind})"

    def member(self, table: str) -> str:
        """Name of the file's member that holds a table."""
        return f"layer{self.number}.{table}"


@dataclass(frozen=True)
class Manifest:
    """All that a program file says beside its tables; `Program` has the meaning of the fields."""

    name: str
    scale: int
    task: Task
    symmetry: str | None
    provenance: Mapping[str, Any]
    layers: tuple[Entry, ...]

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            TypeError, ValueError: one line, "X must be ..., not ...".
        """
        fields = _fields(text)
        provenance = fields.get("provenance", {})
        task = _earlier_task(fields["scale"], provenance)
        if "task" in fields:
            task = Task.from_manifest(fields["task"])
        layers = tuple(_entry(k, entry) for k, entry in enumerate(fields["layers"]))
        symmetry = fields.get("symmetry")
        return cls(fields["name"], fields["scale"], task, symmetry, provenance, layers)

    @classmethod
    def of(cls, program: Program, tables: Iterable[Iterable[str]]) -> Manifest:
        """The manifest of a program.

        Args:
            tables: names of the tables that each layer has of its own.
        """
        layers = [
            Entry(
                k,
                layer.kind,
                tuple(sorted(own)),
                layer.params(),
                program.shared.get(k),
                program.quantisers.get(k),
            )
            for k, (layer, own) in enumerate(zip(program.layers, tables, strict=True))
        ]
        return cls(
            program.name,
            program.scale,
            program.task,
            program.symmetry,
            program.provenance,
            tuple(layers),
        )

    def to_json(self) -> bytes:
        """The inverse of `from_json`; ValueError when the provenance is no JSON."""
        fields = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "scale": self.scale,
            "task": self.task.params(),
            **({} if self.symmetry is None else {"symmetry": self.symmetry}),
            "layers": [_entry_fields(entry) for entry in self.layers],
            "provenance": dict(self.provenance),
        }
        return json.dumps(fields, indent=1, allow_nan=False).encode()


def _entry_fields(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": entry.kind}
    if entry.tables_of is not None:
        return {**fields, "tables_of": entry.tables_of, **entry.params}
    if entry.quantiser_of is not None:
        fields["quantiser_of"] = entry.quantiser_of
    return {**fields, "tables": list(entry.tables), **entry.params}


def _fields(text: bytes) -> dict[str, Any]:
    """The fields of a manifest, of the right types."""
    try:
        fields = json.loads(text.decode(), parse_constant=_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"manifest must be JSON, but: {error}") from None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        got = fields.get("format") if isinstance(fields, dict) else fields
        raise ValueError(f"format must be {FORMAT!r}, not {got!r}")
    if type(fields.get("version")) is not int or fields["version"] != VERSION:
        raise ValueError(f"version must be {VERSION}, not {fields.get('version')!r}")
    for key, kind, word in _FIELDS:
        if key not in fields and key not in _OPTIONAL:
            raise ValueError(f"manifest {key} must be given, but is missing")
        if key in fields and not isinstance(fields[key], kind):
            raise ValueError(f"manifest {key} must be {word}, not {fields[key]!r}")
    known = ("format", "version", *(key for key, _, _ in _FIELDS))
    refuse_unknown("manifest fields", fields, known)
    return fields


def _number(text: str) -> float:
    """A number that a float holds: what a reader takes in, it must be able to write again."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _entry(k: int, given: Any) -> Entry:
    """The entry of layer k."""
    if not isinstance(given, dict):
        raise ValueError(f"layer {k}: must be an object with a kind, not {given!r}")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"layer {k}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
    where = f"layer {k} ({kind})"
    owners = {what: given[what] for what in ("tables_of", "quantiser_of") if what in given}
    for what, number in owners.items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < k:
            raise ValueError(
                f"{where}: {what} must be the number of an earlier layer, not {number!r}"
            )
    names = given.get("tables", [] if "tables_of" in owners else None)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{where}: tables must be a list of names, not {names!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"{where}: tables must be names that differ, not {names!r}")
    if "tables_of" in owners and (names or "quantiser_of" in owners):
        raise ValueError(f"{where}: tables_of must stand for all tables, not for some")
    params = {key: value for key, value in given.items() if key not in _RESERVED}
    return Entry(k, kind, tuple(names), params, **owners)


def _earlier_task(scale: int, provenance: Mapping[str, Any]) -> Task:
    """The task of a file from before there was such a field: only denoisers noted a sigma."""
    if scale == 1 and "sigma" in provenance:
        with suppress(TypeError, ValueError):
            return Task("denoise", provenance["sigma"])
    return ENLARGE


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """ValueError for the first name given that is not known."""
    if unknown := sorted(set(given) - set(known)):
        allowed = ", ".join(known) or "none"
        raise ValueError(f"{what} must be among {allowed}, not {unknown[0]!r}")
