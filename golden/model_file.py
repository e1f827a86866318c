"""Either kind of program file: a streaming program, or a network with dispatch."""

from __future__ import annotations

import os

from lutscale.golden import program_file
from lutscale.golden.program import Program
from lutscale.golden.refqsr import network_file
from lutscale.golden.refqsr.network import Network

__all__ = ["AnyProgram", "save"]

AnyProgram = Program | Network
"""What has a name, a scale, a provenance, and enlarges pictures by `run_image`."""


def save(program: AnyProgram, path: str | os.PathLike[str]) -> None:
    """Write the file of a program or of a network; errors are those of their own `save`."""
    if isinstance(program, Network):
        network_file.save(program, path)
    else:
        program_file.save(program, path)
