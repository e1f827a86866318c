"""Results of tools kept by content: what was synthesised or routed once is never done again.

Each entry is a folder that appears whole or not at all, so that a run which was killed goes on
where it stood.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["kept", "key_of"]


def key_of(*parts: Any) -> str:
    """A key of all that a result depends on: JSON types; bytes by their hash."""

    def plain(part: Any) -> str:
        return hashlib.sha256(part).hexdigest()

    text = json.dumps(parts, sort_keys=True, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def kept(cache: Path, kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of that kind and key, made unless it is there.

    Args:
        cache: the folder of all entries; it is made if missing.
        kind: a word for people who look into it.
        make: fills an empty folder; when it raises, nothing stays.
    """
    folder = cache / f"{kind}-{key}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{kind}-") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        make(made)
        # Another run may have been faster: its result is the same.
        try:
            made.replace(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder
