"""The reports of a page that take seconds or minutes, made by their own commands."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lutscale.golden import zoo
from lutscale.golden.command import say
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.reports import fpga, memory
from lutscale.reports.page.sources import Shelf
from lutscale.sim import run

__all__ = ["make_missing"]

_FAULT = 1


def make_missing(path: Path, root: Path, build: Build) -> None:
    """Run `lutscale report`, `lutscale fpga --estimate-only` and `lutscale sim`, each unless its
    report on this very program is there; one of another program is written over. And the estimate
    of the zoo's other programs of the same task, to compare with.

    Raises:
        SystemExit: a command refused its input, and said so. A simulation that finds a fault does
            not end this: its report tells.
    """
    program = load(path)
    shelf = Shelf(program, zoo.word_for(path), root, build.slowed_for(program))
    steps: tuple[tuple[str, Callable[[], Any], click.Command], ...] = (
        ("memory", shelf.memory, memory.main),
        ("estimate", shelf.estimate, fpga.main),
        ("simulation", lambda: shelf.simulations()[0], run.main),
    )
    for kind, read, command in steps:
        if not _is_there(read):
            _run(command, shelf.command(kind))
    for name, other in zoo.programs().items():
        peer = load(other)
        if name != program.name and (peer.scale, peer.task) == (program.scale, program.task):
            # A form that suits one program may not suit another.
            theirs = Shelf(peer, name, root, replace(build, form=None).slowed_for(peer))
            if not (_is_there(theirs.estimate) or _is_there(theirs.fpga)):
                _run(fpga.main, theirs.command("estimate"))


def _run(command: click.Command, line: str) -> None:
    say(line)
    try:
        command.main(args=shlex.split(line)[2:], standalone_mode=False)
    except SystemExit as ended:
        if ended.code != _FAULT:
            raise


def _is_there(read: Callable[[], Any]) -> bool:
    """Whether a report is there, and of this program."""
    try:
        return read().report is not None
    except (InputError, KeyError, IndexError, TypeError, AttributeError):
        return False
