"""A stand-in for a native nextpnr-ecp5: says a version, and writes the report it was given."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["stand_in"]

_PROGRAM = """#!{python} -S
import os, signal, sys
words = sys.argv[1:]
if "--version" in words:
    sys.exit({says!r})
report = {report!r}
if not report:
    os.kill(os.getpid(), signal.SIGKILL)
open(words[words.index("--report") + 1], "w").write(report)
open(words[words.index("--textcfg") + 1], "w").write("config")
"""


def stand_in(
    folder: Path,
    *,
    version: str = "0.11.1",
    says: str = "",
    report: Mapping[str, Any] | None = None,
) -> Path:
    """Write it as ``folder / "nextpnr-ecp5"``.

    Args:
        version: that it says it has.
        says: all that it says of itself, instead.
        report: that it writes; without one it is killed as it routes.
    """
    program = folder / "nextpnr-ecp5"
    line = f'"nextpnr-ecp5" -- Next Generation Place and Route (Version nextpnr-{version})'
    text = _PROGRAM.format(
        python=sys.executable, says=says or line, report=json.dumps(report) if report else ""
    )
    program.write_text(text)
    program.chmod(0o755)
    return program
