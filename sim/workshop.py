"""The folder in which simulators are compiled and kept, whose path every tool can read.

GNU make cannot name a file in a folder with a space, so nothing is compiled where the user
happens to be. What was compiled is kept by its content, for all runs, tests and checkouts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lutscale.golden.errors import InputError

__all__ = ["kept", "plain", "workshop"]

# What make, or the shell that it starts, would take for something else.
_SPECIAL = re.compile(r"""[\s$#:%;&|<>()'"\\*?\[\]{}!`~]""")

_LIMIT_BYTES = 1 << 30
_IN_USE_SECONDS = 3600


def workshop() -> Path:
    """The folder, made if need be.

    ``LUTSCALE_CACHE`` where it is set; else ``lutscale`` in ``XDG_CACHE_HOME`` or ``~/.cache``;
    else, where that has a space or cannot be written, a folder of the user's in the system's
    temporary one.

    Raises:
        InputError: no such folder can be had; the text says which variable to set.
    """
    named = os.environ.get("LUTSCALE_CACHE")
    if named:
        folder = Path(named).absolute()
        if _SPECIAL.search(str(folder)):
            raise InputError(f"LUTSCALE_CACHE must be a path without spaces, not {named!r}")
        if not _usable(folder):
            raise InputError(f"LUTSCALE_CACHE must be a folder that can be written, not {named!r}")
        return folder
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    mine = Path(tempfile.gettempdir()) / f"lutscale-{os.getuid()}"
    for folder in (Path(cache) / "lutscale", mine):
        if not _SPECIAL.search(str(folder)) and _usable(folder):
            return folder
    raise InputError("LUTSCALE_CACHE must name a folder without spaces in which to compile")


def _usable(folder: Path) -> bool:
    """Whether the folder is there, can be written, and by no other user."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False
    mine = found.st_uid == os.getuid() and not found.st_mode & stat.S_IWOTH
    return folder.is_dir() and mine and os.access(folder, os.W_OK | os.X_OK)


def plain(path: Path) -> Path:
    """The path, or a link to it where make could not read the path itself."""
    if not _SPECIAL.search(str(path)):
        return path
    links = workshop() / "links"
    links.mkdir(exist_ok=True)
    link = links / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    if not link.is_symlink():
        with tempfile.TemporaryDirectory(dir=links) as scratch:
            made = Path(scratch) / "link"
            made.symlink_to(path)
            made.replace(link)
    return link


def kept(key: str, make: Callable[[Path, Path], None]) -> tuple[Path, bool]:
    """The folder that is kept under a key, made unless it is there.

    Whoever asks for a key while another makes it waits. What has not been asked for longest is
    forgotten when all together are more than a gibibyte, but nothing of the last hour.

    Args:
        key: a hash of all that the content depends on, in hex.
        make: called with an empty folder to work in, which goes afterwards, and one to fill.

    Returns:
        the folder, and whether it had to be made.
    """
    home = workshop()
    models = home / "models"
    models.mkdir(exist_ok=True)
    folder = models / key
    with _alone(home / "locks", key):
        if folder.is_dir():
            os.utime(folder)
            return folder, False
        with tempfile.TemporaryDirectory(dir=home, prefix="build-") as scratch:
            work, made = Path(scratch) / "work", Path(scratch) / "made"
            work.mkdir()
            made.mkdir()
            make(work, made)
            made.replace(folder)
    _forget(home)
    return folder, True


@contextmanager
def _alone(locks: Path, key: str) -> Iterator[None]:
    """Nobody else, of whatever process, is here with the same key."""
    locks.mkdir(exist_ok=True)
    # A lock file that is deleted while another waits for it guards nothing: few, and they stay.
    with (locks / key[:2]).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget(home: Path) -> None:
    """Delete what was used longest ago, and what broken runs have left."""
    now = time.time()
    abandoned = [path for path in home.glob("build-*") if now - path.stat().st_mtime > 86_400]
    ages = sorted((now - path.stat().st_mtime, path) for path in (home / "models").iterdir())
    total = 0
    for age, path in ages:
        total += sum(file.stat().st_size for file in path.iterdir())
        if total > _LIMIT_BYTES and age > _IN_USE_SECONDS:
            abandoned.append(path)
    for path in abandoned:
        shutil.rmtree(path, ignore_errors=True)
