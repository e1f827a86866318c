"""Folders of files that a command writes again and again, among files of other people.

A manifest in the folder tells which files the last run wrote, and their hashes. Only those are
replaced, and only as long as nobody changed them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file

__all__ = ["write_folder"]

_WORK = re.compile(r"\.lutscale-\w+")


def write_folder(
    out: str | os.PathLike[str],
    files: Mapping[str, bytes],
    *,
    manifest: str,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Write files and their manifest to a folder, all of them or none.

    What the run before wrote and this one does not is deleted; everything else in the folder
    stays. A run that was killed half-way is mended by the next.

    Args:
        out: the folder; it is made if missing, and those above it.
        files: contents by path within the folder.
        manifest: name of a JSON file, written last, which must not be among ``files``.
        about: what else it says.

    Returns:
        the manifest: ``about`` and "files", SHA-256 by path.

    Raises:
        InputError: ``out`` is a file, or a path in it holds something that the last run did not
            write or that was changed since. Nothing was written then.
        OSError: the place cannot be written; what was there is there again.
    """
    folder = _Folder(Path(out).resolve(), str(out), manifest)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    written = {**about, "files": hashes}
    text = (json.dumps(written, indent=2) + "\n").encode()
    folder.refuse_foreign(files)
    made = _make(folder.path)
    try:
        folder.replace({**files, manifest: text}, hashes)
    except BaseException:
        _remove_empty(made)
        raise
    return written


@dataclass
class _Folder:
    """A folder to write to.

    Attributes:
        path: of the folder.
        shown: the same as the user wrote it.
        manifest: name of its manifest.
    """

    path: Path
    shown: str
    manifest: str

    def __post_init__(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.shown} must be a folder, not a file")
        self._text = self._read_manifest()
        self._earlier = _recorded(self._text)

    def _read_manifest(self) -> bytes | None:
        try:
            return (self.path / self.manifest).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def _is_ours(self, name: str) -> bool:
        """Whether the file of that path is there and as an earlier run wrote it."""
        path = self.path / name
        if name == self.manifest:
            return self._earlier is not None
        hashes = (self._earlier or {}).get(name)
        if not hashes or path.is_symlink() or not path.is_file():
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() in hashes

    def _parents(self, name: str) -> list[Path]:
        """The folders within this one in which a file of that path lies."""
        return [self.path / parent for parent in Path(name).parents if parent != Path(".")]

    def refuse_foreign(self, files: Mapping[str, bytes]) -> None:
        """Raise InputError if a path to be written is another's."""
        for name in (*files, self.manifest):
            path = self.path / name
            for above in self._parents(name):
                if above.exists() and not above.is_dir():
                    place = above.relative_to(self.path).as_posix()
                    raise InputError(f"{self.shown}/{place} must be a folder, not a file")
            if (path.exists() or path.is_symlink()) and not self._is_ours(name):
                raise InputError(
                    f"{self.shown}/{name} must be a file that an earlier run wrote and nobody "
                    "changed since: move it, or choose another folder"
                )

    def replace(self, files: Mapping[str, bytes], hashes: Mapping[str, str]) -> None:
        """Put files in the place of those that an earlier run wrote, the manifest last."""
        stale = [name for name in self._earlier or {} if name not in files]
        leaving = [name for name in (*hashes, *stale) if self._is_ours(name)]
        try:
            work = tempfile.TemporaryDirectory(dir=self.path, prefix=".lutscale-")
        except OSError as error:
            raise self._error(error) from error
        with work as place:
            new, old = Path(place) / "new", Path(place) / "old"
            for name, content in files.items():
                self._write(new, name, content)
            moves = [(name, self.path / name, old / name) for name in leaving]
            moves += [(name, new / name, self.path / name) for name in files]
            self._declare(hashes, Path(place).name)
            try:
                self._move(moves)
            except BaseException:
                self._restore_manifest()
                raise
        self._remove_leftover()
        _remove_empty({parent for name in stale for parent in self._parents(name)})

    def _write(self, new: Path, name: str, content: bytes) -> None:
        path = new / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise self._error(error, name) from error

    def _move(self, moves: Sequence[tuple[str, Path, Path]]) -> None:
        """Move files, by name; if one fails, all of them back."""
        tried: list[tuple[Path, Path]] = []
        made: list[Path] = []
        try:
            for name, source, target in moves:
                tried.append((source, target))
                try:
                    made += _make(target.parent)
                    os.replace(source, target)
                except OSError as error:
                    raise self._error(error, name) from error
        except BaseException:
            for source, target in reversed(tried):
                if target.exists() and not source.exists():
                    os.replace(target, source)
            _remove_empty(made)
            raise

    def _error(self, error: OSError, name: str = "") -> OSError:
        """The same with the path as the user knows it, and not that of a hidden file."""
        return OSError(error.errno, error.strerror, f"{self.shown}/{name}".rstrip("/"))

    def _declare(self, hashes: Mapping[str, str], work: str) -> None:
        """Tell in the manifest, before anything moves, what both runs wrote, and where this works.

        If it is killed, the next run knows all these files for its own.
        """
        known: dict[str, list[str]] = {name: [*old] for name, old in (self._earlier or {}).items()}
        for name, digest in hashes.items():
            known.setdefault(name, []).append(digest)
        with whole_file(self.path / self.manifest) as part:
            part.write_text(json.dumps({"files": known, "unfinished": work}) + "\n")

    def _remove_leftover(self) -> None:
        """Remove the hidden folder of an earlier run that was killed."""
        if self._earlier is not None:
            work = json.loads(self._text or b"").get("unfinished")
            if isinstance(work, str) and _WORK.fullmatch(work):
                shutil.rmtree(self.path / work, ignore_errors=True)

    def _restore_manifest(self) -> None:
        path = self.path / self.manifest
        if self._text is None:
            path.unlink(missing_ok=True)
        else:
            with whole_file(path) as part:
                part.write_bytes(self._text)


def _recorded(text: bytes | None) -> dict[str, Sequence[str]] | None:
    """The hashes that each file of a manifest may have; None unless it is one."""
    try:
        files = json.loads(text or b"")["files"]
        found = {
            name: [digest] if isinstance(digest, str) else list(digest)
            for name, digest in files.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    # A manifest that somebody else wrote must not lead out of its folder.
    return {name: hashes for name, hashes in found.items() if _is_inside(name)}


def _is_inside(name: str) -> bool:
    parts = Path(name).parts
    return bool(parts) and not Path(name).is_absolute() and ".." not in parts


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; which of them were missing."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those that hold nothing."""
    for folder in sorted(folders, reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
