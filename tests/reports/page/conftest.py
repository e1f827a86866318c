"""A folder of reports, and pages made of it, once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.page.reports import command, write_reports

PROGRAMS = ("iqlut-tiny-x4", "iqlut-s-x4")


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By name, the folder that holds a program's reports, and in page/ its page.

    The tiny one has everything; the flagship was not simulated, nor routed, nor measured here.
    """
    found = {}
    for name in PROGRAMS:
        root = tmp_path_factory.mktemp(name)
        kinds = ("memory", "estimate", "sim", "benchmark", "fpga")
        if name == "iqlut-tiny-x4":
            write_reports(root, name, *kinds, others=["iqlut-xs-x4", "hklut-s-x4"])
        else:
            write_reports(root, name, *kinds[:2])
        command("page", name, "--reports", root, "--out", root / "page")
        found[name] = root
    return found
