"""The trained programs that come along: where they lie, and which one a word names."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from lutscale.golden.errors import InputError

__all__ = ["find", "folder", "networks", "programs", "word_for"]

_SUFFIX = ".npz"


def folder() -> Path:
    """The folder of the trained programs and their cards, in a checkout and when installed."""
    return Path(str(files("lutscale"))) / "model" / "zoo"


def programs() -> dict[str, Path]:
    """The files of the trained streaming programs, by name, in order of name."""
    return {path.stem: path for path in sorted(folder().glob(f"*{_SUFFIX}"))}


def networks() -> dict[str, Path]:
    """The files of the trained networks of mixed precision, by name, in order of name.

    They enlarge pictures as programs do, but stream through no pipeline: see docs/refqsr.md.
    """
    return {path.stem: path for path in sorted((folder() / "refqsr").glob(f"*{_SUFFIX}"))}


def _all() -> dict[str, Path]:
    return {**programs(), **networks()}


def find(word: str) -> Path:
    """The program file that a user's word stands for: a name of the zoo, or else a path.

    A path need not exist; whoever reads it will say so.

    Raises:
        InputError: a bare word that is neither a name of the zoo nor a file; near names are listed.
    """
    known = _all()
    if word in known:
        return known[word]
    path = Path(word)
    if path.exists() or path.suffix == _SUFFIX or path.name != word:
        return path
    near = get_close_matches(word, known, n=4, cutoff=0.5)
    hint = f"such as {', '.join(near)}" if near else "which `lutscale zoo` lists"
    raise InputError(f"{word!r} must be a program file (.npz) or a program of the zoo, {hint}")


def word_for(path: Path) -> str:
    """The shortest word that `find` takes for a program file."""
    known = _all().get(path.stem)
    return path.stem if known is not None and path.exists() and path.samefile(known) else str(path)
