"""A guarded reader of ``.npz`` archives: nothing is unpacked before its size is known and allowed.

The archive's directory and the headers of its members (NEP 1, the ``.npy`` format) are data of
anybody's making, and so are the errors that zipfile has for them. They all become `ArchiveError`.
"""

from __future__ import annotations

import ast
import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Archive", "ArchiveError", "Header"]

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER_BYTES = 1024
_DESCR = re.compile(r"[<>|=][biufcmMSUVO]\d{0,9}")
_ENDING = ".npy"
_ENCRYPTED = 1

# The end record of a zip file, and the mark of a larger one (zip64) before it.
_END, _END_BYTES = b"PK\x05\x06", 22
_LARGE_END, _LARGE_END_BYTES = b"PK\x06\x07", 20
# zipfile keeps half a kilobyte for each of the directory's entries, of 47 bytes or more.
_DIRECTORY_BYTES = 1 << 20


class ArchiveError(ValueError):
    """What a file is instead of the archive that it must be: "a file ..."."""


@dataclass(frozen=True)
class Header:
    """What a member says of itself.

    Attributes:
        dtype: of the numbers; never an object.
        shape: of the array.
        fortran_order: whether the first axis runs fastest.
        start: bytes of the member before its numbers.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int

    @property
    def bytes(self) -> int:
        """Bytes of the numbers."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """The arrays of an ``.npz`` file, by name.

    Args:
        content: the file.
        limit: bytes that all members may have when unpacked.

    Raises:
        ArchiveError: there is no such archive in the file, or a larger one. So does each method,
            for a member that is no array, or not the one that its header promises.
    """

    def __init__(self, content: bytes, *, limit: int) -> None:
        _check_end(content)
        with _damage():
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.filename.removesuffix(_ENDING)
            if name == info.filename:
                raise ArchiveError(f"a file whose member {name} is no array")
            if name in self._members:
                raise ArchiveError(f"a file with two members {name}")
            if info.flag_bits & _ENCRYPTED:
                raise ArchiveError(f"a file whose member {name} is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ArchiveError(f"a file whose member {name} is neither stored nor deflated")
            self._members[name] = info
        unpacked = sum(info.file_size for info in self._members.values())
        if unpacked > limit:
            raise ArchiveError(f"a file that unpacks to {unpacked:,} bytes, above {limit:,}")

    @property
    def names(self) -> tuple[str, ...]:
        """All members, as the directory has them."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def header(self, name: str) -> Header:
        """What member ``name`` says of itself; no more than that is unpacked."""
        info = self._members[name]
        with _damage(), self._zip.open(info) as member:
            start = member.read(len(_MAGIC) + 2 + _HEADER_BYTES)
        header = _parsed(name, start)
        if info.file_size != header.start + header.bytes:
            raise ArchiveError(
                f"a file whose member {name} has {info.file_size - header.start} bytes for an "
                f"array of {header.bytes}"
            )
        return header

    def read(self, name: str) -> npt.NDArray[Any]:
        """The array of member ``name``, read-only."""
        header, info = self.header(name), self._members[name]
        with _damage(), self._zip.open(info) as member:
            content = member.read(info.file_size)
            # At its end a member is compared with its checksum.
            more = member.read(1)
        if len(content) != info.file_size or more:
            raise ArchiveError(f"a file whose member {name} has not the length it is said to have")
        order: Literal["F", "C"] = "F" if header.fortran_order else "C"
        # Where one length is 0, the others may be beyond all that numpy takes.
        with _damage():
            numbers = np.frombuffer(content, header.dtype, offset=header.start)
            return numbers.reshape(header.shape, order=order)


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever zipfile raises, and numpy; they promise no types, and zipfile has many."""
    try:
        yield
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ArchiveError(f"a damaged file ({reason})") from None


def _check_end(content: bytes) -> None:
    """Refuse what is no plain zip file, and a directory that is too large to be read."""
    if content[:4] not in (b"PK\x03\x04", _END):
        raise ArchiveError("a file of another kind")
    end = content[-_END_BYTES:]
    # With a comment it would end elsewhere; nobody writes one into an .npz.
    if len(end) < _END_BYTES or end[:4] != _END or end[-2:] != b"\0\0":
        raise ArchiveError("a file without its end")
    if content[-_END_BYTES - _LARGE_END_BYTES :][:4] == _LARGE_END:
        raise ArchiveError("a file with a directory for more than 4 GB")
    directory = int.from_bytes(end[12:16], "little")
    if directory > _DIRECTORY_BYTES:
        raise ArchiveError(f"a file with a directory of {directory:,} bytes")


def _parsed(name: str, start: bytes) -> Header:
    """The header of a member, from its first bytes."""
    begin = len(_MAGIC) + 2
    if start[: len(_MAGIC)] != _MAGIC or len(start) < begin:
        raise ArchiveError(f"a file whose member {name} is no array (.npy, version 1.0)")
    end = begin + int.from_bytes(start[len(_MAGIC) : begin], "little")
    if end > len(start):
        raise ArchiveError(f"a file whose member {name} has a header of {end - begin} bytes")
    fields = _literal(start[begin:end].decode("latin1"))
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise ArchiveError(f"a file whose member {name} has a damaged header")
    descr, order, shape = fields["descr"], fields["fortran_order"], fields["shape"]
    if not isinstance(order, bool):
        raise ArchiveError(f"a file whose member {name} has fortran_order {order!r}")
    # A bool is no length, though Python takes it for an integer.
    lengths = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not lengths or len(shape) > 8:
        raise ArchiveError(f"a file whose member {name} has shape {shape!r}")
    return Header(_numbers(name, descr), shape, order, end)


def _literal(text: str) -> Any:
    """The Python literal that a header is; None when it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _numbers(name: str, descr: object) -> np.dtype[Any]:
    """The dtype of a header, when it is one of plain numbers."""
    try:
        if isinstance(descr, str) and _DESCR.fullmatch(descr):
            dtype = np.dtype(descr)
            if not dtype.hasobject:
                return dtype
    except TypeError:
        pass
    raise ArchiveError(f"a file whose member {name} holds no numbers, but {descr!r}")
