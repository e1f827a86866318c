"""The guarded reader: what np.load reads, and a reason for everything else."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.archive import Archive, ArchiveError

NUMBERS = np.arange(6, dtype=np.int16).reshape(2, 3)
LIMIT = 1 << 16


def npz(**arrays: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **arrays)
    return file.getvalue()


def npy(array: npt.NDArray[Any] = NUMBERS) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def read_all(content: bytes) -> None:
    archive = Archive(content, limit=LIMIT)
    for name in archive.names:
        archive.read(name)


def described(header: bytes, numbers: bytes = NUMBERS.tobytes(), start: bytes = b"") -> bytes:
    """An archive with one member a, whose header says anything."""
    start = start or b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    return zipped(("a.npy", start + header + numbers))


ARRAYS: list[npt.NDArray[Any]] = [
    NUMBERS,
    np.asfortranarray(NUMBERS),
    NUMBERS.astype(">i2"),
    NUMBERS.astype(np.float64),
    np.zeros((0, 4), np.uint8),
    np.array(7, np.uint64),
    np.array([True, False]),
    np.array(["one", "three"]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}-{a.shape}")
def test_arrays_are_those_that_numpy_wrote(array: npt.NDArray[Any]) -> None:
    archive = Archive(npz(a=array, b=NUMBERS), limit=LIMIT)
    assert archive.names == ("a", "b")
    header = archive.header("a")
    assert (header.dtype, header.shape, header.bytes) == (array.dtype, array.shape, array.nbytes)
    read = archive.read("a")
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)
    np.testing.assert_array_equal(archive.read("b"), NUMBERS)


def test_the_limit_is_of_all_members_together() -> None:
    content = npz(a=np.zeros(600, np.uint8), b=np.zeros(600, np.uint8))
    assert Archive(content, limit=2 * (128 + 600)).names == ("a", "b")
    with pytest.raises(ArchiveError, match="a file that unpacks to 1,456 bytes, above 1,455"):
        Archive(content, limit=2 * (128 + 600) - 1)


def header(shape: str = "(2, 3)", descr: str = "'<i2'", order: str = "False") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}".encode()


@pytest.mark.parametrize(
    "text",
    [
        header(),
        header()[:-1] + b", }   \n",
        b"{'shape': (2, 3), 'fortran_order': False, 'descr': '<i2'}",
        header(order="True"),
    ],
)
def test_headers_of_other_writers(text: bytes) -> None:
    read = Archive(described(text), limit=LIMIT).read("a")
    assert read.shape == (2, 3)
    assert sorted(read.ravel().tolist()) == list(range(6))


DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "a file of another kind"),
    "a text": (b"hello, this is no archive", "a file of another kind"),
    "cut off": (npz(a=NUMBERS)[:-1], "a file without its end"),
    "a comment": (npz(a=NUMBERS)[:-2] + b"\1\0x", "a file without its end"),
    "more behind": (npz(a=NUMBERS) + b"x", "a file without its end"),
    "no array": (zipped(("a", b"x")), "a file whose member a is no array"),
    "a folder": (zipped(("a.npy/", b"")), "a file whose member a.npy/ is no array"),
    "not NumPy's": (zipped(("a.npy", b"hello")), "a file whose member a is no array (.npy, ver"),
    "version 2": (described(header(), start=b"\x93NUMPY\x02\x00\x40\0\0\0"), "version 1.0)"),
    "no header": (described(b""), "a file whose member a has a damaged header"),
    "long header": (described(header() + b" " * 1000), "has a header of 1"),
    "header cut": (zipped(("a.npy", npy()[:30])), "has a header of 118 bytes"),
    "no dict": (described(b"[1, 2]"), "has a damaged header"),
    "field missing": (described(b"{'descr': '<i2', 'shape': (6,)}"), "has a damaged header"),
    "field more": (described(header()[:-1] + b", 'x': 1}"), "has a damaged header"),
    "unclosed": (described(header("(2, 3")), "a file whose member a has a damaged header"),
    "unclosed text": (described(header(descr="'<i2")), "has a damaged header"),
    "nested": (described(b"(" * 900), "a file whose member a has a damaged header"),
    "signs": (described(b"-" * 900 + b"1"), "a file whose member a has a damaged header"),
    "escapes": (described(b"'\\d\\i' * 9"), "a file whose member a has a damaged header"),
    "code": (described(b"__import__('os').getpid()"), "has a damaged header"),
    "shape of bools": (described(header("(True,)"), b"\0\0"), "a has shape (True,)"),
    "shape of floats": (described(header("(2.0, 3)")), "a has shape (2.0, 3)"),
    "shape below 0": (described(header("(-2, -3)")), "a has shape (-2, -3)"),
    "shape a number": (described(header("6")), "a has shape 6"),
    "shape a list": (described(header("[2, 3]")), "a has shape [2, 3]"),
    "shape of 9": (described(header("(1, 1, 1, 1, 1, 1, 1, 2, 3)")), "a has shape (1, 1"),
    "shape too large": (described(header("(1 << 62,)")), "has a damaged header"),
    "shape huge": (described(header(f"({10**300},)")), "has 12 bytes for an array of 2000000"),
    "shape of none": (described(header(f"(0, {10**30})"), b""), "a damaged file ("),
    "numbers missing": (described(header("(2, 4)")), "has 12 bytes for an array of 16"),
    "numbers more": (described(header("(5,)")), "has 12 bytes for an array of 10"),
    "order a number": (described(header(order="1")), "a has fortran_order 1"),
    "objects": (described(header(descr="'|O'")), "a holds no numbers, but '|O'"),
    "a structure": (described(header(descr="[('a', '<i2')]")), "a holds no numbers, but [('a'"),
    "two numbers": (described(header(descr="'i2,i2'")), "a holds no numbers, but 'i2,i2'"),
    "no dtype": (described(header(descr="'<i3'")), "a holds no numbers, but '<i3'"),
    "dtype a number": (described(header(descr="7")), "a holds no numbers, but 7"),
    "bzip2": (zipped(("a.npy", npy()), method=zipfile.ZIP_BZIP2), "neither stored nor deflated"),
    "lzma": (zipped(("a.npy", npy()), method=zipfile.ZIP_LZMA), "neither stored nor deflated"),
}


@pytest.mark.parametrize(("content", "text"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged(content: bytes, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ArchiveError) as caught:
            read_all(content)
    assert text in str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name() -> None:
    with pytest.raises(ArchiveError, match="a file with two members a"):
        Archive(zipped(("a.npy", npy()), ("a.npy", npy())), limit=LIMIT)


@pytest.mark.parametrize(
    ("record", "offset", "number", "text"),
    [
        (b"PK\x01\x02", 8, 1, "a file whose member a is encrypted"),
        (b"PK\x01\x02", 10, 99, "a file whose member a is neither stored nor deflated"),
        (b"PK\x01\x02", 16, 1, r"a damaged file \(Bad CRC-32 for file 'a.npy'\)"),
        (b"PK\x01\x02", 24, 0xFFFF, "has 65407 bytes for an array of 12"),
        (b"PK\x01\x02", 42, 7, "a damaged file"),
        (b"PK\x05\x06", 12, 0xFFFF, "a damaged file"),
        (b"PK\x05\x06", 14, 0x7F, "a file with a directory of 8,323,"),
        (b"PK\x05\x06", 16, 0xFFFF, "a damaged file"),
    ],
)
def test_records_that_say_other_numbers(record: bytes, offset: int, number: int, text: str) -> None:
    content = bytearray(npz(a=NUMBERS))
    at = content.index(record) + offset
    content[at : at + 2] = number.to_bytes(2, "little")
    with pytest.raises(ArchiveError, match=text):
        Archive(bytes(content), limit=1 << 20).read("a")


def test_larger_directories_are_not_read() -> None:
    content = npz(a=NUMBERS)
    large = content[:-22] + b"PK\x06\x07" + bytes(16) + content[-22:]
    with pytest.raises(ArchiveError, match="a file with a directory for more than 4 GB"):
        Archive(large, limit=LIMIT)
