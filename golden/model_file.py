"""Either kind of program file: a streaming program, or a network with dispatch."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lutscale.golden import program_file
from lutscale.golden.archive import Archive, ArchiveError
from lutscale.golden.program import Program
from lutscale.golden.refqsr import network_file
from lutscale.golden.refqsr.network import Network

__all__ = ["AnyProgram", "is_network", "load", "save"]

AnyProgram = Program | Network
"""What has a name, a scale, a provenance, and enlarges pictures by `run_image`."""


def save(program: AnyProgram, path: str | os.PathLike[str]) -> None:
    """Write the file of a program or of a network; errors are those of their own `save`."""
    if isinstance(program, Network):
        network_file.save(program, path)
    else:
        program_file.save(program, path)


def load(path: str | os.PathLike[str]) -> AnyProgram:
    """Read and validate the file of either; errors are those of their own `load`."""
    return network_file.load(path) if is_network(path) else program_file.load(path)


def is_network(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that it holds a network; what cannot be read does not."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(program_file.MAX_FILE_BYTES + 1)
        archive = Archive(content, limit=program_file.MAX_UNPACKED_BYTES)
        if archive.header("manifest").bytes > program_file.MAX_MANIFEST_BYTES:
            return False
        fields = json.loads(archive.read("manifest").tobytes())
    except (OSError, ArchiveError, KeyError, ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and fields.get("format") == network_file.FORMAT
