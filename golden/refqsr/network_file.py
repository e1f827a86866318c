"""The file of a network with dispatch: one ``.npz`` with a JSON manifest and integer tables.

It is as a program file is: nothing is pickled, the same network gives the same bytes, and what a
file holds is found small enough before any of it is unpacked. Equal tables, as the weights of all
precisions, are stored once. docs/refqsr.md describes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.archive import Archive, ArchiveError
from lutscale.golden.errors import InputError, printable
from lutscale.golden.files import whole_file
from lutscale.golden.layers.layer import Layer
from lutscale.golden.program_file import (
    MAX_FILE_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_NUMBERS,
    MAX_UNPACKED_BYTES,
)
from lutscale.golden.refqsr.chain import KINDS, PICTURE, Chain, feature_type
from lutscale.golden.refqsr.clust_block import ClustBlock, patch_sums
from lutscale.golden.refqsr.mixed import (
    BitSelector,
    MixedConvolution,
    ResidualBlock,
)
from lutscale.golden.refqsr.network import Dispatch, Network
from lutscale.golden.refqsr.refer_block import ReferBlock, square_sums
from lutscale.golden.value import ValueType

__all__ = ["FORMAT", "VERSION", "digest", "load", "save"]

FORMAT = "lutscale-network"
VERSION = 1

_LINE, _PATH = 300, 150
_PARTS = ("first", "second")

Array = npt.NDArray[Any]


class _Tables:
    """Arrays to be stored, each under the name of the first that is equal."""

    def __init__(self) -> None:
        self.members: dict[str, Array] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def put(self, name: str, array: Array) -> str:
        """The name under which the array is stored."""
        key = (str(array.dtype), array.shape, array.tobytes())
        found = self._known.setdefault(key, name)
        if found == name:
            self.members[name] = array
        return found


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network's file, whole or not at all.

    Raises:
        ValueError: the network is larger than `load` takes, or its provenance is no JSON.
    """
    text, tables = _stored(network)
    if len(text) > MAX_MANIFEST_BYTES:
        raise ValueError(
            f"manifest must be at most {MAX_MANIFEST_BYTES:,} bytes, not {len(text):,}"
        )
    numbers = sum(array.size for array in tables.values())
    if numbers > MAX_NUMBERS:
        raise ValueError(f"tables must have at most {MAX_NUMBERS:,} numbers, not {numbers:,}")
    members = {"manifest": np.frombuffer(text, np.uint8), **tables}
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **members)


def digest(network: Network) -> str:
    """SHA-256 in hex of what a network computes: its manifest without provenance, its tables."""
    text, tables = _stored(replace(network, provenance={}))
    found = hashlib.sha256(text)
    for member, table in tables.items():
        found.update(f"{member} {table.dtype.str} {table.shape}".encode())
        found.update(np.ascontiguousarray(table).tobytes())
    return found.hexdigest()


def _stored(network: Network) -> tuple[bytes, dict[str, Array]]:
    """The manifest's text, and the tables by name."""
    tables = _Tables()
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "name": network.name,
        "scale": network.scale,
        "channels": network.channels,
        "head": _chain_fields(network.head, "head", tables),
        "blocks": [
            {
                part: _mixed_fields(getattr(block, part), f"block{k}.{part}", tables)
                for part in _PARTS
            }
            for k, block in enumerate(network.blocks)
        ],
        "tail": _chain_fields(network.tail, "tail", tables),
        "dispatch": None
        if network.dispatch is None
        else _dispatch_fields(network.dispatch, tables),
        "provenance": dict(network.provenance),
    }
    return json.dumps(fields, indent=1, allow_nan=False).encode(), tables.members


def _chain_fields(chain: Chain, name: str, tables: _Tables) -> list[dict[str, Any]]:
    fields = []
    for k, layer in enumerate(chain.layers):
        stored = {
            table: tables.put(f"{name}.{k}.{table}", array)
            for table, array in sorted(layer.tables().items())
        }
        fields.append({"kind": layer.kind, "tables": stored, **layer.params()})
    return fields


def _mixed_fields(mixed: MixedConvolution, name: str, tables: _Tables) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "chains": {
            str(bits): _chain_fields(chain, f"{name}.{bits}", tables)
            for bits, chain in sorted(mixed.chains.items(), reverse=True)
        }
    }
    if mixed.selector is not None:
        fields["selector"] = {
            "bits": list(mixed.selector.bits),
            "weights": tables.put(f"{name}.selector.weights", mixed.selector.weights),
            "bias": tables.put(f"{name}.selector.bias", mixed.selector.bias),
        }
    return fields


