"""One page of a program, and the index of the zoo: ``lutscale page``."""

from __future__ import annotations

import gc
import json
import shlex
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from amaranth.hdl import UnusedElaboratable

from lutscale.golden import zoo
from lutscale.golden.command import PROGRAM, Command, one_line_errors, out_option
from lutscale.golden.errors import InputError
from lutscale.golden.files import write_whole
from lutscale.hw.build import Build, build_options
from lutscale.reports.page.gather import gather
from lutscale.reports.page.index import render_index
from lutscale.reports.page.missing import make_missing
from lutscale.reports.page.render import render
from lutscale.reports.page.sources import DEFAULT_ROOT, differing
from lutscale.reports.zoo import listing

__all__ = ["main"]

_INDEX = "index"

_EXAMPLES = (
    ("a page of what has been run so far", "lutscale page iqlut-tiny-x4"),
    ("run first what takes seconds or minutes", "lutscale page iqlut-hd-x4 --run"),
    ("of several programs", "lutscale page iqlut-tiny-x4 iqlut-s-x4 --run"),
    ("only the index of the zoo", "lutscale page"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("programs", nargs=-1, type=PROGRAM)
@click.option(
    "--reports",
    "root",
    type=click.Path(path_type=Path),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder that holds reports/, sim/ and fpga/, as the other commands write them.",
)
@click.option(
    "--run",
    is_flag=True,
    help="Make the memory report, the estimate and a simulation first where they are missing.",
)
@build_options
@out_option("build/page", "NAME.html of each program, NAME.json with its figures, and index.html")
@one_line_errors
def main(programs: tuple[Path, ...], root: Path, run: bool, out: Path, build: Build) -> None:
    """Write a page of a program, and an index.

    One file of HTML for each of PROGRAMS, which needs no network and opens from disk: pictures,
    memory, area, timing and what was checked. The index lists the zoo. Every figure comes from the
    reports of the other commands; one of another program or version is refused, and what was not
    run says so, with the command that runs it.
    """
    with _unbuilt_plans():
        files = _pages(programs, root, run, build)
    pages = {path.stem for path in out.glob("*.html")} | {Path(name).stem for name in files}
    files[f"{_INDEX}.html"] = render_index(listing(zoo.programs()), pages).encode()
    write_whole(out, files)
    for name in files:
        if name.endswith(".html"):
            click.echo(f"{out / name}: {len(files[name]):,} bytes")


def _pages(programs: Sequence[Path], root: Path, run: bool, build: Build) -> dict[str, bytes]:
    """The files of each program, by name."""
    files: dict[str, bytes] = {}
    for path in programs:
        if run:
            make_missing(path, root, build)
        data, pictures = gather(path, root, build)
        asked = build.to_json()
        words = ["lutscale", "page", zoo.word_for(path), *differing(asked, *asked)]
        words += [] if root == DEFAULT_ROOT else ["--reports", str(root)]
        name = data["program"]["name"]
        if name == _INDEX or f"{name}.html" in files:
            taken = "the zoo's" if name == _INDEX else "another's"
            raise InputError(f"{path}: name must be one of its own, not {name!r}, {taken}")
        files[f"{name}.json"] = (json.dumps(data, indent=1, allow_nan=False) + "\n").encode()
        files[f"{name}.html"] = render(data, pictures, shlex.join(words)).encode()
    return files


@contextmanager
def _unbuilt_plans() -> Iterator[None]:
    """Components that are only asked for what they are, never built, which Amaranth remarks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        yield
        gc.collect()
