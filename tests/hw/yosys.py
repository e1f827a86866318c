"""Yosys, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["run_yosys"]


def run_yosys(commands: Sequence[str], folder: Path) -> None:
    """Run the commands on an empty design in `folder`, where ``yosys.log`` gets their output.

    Importing pyosys makes every library that is loaded later share its symbols with all others,
    which crashes the kernels that `torch.compile` loads: all of them are called ``kernel``.
    """
    lines = ["from pyosys import libyosys as ys", "design = ys.Design()"]
    lines += [f"ys.run_pass({command!r}, design)" for command in commands]
    with (folder / "yosys.log").open("w") as log:
        subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], cwd=folder, stdout=log, stderr=log, check=True
        )
