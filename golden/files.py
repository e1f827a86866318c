"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["whole_file", "write_whole"]


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` in one step when the block ends well.

    Missing parent folders are made; an existing file is replaced. When the block raises,
    nothing of what it wrote stays. Raises OSError, with ``path``, when the place cannot be
    written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that os.replace never crosses file systems.
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
        os.replace(part, target)
    except OSError as error:
        # A full disk does not say which file it had no room for; other errors name the part.
        if error.errno is None or error.filename not in (None, str(part), part):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        part.unlink(missing_ok=True)


def write_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, each as `whole_file` does, and none before all could be written.

    Args:
        files: contents by name.
    """
    with ExitStack() as written:
        for name, content in files.items():
            written.enter_context(whole_file(folder / name)).write_bytes(content)