def _dispatch_fields(dispatch: Dispatch, tables: _Tables) -> dict[str, Any]:
    clust = dispatch.clust
    return {
        "high": dispatch.high,
        "low": dispatch.low,
        "clust": {
            "stages": [
                _chain_fields(chain, f"clust.stage{k}", tables)
                for k, chain in enumerate(clust.stages)
            ],
            "last": _chain_fields(clust.last, "clust.last", tables),
            "multiplier": clust.multiplier,
            "shift": clust.shift,
            "exponential": tables.put("clust.exponential", clust.exponential),
            "reciprocal": tables.put("clust.reciprocal", clust.reciprocal),
        },
        "refer": [
            {
                "descriptor": _chain_fields(refer.descriptor, f"refer{k}.descriptor", tables),
                "fusion": _chain_fields(refer.fusion, f"refer{k}.fusion", tables),
                "pool": refer.pool,
                "multiplier": refer.multiplier,
                "shift": refer.shift,
                "exponential": tables.put(f"refer{k}.exponential", refer.exponential),
                "reciprocal": tables.put(f"refer{k}.reciprocal", refer.reciprocal),
                "inverse_root": tables.put(f"refer{k}.inverse_root", refer.inverse_root),
            }
            for k, refer in enumerate(dispatch.refer)
        ],
    }


