"""A folder of ROM files with an index, and its check."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.folders import write_folder
from lutscale.hw.rom_formats.formats import FORMATS
from lutscale.hw.rom_formats.image import NAME, RomImage
from lutscale.hw.rom_formats.text import MAX_DEPTH, MAX_WIDTH, is_int, wrong

__all__ = [
    "INDEX_NAME",
    "export_roms",
    "verify_roms",
]

INDEX_NAME = "index.json"
"""Name of the index file in an exported folder, by default."""


_INDEX_FORMAT = "lutscale-roms"


_INDEX_VERSION = 1


_SHA256 = re.compile(r"[0-9a-f]{64}")


def export_roms(
    roms: Sequence[RomImage],
    out: Path,
    formats: Iterable[str] | None = None,
    *,
    index_name: str = INDEX_NAME,
) -> dict[str, Any]:
    """Write `roms` and an index to the folder `out`, all of it or nothing.

    Files that an earlier export wrote are replaced or deleted; others stay. The same arguments
    always give the same bytes.

    Args:
        roms: The images, at least one; their names differ in more than case.
        out: The folder to write; folders above it are made.
        formats: Keys of `FORMATS`. By default each image is written in every format that can hold
            it.
        index_name: Of the index; exports with indices of other names may share the folder.

    Returns:
        The contents of the index: "format", "version" and "roms", each ROM with "name",
        "layer", "depth", "width" (bits), "sha256" and "files", a path within `out` by format key.

    Raises:
        InputError: `out` holds something else, a format is unknown, or a format that was asked
            for cannot hold an image.
        ValueError: `roms` is empty or two names clash.
    """
    keys = _chosen(formats)
    names = [rom.name for rom in roms]
    if not names:
        raise ValueError("roms must hold at least one image, not none")
    # File systems that ignore case would merge names that differ only in it.
    if len({name.lower() for name in names}) != len(names):
        clash = next(n for i, n in enumerate(names) if n.lower() in map(str.lower, names[:i]))
        raise ValueError(f"ROM names must differ in more than case, not repeat {clash!r}")
    entries, contents = _files(roms, keys, skip_unfit=formats is None)
    index = {"format": _INDEX_FORMAT, "version": _INDEX_VERSION, "roms": entries}
    return write_folder(out, contents, manifest=index_name, about=index)


def _chosen(formats: Iterable[str] | None) -> list[str]:
    """The keys asked for in the order of `FORMATS`."""
    asked = set(FORMATS) if formats is None else set(formats)
    unknown = sorted(asked - set(FORMATS))
    if unknown or not asked:
        got = ", ".join(map(repr, unknown)) or "none"
        raise InputError(f"formats must be among {', '.join(FORMATS)}, not {got}")
    return [key for key in FORMATS if key in asked]


def _files(
    roms: Sequence[RomImage], keys: list[str], skip_unfit: bool
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The index's entry of each ROM, and the contents of its files by path."""
    entries: list[dict[str, Any]] = []
    contents: dict[str, bytes] = {}
    for rom in roms:
        files: dict[str, str] = {}
        for key in keys:
            entry = FORMATS[key]
            if not entry.fits(rom):
                if skip_unfit:
                    continue
                raise InputError(
                    f"ROM {rom.name} must be at most {entry.max_width} bits wide and "
                    f"{entry.max_depth} words deep for {key}, not {rom.width} and {rom.depth}"
                )
            files[key] = entry.path(rom.name)
            contents[files[key]] = entry.formatter(rom).encode("ascii")
        entries.append(
            {
                "name": rom.name,
                "layer": rom.layer,
                "depth": rom.depth,
                "width": rom.width,
                "sha256": rom.sha256,
                "files": files,
            }
        )
    return entries, contents


