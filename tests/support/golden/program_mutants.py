"""Damaged program files: good ones, of every kind of layer, changed in a few places."""

from __future__ import annotations

import copy
import io
import json
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers import Layer, PatternTables, TapTables
from lutscale.golden.layers.entry_range import checked_range
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.task import Task
from tests.support.family_programs import FAMILIES, hklut_like, symmetric_like, tinylut_like
from tests.support.golden.small_programs import small
from tests.support.random_programs import example_program

__all__ = ["MUTATIONS", "mutant"]

Random = np.random.Generator

NUMBERS = (0, 1, -1, 2, 3, 4, 5, 8, 9, 16, 255, 256, 4096, 4097, 65536, 10**30, 10**4000)
ODD: list[Any] = [
    *(None, True, False, *NUMBERS, *(sign << n for n in (31, 40, 63, 64) for sign in (1, -1))),
    *(1.0, 4.0, 0.5, -1.5, 1e300, float("nan"), float("inf")),
    *("", "x", "entries", "none", "nearest", "p4", "p4m", "mix", "reflect", "tap_tables"),
    *("\ud800", "a\nb\x1b[31m", "é" * 400),
    *([], [0], [1, 2], [[1, 2]], [1, [2, 3]], ["x" * 4000, 1, 2], {}, {"a": {}}),
    {"kind": "denoise", "sigma": 25},
    {"kind": "pixel_shuffle", "scale": 2, "tables": []},
]
KEYS = """
kind tables tables_of quantiser_of entry_bits code_bits code_signed nodes fraction_bits groups
rotations origin border symmetry role entry_range patterns offsets shift gain multiplier lo hi
bias even_divisor source upsample scale channels channel_lo channel_hi low_bits offset branches
name task sigma version format provenance layers x
"""
SHAPES = (
    *("(True,)", "(-1,)", "(0,)", "()", "(3", "3", "[3]", "(3.0,)", "('a',)", "((1, 2), 3)"),
    *("(1,) * 99", "(99999999999999999999,)", "(4294967296, 4294967296)"),
    *("(1, 1, 1, 1, 1, 1, 1, 1, 1)", "(0, 1 << 40)", "(0, 99999999999)"),
)
DTYPES = (
    *("|O", "<i3", "<U9", "|V8", "i4,i4", "<f8", "<m8[s]", "|b1", ">i2", "<c8", "|S0", "", "\\x"),
)
JUNK = b"()[]{}',:<>|=iufOSUV0129 TrueFalse-+*#\\\n\0\xff"
FIELDS = (0, 1, 2, 6, 8, 9, 12, 14, 20, 99, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


@dataclass(frozen=True)
class Base:
    """A good file: its bytes, what its manifest says, and its members as they are stored."""

    content: bytes
    manifest: dict[str, Any]
    members: dict[str, bytes]


@cache
def bases() -> list[Base]:
    """Files of every kind of layer, with ranges declared, and of a denoiser."""
    programs = [small(), *(example_program(s, 1 + s % 4) for s in range(3))]
    programs += [_ranged(small()), _ranged(hklut_like(1))]
    programs += [replace(tinylut_like(4), task=Task("denoise", 25), provenance={"sigma": 25})]
    programs += [symmetric_like(seed) for seed in range(3)]
    programs += [make(seed) for make in FAMILIES.values() for seed in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.npz"
        return [_base(program, path) for program in programs]


def _ranged(program: Program) -> Program:
    """The same program, with the range of its entries declared where there may be one."""
    layers: list[Layer] = []
    for layer in program.layers:
        if isinstance(layer, TapTables):
            layer = replace(layer, entry_range=checked_range(None, layer.entry_bits))
        elif isinstance(layer, PatternTables):
            ranged = [replace(p, entry_range=(-100, 100)) for p in layer.patterns]
            layer = replace(layer, patterns=tuple(ranged))
        layers.append(layer)
    return replace(program, layers=tuple(layers))


def _base(program: Program, path: Path) -> Base:
    save(program, path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    manifest = json.loads(_array(members.pop("manifest.npy")).tobytes())
    return Base(path.read_bytes(), manifest, members)


def _array(content: bytes) -> npt.NDArray[Any]:
    made: npt.NDArray[Any] = np.load(io.BytesIO(content))
    return made


def _npy(array: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def _zipped(random: Random, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", int(random.choice([0, 0, 0, 8]))) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _written(random: Random, text: bytes, members: dict[str, bytes]) -> bytes:
    return _zipped(random, {"manifest.npy": _npy(np.frombuffer(text, np.uint8)), **members})


def _pick(random: Random, options: Any) -> Any:
    return options[int(random.integers(len(options)))]


def _edited(random: Random, content: bytes, junk: bytes = bytes(range(256))) -> bytes:
    """Bytes with a few changed, added, doubled or gone."""
    data = bytearray(content)
    for _ in range(int(random.integers(1, 4))):
        at, length = int(random.integers(len(data) + 1)), int(random.integers(1, 9))
        new = bytes(_pick(random, junk) for _ in range(length))
        match int(random.integers(5)):
            case 0:
                data[at : at + 1] = new[:1]
            case 1:
                data[at:at] = new
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + 8 * length]
            case _:
                data = data[:at] if random.random() < 0.3 else data
    return bytes(data)


# ---------------------------------------------------------------- ways to damage a file


def raw(random: Random, base: Base) -> bytes:
    """Any bytes of the file."""
    return _edited(random, base.content)


def directory(random: Random, base: Base) -> bytes:
    """Numbers of the zip file's own records."""
    content = bytearray(base.content)
    starts = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", content)]
    for _ in range(int(random.integers(1, 3))):
        at = _pick(random, starts) + int(random.integers(4, 46))
        form = _pick(random, ("<B", "<H", "<I"))
        size = struct.calcsize(form)
        number = int(_pick(random, FIELDS)) & (256**size - 1)
        if at + size <= len(content):
            content[at : at + size] = struct.pack(form, number)
    return bytes(content)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything in a JSON tree."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def fields(random: Random, base: Base) -> bytes:
    """What the manifest says."""
    manifest = copy.deepcopy(base.manifest)
    for _ in range(int(random.integers(1, 4))):
        places = list(_places(manifest))
        if not places:
            break
        node, key = _pick(random, places)
        value = node[key]
        match int(random.integers(6)):
            case 0:
                node[key] = copy.deepcopy(_pick(random, ODD))
            case 1:
                other, where = _pick(random, places)
                node[key] = copy.deepcopy(other[where]) if where in _keys(other) else None
            case 2:
                del node[key]
            case 3 if isinstance(node, list):
                node.insert(key, copy.deepcopy(value))
            case 4 if isinstance(value, dict):
                value[_pick(random, KEYS.split())] = copy.deepcopy(_pick(random, ODD))
            case _ if isinstance(value, int):
                near = float(max(min(value, 1 << 64), -1 << 64))
                node[key] = _pick(random, (value + 1, value - 1, -value, value * 2, near))
            case _ if isinstance(value, list):
                value.reverse()
            case _:
                node[key] = copy.deepcopy(_pick(random, ODD))
    return _written(random, json.dumps(manifest).encode(), base.members)


def _keys(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))


def text(random: Random, base: Base) -> bytes:
    """The manifest's JSON."""
    content = json.dumps(base.manifest).encode()
    return _written(random, _edited(random, content, JUNK + b'"eE.null\\u'), base.members)


def tables(random: Random, base: Base) -> bytes:
    """Numbers, dtypes, shapes and names of the tables."""
    arrays = {name: _array(content).copy() for name, content in base.members.items()}
    for _ in range(int(random.integers(1, 3))):
        if arrays:
            name = _pick(random, list(arrays))
            _change_table(random, arrays, name)
    members = {name: _npy(array) for name, array in arrays.items()}
    return _written(random, json.dumps(base.manifest).encode(), members)


def _change_table(random: Random, arrays: dict[str, npt.NDArray[Any]], name: str) -> None:
    array = arrays[name]
    match int(random.integers(8)):
        case 0 if array.size:
            array.flat[int(random.integers(array.size))] = int(random.integers(9))
        case 1:
            # What an earlier change made of it may be no number any more.
            with suppress(TypeError, ValueError, OverflowError):
                arrays[name] = array.astype(_pick(random, "bhilBHILfdD?SUO"))
        case 2:
            shapes = (-1, array.shape[::-1], (1, *array.shape), (*array.shape, 1))
            arrays[name] = array.reshape(_pick(random, shapes))
        case 3:
            arrays[name] = np.asfortranarray(array)
        case 4 if array.ndim:
            arrays[name] = np.concatenate([array, array], int(random.integers(array.ndim)))
        case 5:
            arrays[name] = array[: int(random.integers(3))]
        case 6:
            arrays[_pick(random, list(arrays))] = array
        case _:
            names = ("layer0.x.npy", "x.npy", "layer9.entries.npy", "a", "a/", "ä")
            arrays[_pick(random, names)] = arrays.pop(name)


def headers(random: Random, base: Base) -> bytes:
    """What members say of their arrays."""
    manifest = _npy(np.frombuffer(json.dumps(base.manifest).encode(), np.uint8))
    members = {"manifest.npy": manifest, **base.members}
    name = _pick(random, list(members))
    content = members[name]
    length = int.from_bytes(content[8:10], "little")
    start, header, numbers = content[:8], content[10 : 10 + length], content[10 + length :]
    match int(random.integers(6)):
        case 0 | 1:
            header = _edited(random, header, JUNK)
        case 2:
            shape = _pick(random, SHAPES).encode()
            header = re.sub(rb"\([^)]*\)", lambda _: shape, header, count=1)
        case 3:
            dtype = _pick(random, DTYPES).encode()
            header = re.sub(rb"'[<>|][^']*'", lambda _: b"'" + dtype + b"'", header, count=1)
        case 4:
            start = start[:6] + bytes([_pick(random, (0, 1, 2, 3, 255)), _pick(random, (0, 1))])
        case _:
            header = _pick(
                random, (b"(" * 900, b"-" * 900 + b"1", b"'\\d'", b"", b"{}", b"9" * 900)
            )
    size = len(header) if random.random() < 0.9 else int(_pick(random, FIELDS)) & 0xFFFF
    members[name] = start + size.to_bytes(2, "little") + header + numbers
    return _zipped(random, members)


MUTATIONS: tuple[Callable[[Random, Base], bytes], ...] = (
    raw,
    directory,
    fields,
    fields,
    text,
    tables,
    headers,
)


def mutant(seed: int, number: int) -> tuple[str, bytes]:
    """(kind of damage, content) of file ``number``."""
    random = np.random.default_rng([seed, number])
    damage = MUTATIONS[number % len(MUTATIONS)]
    return damage.__name__, damage(random, _pick(random, bases()))
