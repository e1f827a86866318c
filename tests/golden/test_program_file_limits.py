"""Program files made to exhaust a machine: none takes 200 MB, whether taken in or refused."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lutscale.golden import program_file
from lutscale.golden.layers import PixelShuffle, Requantise, Split, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import FORMAT, MAX_FILE_BYTES, MAX_NUMBERS, VERSION, save
from tests.support.golden.small_programs import small

MOST_MB = 200
BOMB = 2 << 30

READER = """
import json, re, sys
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
for path in sys.argv[1:]:
    try:
        load(path)
        line = "taken in"
    except InputError as error:
        line = str(error)
    peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
    print(json.dumps([path, line, peak / 1024]), flush=True)
"""
"""Reads files, and says how much memory it has taken at most (not its parent, as ru_maxrss may)."""


# ---------------------------------------------------------------- zip files of anybody's making


def repeated(unit: bytes, total: int, start: bytes = b"") -> bytes:
    """A deflate stream of ``start`` and of ``unit`` again and again, ``total`` bytes in all."""
    packer = zlib.compressobj(9, wbits=-15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit * ((1 << 22) // len(unit))) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (total // (1 << 22)) + packer.flush()


def archive(members: Iterable[tuple[str, bytes, int, int]]) -> bytes:
    """A zip file of deflated members (name, deflated content, size and checksum they claim)."""
    parts, entries, at = [], [], 0
    for name, content, size, check in members:
        sizes = (check, len(content), size, len(name), 0)
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, *sizes)
        local = b"PK\x03\x04" + fields + name.encode()
        entry = (
            b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, at)
        )
        parts.append(local + content)
        entries.append(entry + name.encode())
        at += len(parts[-1])
    directory = b"".join(entries)
    count = len(entries) & 0xFFFF
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), at, 0)
    return b"".join([*parts, directory, end])


def npy_start(dtype: str, shape: tuple[int, ...]) -> bytes:
    """The magic and the header of a .npy file."""
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def file_of(manifest: Any, **tables: np.ndarray) -> bytes:
    """A file of the format, whatever it says, with tables of layer 0."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    members = {f"layer0.{name}": table for name, table in tables.items()}
    file = io.BytesIO()
    np.savez_compressed(file, manifest=np.frombuffer(text, np.uint8), **members)
    return file.getvalue()


