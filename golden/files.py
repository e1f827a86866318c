"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` in one step when the block ends well.

    Missing parent folders are made; an existing file is replaced. When the block raises,
    nothing of what it wrote stays. Raises OSError, with the path, when the place cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that os.replace never crosses file systems.
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
        os.replace(part, target)
    except OSError as error:
        # A full disk does not say which file it had no room for.
        if error.errno is not None and error.filename is None:
            error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)