def verify_roms(out: Path, index_name: str = INDEX_NAME) -> None:
    """Check an exported folder: every file present, parsed, equal and as hashed.

    Each file is parsed and its words compared with those that match the index's SHA-256; then its
    text is compared with what would be written now, so that no change at all goes unseen (line
    ends of \\r\\n aside).

    Args:
        out: A folder written by `export_roms`.
        index_name: Of its index.

    Raises:
        InputError: The index or a file is missing, malformed or altered; the message names the
            file, the address, and the word expected and found where they are known.
    """
    folder = Path(out)
    for entry in _read_index(folder / index_name):
        texts = {key: _read_text(folder / path) for key, path in entry["files"].items()}
        images = {key: _read_image(folder, entry, key, text) for key, text in texts.items()}
        good = next((rom for rom in images.values() if rom.sha256 == entry["sha256"]), None)
        if good is None:
            key, rom = next(iter(images.items()))
            raise InputError(
                f"{folder / entry['files'][key]}: contents must have SHA-256 {entry['sha256']}, "
                f"not {rom.sha256}"
            )
        for key, rom in images.items():
            path = folder / entry["files"][key]
            for address, (expected, got) in enumerate(zip(good.words, rom.words, strict=True)):
                if expected != got:
                    raise InputError(
                        f"{path}: word at address {address:#x} must be {expected:#x}, not {got:#x}"
                    )
            _compare_text(path, FORMATS[key].formatter(good), texts[key])


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("ascii").replace("\r\n", "\n")
    except OSError as error:
        raise InputError(f"{path} must be a readable file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: text must be ASCII at byte {error.start}") from error


def _read_image(folder: Path, entry: dict[str, Any], key: str, text: str) -> RomImage:
    """Parse one file and check its shape against the index."""
    path = folder / entry["files"][key]
    try:
        parsed = FORMATS[key].parser(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    width, depth = entry["width"], entry["depth"]
    if parsed.width not in (None, width):
        raise InputError(f"{path}: width must be {width} bits, not {parsed.width}")
    if len(parsed.words) != depth:
        raise InputError(f"{path}: depth must be {depth} words, not {len(parsed.words)}")
    for address, word in enumerate(parsed.words):
        if word >> width:
            raise InputError(
                f"{path}: word at address {address:#x} must be below 2**{width}, not {word:#x}"
            )
    return RomImage(entry["name"], entry["layer"], width, parsed.words)


def _compare_text(path: Path, expected: str, got: str) -> None:
    if expected == got:
        return
    wanted, found = expected.split("\n"), got.split("\n")
    for line, (right, other) in enumerate(zip(wanted, found, strict=False), 1):
        if right != other:
            raise InputError(f"{path}: " + str(wrong(line, "text", reprlib.repr(right), other)))
    raise InputError(f"{path}: file must have {len(wanted)} lines, not {len(found)}")


def _read_index(path: Path) -> list[dict[str, Any]]:
    """The ROMs of an index, checked down to each field."""
    try:
        index = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        # InputError is a ValueError too, and already says what is wrong.
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} must be JSON: {error}") from error
    if not isinstance(index, dict) or index.get("format") != _INDEX_FORMAT:
        raise InputError(f'{path} must have "format": "{_INDEX_FORMAT}"')
    if index.get("version") != _INDEX_VERSION:
        raise InputError(
            f'{path}: "version" must be {_INDEX_VERSION}, not {index.get("version")!r}'
        )
    roms = index.get("roms")
    if not isinstance(roms, list) or not roms:
        raise InputError(f'{path}: "roms" must be a list of at least one ROM')
    for place, entry in enumerate(roms):
        wrong = _wrong_field(entry)
        if wrong:
            raise InputError(f"{path}: roms[{place}]: {wrong}")
    return roms


def _wrong_field(entry: object) -> str | None:
    """Say what is wrong with one ROM of an index, if anything is."""
    if not isinstance(entry, dict):
        return "entry must be an object"
    name, layer, files = entry.get("name"), entry.get("layer"), entry.get("files")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f'"name" must be an identifier, not {name!r}'
    if not isinstance(layer, str):
        return f'"layer" must be a string, not {layer!r}'
    for field, most in (("depth", MAX_DEPTH), ("width", MAX_WIDTH)):
        value: Any = entry.get(field)
        if not is_int(value) or not 1 <= value <= most:
            return f'"{field}" must be 1 to {most}, not {value!r}'
    if not isinstance(entry.get("sha256"), str) or not _SHA256.fullmatch(entry["sha256"]):
        return f'"sha256" must be 64 hexadecimal digits, not {entry.get("sha256")!r}'
    if not isinstance(files, dict) or not files:
        return '"files" must be an object of at least one path'
    for key, path in files.items():
        # Only the path an export gives is followed, so an index cannot point outside its folder.
        if key not in FORMATS or path != FORMATS[key].path(name):
            return f'"files" must give each known format its own path, not {key!r}: {path!r}'
    return None