def manifest(*layers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    top = {"format": FORMAT, "version": VERSION, "name": "p", "scale": 1}
    return {**top, "layers": list(layers), **fields}


TAPS = {"kind": "tap_tables", "tables": ["entries"], "entry_bits": 8, "code_bits": 8}
TAPS |= {"code_signed": False}


def bomb(name: str, unit: bytes, dtype: str, said: int | None = None) -> bytes:
    """A member of 2 GB, said to be as large or not; the header is the truth."""
    start = npy_start(dtype, (BOMB,))
    return archive([(name, repeated(unit, BOMB, start), said or len(start) + BOMB, 0)])


def in_a_program(folder: Path, name: str, said: int | None = None) -> bytes:
    """A good program with a member of 2 GB, said to be as large, or to be an array of bytes."""
    save(small(), folder / "small.npz")
    with zipfile.ZipFile(folder / "small.npz") as good:
        own = {i.filename: (deflated(good.read(i)), i.file_size, i.CRC) for i in good.infolist()}
    start = npy_start("|i1", (said or BOMB,))
    own[name] = repeated(b"\0", BOMB, start), len(start) + (said or BOMB), 0
    return archive((name, *member) for name, member in own.items())


def largest() -> Program:
    """As many numbers as a program may have, 4096 channels of one level."""
    layers: list[Any] = [Split(1) for _ in range(12)]
    entries = np.zeros((4096, 15, 15, 1, 9), np.int32)
    ranges = np.zeros((4096, 2), np.int32)
    layers.append(TapTables(entries, 8, 8, False, code_ranges=ranges))
    layers += [Requantise(np.ones(9, np.int32), 16, 0, 255), PixelShuffle(3)]
    return Program("largest", 3, tuple(layers))


def wide_entries(value: int) -> np.ndarray:
    """7,372,800 numbers."""
    return np.full((1, 15, 15, 256, 128), value, np.int8)


def recursive() -> bytes:
    """One large table, read by a thousand layers."""
    again = {k: v for k, v in TAPS.items() if k != "tables"} | {"tables_of": 0}
    return file_of(manifest(TAPS, *[again] * 1000), entries=wide_entries(0))


def many_members(count: int) -> bytes:
    """A directory of so many members, all of them the same empty array."""
    content = deflated(npy_start("|i1", (0,)))
    return archive((f"m{k}.npy", content, 128, 0) for k in range(count))


def long_words() -> bytes:
    """A list of numbers in which one is a long text."""
    multiplier = ["x" * 400_000, *[1] * 100_000]
    layer = {"kind": "requantise", "tables": [], "multiplier": multiplier, "shift": 1}
    return file_of(manifest({**layer, "lo": 0, "hi": 255}))


def with_provenance(text: str) -> bytes:
    """A good manifest with a megabyte of this in its provenance."""
    layer = {
        "kind": "requantise",
        "tables": [],
        "multiplier": [256],
        "shift": 8,
        "lo": 0,
        "hi": 255,
    }
    items = text * ((1_000_000) // len(text))
    good = json.dumps(manifest(layer, provenance={"a": 0}))
    return file_of(good.replace('"a": 0', f'"a": [{items[:-1]}]').encode())


FILES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "two gigabytes of zeros": (
        lambda _: bomb("layer0.entries.npy", b"\0", "|i1"),
        "must be a program file (.npz), not a file that unpacks to 2,147,483,776 bytes, above",
    ),
    "a manifest of two gigabytes": (
        lambda _: bomb("manifest.npy", b" ", "|u1"),
        "must be a program file (.npz), not a file that unpacks to 2,147,483,776 bytes, above",
    ),
    "a manifest that is larger than it says": (
        lambda _: bomb("manifest.npy", b" ", "|u1", 5000),
        "not a file whose member manifest has 4872 bytes for an array of 2147483648",
    ),
    "a stray member": (
        lambda folder: in_a_program(folder, "x.npy"),
        "must be a program file (.npz), not a file that unpacks to 2,147,48",
    ),
    "a stray member that is larger than it says": (
        lambda folder: in_a_program(folder, "x.npy", 48),
        "tables must be named by the manifest, but x is not",
    ),
    "a table that is larger than it says": (
        lambda folder: in_a_program(folder, "layer0.entries.npy", 48),
        "not a damaged file (Bad CRC-32 for file 'layer0.entries.npy')",
    ),
    "too many members": (lambda _: many_members(40_000), "a file with a directory of 2,"),
    "many members": (
        lambda _: many_members(18_000),
        "manifest must be in the file, but is missing",
    ),
    "a manifest above its limit": (
        lambda _: file_of(b" " * (1 << 20) + b"{}"),
        "manifest must be at most 1,048,576 bytes, not 1,048,578",
    ),
    "lists in the provenance": (lambda _: with_provenance("[],"), "taken in"),
    "objects in the provenance": (lambda _: with_provenance('{"a":[]},'), "taken in"),
    "brackets": (lambda _: file_of(b"[" * (1 << 20)), "manifest must be JSON, but: "),
    "a long text among numbers": (lambda _: long_words(), "multiplier must be a list of integers"),
    "a table for a thousand layers": (
        lambda _: recursive(),
        "tables must have at most 8,388,608 numbers, not 7,380,172,800",
    ),
    "every entry wrong": (
        lambda _: file_of(manifest({**TAPS, "entry_bits": 2}), entries=wide_entries(9)),
        "entries[0, 0, 0, 0, 0] must be in -2..1, not 9",
    ),
    "large numbers": (
        lambda _: file_of(manifest(TAPS), entries=np.zeros((1, 1, 1, 1 << 20, 1), np.int64)),
        "entries must have shape nxnxnx256xn, not 1x1x1x1048576x1",
    ),
    "ranges of millions of channels": (
        lambda _: file_of(
            manifest({**TAPS, "tables": ["code_ranges", "entries"]}),
            entries=np.zeros((2_500_000, 1, 1, 1, 1), np.int8),
            code_ranges=np.zeros((2_500_000, 2), np.int8),
        ),
        "must be in 1..4096, not 2500000",
    ),
    "a large file": (
        lambda _: bytes(MAX_FILE_BYTES + 1),
        "not a file of more than 12,582,912 bytes",
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What became of each file, and the memory used at most so far, by the file's name."""
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells what memory a process has taken at most")
    folder = tmp_path_factory.mktemp("limits")
    paths = {}
    for number, (name, (make, _)) in enumerate(FILES.items()):
        paths[name] = folder / f"{number}.npz"
        paths[name].write_bytes(make(folder))
    paths["endless"] = Path("/dev/zero")
    save(largest(), folder / "largest.npz")
    paths["largest"] = folder / "largest.npz"
    done = subprocess.run(
        [sys.executable, "-c", READER, *map(str, paths.values())],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    lines = {path: (line, peak) for path, line, peak in map(json.loads, done.stdout.splitlines())}
    for path in paths.values():
        if path.parent == folder:
            path.unlink()
    return {name: lines[str(path)] for name, path in paths.items()}


@pytest.mark.parametrize("name", FILES)
def test_files_that_would_fill_the_memory(told: dict[str, tuple[str, float]], name: str) -> None:
    line, peak = told[name]
    assert FILES[name][1] in line
    assert len(line) <= 300
    assert line.isprintable()
    assert peak < MOST_MB


def test_a_file_without_end(told: dict[str, tuple[str, float]]) -> None:
    line, peak = told["endless"]
    assert line.endswith("must be a program file (.npz), not a file of more than 12,582,912 bytes")
    assert peak < MOST_MB


def test_the_largest_program_is_taken_in(told: dict[str, tuple[str, float]]) -> None:
    line, peak = told["largest"]
    assert line == "taken in"
    assert peak < MOST_MB
    assert largest().layers[12].tables()["entries"].size > 0.95 * MAX_NUMBERS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAX_NUMBERS", "tables must have at most 100 numbers, not 560"),
        ("MAX_MANIFEST_BYTES", "manifest must be at most 100 bytes, not 899"),
    ],
)
def test_no_larger_program_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setattr(program_file, name, 100)
    with pytest.raises(ValueError, match=text):
        save(small(), tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())
