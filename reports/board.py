"""A program on a board: ``lutscale fpga PROGRAM --board ulx3s``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from lutscale.golden.command import say
from lutscale.golden.folders import write_folder
from lutscale.golden.origin import origin
from lutscale.golden.program import Program
from lutscale.hw.boards import find_board
from lutscale.hw.boards.design import BoardDesign, board_design
from lutscale.hw.boards.implement import Implemented, implement_board
from lutscale.hw.flow.tools import Router
from lutscale.hw.names import part_name

__all__ = ["fpga_board"]

_LINE = (
    "program", "board", "target", "clocks_per_pixel", "comb", "ff", "dsp", "blocks", "clocks",
    "crc32", "result",
)  # fmt: skip
"""Of the report, what the last line says."""


def fpga_board(
    program: Program, board: str, *, seeds: int, form: str | None, tool: Router | None, out: Path
) -> None:
    """Make the bitstream, write it with its report, and print how to load it.

    Raises:
        InputError: no such board, a program that is not for it, a missing tool, or a design that
            does not fit or route.
        SystemExit: 1, where no seed met both clocks.
    """
    design = board_design(program, find_board(board), form=form)
    with tqdm(total=seeds + 1, unit="step", leave=False, disable=None) as bar:

        def progress(step: str) -> None:
            say(step)
            bar.update()

        made = implement_board(
            design, out / "cache", seeds=range(1, seeds + 1), tool=tool, progress=progress
        )
    report = _report(design, made)
    bitstream = f"{design.name}.bit"
    files = {f"{design.name}.lpf": design.board.constraints().encode()}
    files |= {bitstream: made.bitstream} if made.bitstream else {}
    manifest = f"{part_name(design.name, 'board')}.json"
    write_folder(out, files, manifest=manifest, about=report)
    click.echo(f"written: {', '.join(str(out / file) for file in [*files, manifest])}")
    if made.bitstream:
        click.echo(f"load it: {design.board.loader} {out / bitstream}")
    click.echo(json.dumps({name: report[name] for name in _LINE}))
    if report["result"] == "fail":
        raise SystemExit(1)


def _report(design: BoardDesign, made: Implemented) -> dict[str, Any]:
    pipeline, pll, mode, best = design.pipeline, design.pll, design.mode, made.best
    result = "synthesised" if best is None else "pass" if best.met else "fail"
    return {
        "format": "lutscale-board",
        "version": 1,
        "origin": origin(pipeline.program),
        "program": pipeline.program.name,
        "board": design.board.name,
        **pipeline.build.to_json(),
        **made.cells.as_dict(),
        "clocks": None if best is None else _clocks(best.clocks),
        "seeds": {
            str(run.seed): {name: round(mhz, 2) for name, (mhz, _) in run.clocks.items()}
            for run in made.runs
        },
        "pll": {
            "reference": pll.reference,
            "feedback": pll.feedback,
            "fast": pll.fast,
            "slow": pll.slow,
            "pixel_mhz": round(pll.pixel, 4),
            "vco_mhz": round(pll.vco, 4),
        },
        "picture": f"{design.picture.shape[1]}x{design.picture.shape[0]}",
        "display": f"{mode.width}x{mode.height}",
        "frames_per_second": round(pll.pixel * 1e6 / (mode.total[0] * mode.total[1]), 3),
        "crc32": f"{design.crc:08x}",
        "load": design.board.loader,
        "tools": dict(made.tools),
        "result": result,
    }


def _clocks(clocks: Any) -> dict[str, dict[str, float]]:
    return {
        name: {"needed_mhz": round(needed, 2), "fmax_mhz": round(reached, 2)}
        for name, (reached, needed) in clocks.items()
    }