def load(path: str | os.PathLike[str]) -> Network:
    """Read and validate the file of a network.

    Raises:
        InputError: one line of at most 300 printable characters, which names the file, what is
            wrong and what would be right.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ArchiveError(f"a file of more than {MAX_FILE_BYTES:,} bytes")
        return _Reader(Archive(content, limit=MAX_UNPACKED_BYTES)).network()
    except FileNotFoundError:
        reason = "must be a network file, but there is no such file"
    except OSError as error:
        reason = f"must be a network file (.npz), but cannot be read: {error.strerror or error}"
    except ArchiveError as error:
        reason = f"must be a network file (.npz), not {error}"
    except KeyError as error:
        reason = f"{error.args[0]} must be given, but is missing"
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        reason = str(error)
    place = printable(str(path))
    if len(place) > _PATH:
        place = f"...{place[3 - _PATH :]}"
    raise InputError(printable(f"{place}: {reason}", _LINE))


class _Reader:
    """What is in an archive, as parts of a network."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._read: dict[str, Array] = {}
        self._numbers = 0

    def network(self) -> Network:
        fields = self._manifest()
        channels, scale = fields["channels"], fields["scale"]
        features = feature_type(channels)
        blocks = tuple(
            ResidualBlock(
                *(
                    self._mixed(_object(block, f"block {k}")[part], f"block {k}, {part}", features)
                    for part in _PARTS
                )
            )
            for k, block in enumerate(_list(fields["blocks"], "blocks"))
        )
        return Network(
            _text(fields["name"], "name"),
            scale,
            channels,
            self._chain(fields["head"], "head", PICTURE),
            blocks,
            self._chain(fields["tail"], "tail", PICTURE, features, features),
            None if fields["dispatch"] is None else self._dispatch(fields["dispatch"], features),
            _object(fields["provenance"], "provenance"),
        )

    def _manifest(self) -> Mapping[str, Any]:
        if "manifest" not in self._archive:
            raise ValueError("manifest must be in the file, but is missing")
        header = self._archive.header("manifest")
        if header.dtype != np.uint8 or header.bytes > MAX_MANIFEST_BYTES:
            raise ValueError(
                f"manifest must be at most {MAX_MANIFEST_BYTES:,} bytes (uint8), not "
                f"{header.bytes:,} of {header.dtype}"
            )
        try:
            fields = json.loads(self._archive.read("manifest").tobytes().decode())
        except (ValueError, RecursionError) as error:
            raise ValueError(f"manifest must be JSON, but: {error}") from None
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            got = fields.get("format") if isinstance(fields, dict) else fields
            raise ValueError(f"format must be {FORMAT!r}, not {got!r}")
        if type(fields.get("version")) is not int or fields["version"] != VERSION:
            raise ValueError(f"version must be {VERSION}, not {fields.get('version')!r}")
        return fields

    def _table(self, member: Any, where: str) -> Array:
        """A table by the name of its member."""
        name = _text(member, f"{where}: table")
        if name not in self._read:
            if name not in self._archive:
                shown = printable(name, 60)
                raise ValueError(f"{where}: table {shown} must be in the file, but is missing")
            header = self._archive.header(name)
            if header.dtype.kind not in "iu":
                raise ValueError(f"{where}: {name} must be an integer array, not {header.dtype}")
            self._read[name] = self._archive.read(name)
        array = self._read[name]
        self._numbers += array.size
        # A shared table is checked, and copied, by each layer that reads it.
        if self._numbers > 4 * MAX_NUMBERS:
            raise ValueError(f"tables must have at most {4 * MAX_NUMBERS:,} numbers in all layers")
        return array

    def _chain(self, entries: Any, where: str, *inputs: ValueType) -> Chain:
        layers: list[Layer] = []
        for k, entry in enumerate(_list(entries, where)):
            place = f"{where}, layer {k}"
            params = dict(_object(entry, place))
            kind, stored = params.pop("kind"), params.pop("tables")
            if not isinstance(kind, str) or kind not in KINDS:
                raise ValueError(f"{place}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
            tables = {
                name: self._table(member, place)
                for name, member in _object(stored, f"{place}: tables").items()
            }
            try:
                layers.append(KINDS[kind].from_manifest(params, tables))
            except KeyError as error:
                raise ValueError(
                    f"{place}: {error.args[0]} must be given, but is missing"
                ) from None
            except (TypeError, ValueError) as error:
                raise ValueError(f"{place}: {error}") from None
        return Chain(where, inputs, tuple(layers))

    def _mixed(self, entry: Any, where: str, features: ValueType) -> MixedConvolution:
        fields = _object(entry, where)
        chains = {
            _bits(bits, where): self._chain(layers, f"{where} at {bits} bits", features)
            for bits, layers in _object(fields["chains"], f"{where}: chains").items()
        }
        given = fields.get("selector")
        if given is None:
            return MixedConvolution(chains)
        chosen = _object(given, f"{where}: selector")
        selector = BitSelector(
            tuple(_list(chosen["bits"], f"{where}: selector bits")),
            self._table(chosen["weights"], where),
            self._table(chosen["bias"], where),
        )
        if selector.weights.shape[1] != 2 + features.channels:
            raise ValueError(
                f"{where}: selector must have {2 + features.channels} weights a precision, not "
                f"{selector.weights.shape[1]}"
            )
        return MixedConvolution(chains, selector)

    def _dispatch(self, entry: Any, features: ValueType) -> Dispatch:
        fields = _object(entry, "dispatch")
        refer = [
            self._refer(given, k, features)
            for k, given in enumerate(_list(fields["refer"], "refer"))
        ]
        if len(refer) != 2:
            raise ValueError(f"refer must be two blocks, not {len(refer)}")
        clust = self._clust(fields["clust"])
        return Dispatch(clust, (refer[0], refer[1]), fields["high"], fields["low"])

    def _clust(self, entry: Any) -> ClustBlock:
        fields = _object(entry, "clust")
        given = _list(fields["stages"], "clust: stages")
        if len(given) != 3:
            raise ValueError(f"clust: stages must be 3, not {len(given)}")
        stages = [self._chain(given[0], "clust, stage 0", PICTURE)]
        for k in (1, 2):
            sums = patch_sums(stages[-1].output.channels)
            stages.append(self._chain(given[k], f"clust, stage {k}", sums))
        sums = patch_sums(stages[-1].output.channels)
        return ClustBlock(
            (stages[0], stages[1], stages[2]),
            self._chain(fields["last"], "clust, last", sums),
            fields["multiplier"],
            fields["shift"],
            self._table(fields["exponential"], "clust"),
            self._table(fields["reciprocal"], "clust"),
        )

    def _refer(self, entry: Any, k: int, features: ValueType) -> ReferBlock:
        where = f"refer {k}"
        fields = _object(entry, where)
        joined = ValueType(2 * features.channels, features.lo, features.hi)
        return ReferBlock(
            self._chain(
                fields["descriptor"], f"{where}, descriptor", square_sums(features.channels)
            ),
            self._chain(fields["fusion"], f"{where}, fusion", joined),
            fields["pool"],
            fields["multiplier"],
            fields["shift"],
            *(
                self._table(fields[name], where)
                for name in ("exponential", "reciprocal", "inverse_root")
            ),
        )


def _object(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise TypeError(f"{where} must be an object, not {given!r}")
    return given


def _list(given: Any, where: str) -> Sequence[Any]:
    if not isinstance(given, list):
        raise TypeError(f"{where} must be a list, not {given!r}")
    return given


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{where} must be a string, not {given!r}")
    return given


def _bits(given: str, where: str) -> int:
    if not given.isdecimal():
        raise ValueError(f"{where}: bits must be a number, not {given!r}")
    return int(given)
