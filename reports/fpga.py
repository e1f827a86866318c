"""From a program to a placed and routed core: ``lutscale fpga PROGRAM --target ecp5-85f``.

Targets that cannot be routed here are synthesised; ASIC becomes standard cells, with the memory
macros apart. What was done once is kept under the output folder, so that a run which was stopped
goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click
from rich.console import Console
from tqdm import tqdm

from lutscale.golden import program_file
from lutscale.golden.command import Command, one_line_errors, out_option, program_argument, say
from lutscale.golden.errors import InputError
from lutscale.golden.folders import write_folder
from lutscale.golden.model_file import load
from lutscale.golden.origin import origin
from lutscale.golden.refqsr.network import Network
from lutscale.hw.boards import BOARDS
from lutscale.hw.boards.command import refuse_beside_board
from lutscale.hw.build import Build, build_options
from lutscale.hw.flow.asic import standard_cells
from lutscale.hw.flow.implement import AT_ONCE, Implementation, implement, route_for
from lutscale.hw.flow.netlist import Netlist
from lutscale.hw.flow.nextpnr import SPEED, SPEEDS
from lutscale.hw.flow.tools import YOSYS, Router, identity, router
from lutscale.hw.names import default_name, name_option, part_name, require_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.reports.board import fpga_board
from lutscale.reports.elsewhere import route_elsewhere
from lutscale.reports.fpga_report import expected, last_line, only_estimated, print_expected
from lutscale.reports.refqsr.fpga import processor_of, write_tile_fpga
from lutscale.sim import netlist as simulated
from lutscale.sim.netlist import NetlistCheck
from lutscale.sim.refqsr import netlist as simulated_tiles

__all__ = ["main"]

_MOST_SEEDS = 100


class _Progress(Protocol):
    def __call__(self, step: str) -> None: ...


@contextmanager
def _shown(steps: int) -> Iterator[_Progress]:
    """A bar of so many steps, and a line above it for each; without a terminal the lines alone."""
    with tqdm(total=steps, unit="step", leave=False, disable=None) as bar:

        def progress(step: str) -> None:
            say(step)
            bar.update()

        yield progress


@dataclass(frozen=True)
class _Wishes:
    """What is asked for beside the core.

    Attributes:
        seeds: times it is placed and routed.
        clock: MHz.
        options: of Yosys' command.
        checked: whether the netlist is simulated.
        speed: grade of the device.
        tool: that routes, or None for the wheel's as it suits the netlist.
        at_once: seeds side by side.
        scheduler: of the Dask workers that route them, or None for this machine.
    """

    seeds: int
    clock: float
    options: str
    checked: bool
    speed: int
    tool: Router | None
    at_once: int
    scheduler: str | None


def _routed(
    pipeline: Pipeline | TileProcessor, cache: Path, *, name: str, wishes: _Wishes
) -> tuple[Implementation, NetlistCheck | None]:
    """The core on an FPGA, and what its netlist gave where it was simulated."""
    seeds = wishes.seeds if pipeline.build.target.family == "ecp5" else 0
    found: list[NetlistCheck] = []
    with _shown((2 + seeds if seeds else 1) + wishes.checked) as progress:

        def check(netlist: Netlist) -> bool:
            return _exact(netlist) and _routed_elsewhere(netlist)

        def _exact(netlist: Netlist) -> bool:
            if not wishes.checked:
                return True
            work = cache / netlist.folder.name.replace("netlist", "simulated")
            where = (netlist.made.netlist, netlist.top, work)
            if isinstance(pipeline, TileProcessor):
                found.append(simulated_tiles.check_tile_netlist(pipeline, *where))
            else:
                found.append(simulated.check_netlist(pipeline, *where))
            progress(f"netlist against golden, {found[0].frame}: {found[0].result}")
            return not found[0].faults

        def _routed_elsewhere(netlist: Netlist) -> bool:
            if wishes.scheduler and seeds:
                route = route_for(pipeline.build, wishes.tool, wishes.clock, wishes.speed)
                numbers = range(1, seeds + 1)
                route_elsewhere(netlist, cache, route, numbers, scheduler=wishes.scheduler)
            return True

        made = implement(
            pipeline,
            cache,
            name=name,
            seeds=range(1, seeds + 1),
            frequency=wishes.clock,
            options=wishes.options,
            tool=wishes.tool,
            speed=wishes.speed,
            at_once=wishes.at_once,
            check=check,
            progress=progress,
        )
    return made, found[0] if found else None


def _report(made: Implementation, found: NetlistCheck | None) -> dict[str, Any]:
    """The report of an FPGA."""
    report = made.to_json()
    if found is not None:
        report["netlist"] = found.as_dict()
        if found.faults:
            report["result"] = "fail"
    return report


def _in_cells(
    pipeline: Pipeline, cache: Path, *, name: str, liberty: Path | None
) -> dict[str, Any]:
    """The report of an ASIC."""
    with _shown(1) as progress:
        cells = standard_cells(pipeline, cache, name=name, liberty=liberty)
        progress(f"netlist: {cells.cells} cells, memories apart")
    figures = cells.as_dict()
    return {
        "program": pipeline.program.name,
        **pipeline.build.to_json(),
        **dict.fromkeys(("comb", "ff", "fmax_mhz")),
        **figures,
        "dsp": 0,
        "blocks": pipeline.plan.blocks,
        "seeds": {},
        "source": {**dict.fromkeys(figures, "synthesised"), "blocks": "counted"},
        "tools": {"yosys": identity(YOSYS)},
        "result": "synthesised",
    }


_EXAMPLES = (
    ("placed and routed, five seeds", "lutscale fpga hklut-s-x4 --target ecp5-85f"),
    (
        "1080p60 at 125 MHz, one seed",
        "lutscale fpga hklut-s-x4 --target ecp5-85f --clocks-per-pixel 16 --seeds 1",
    ),
    (
        "the netlist simulated, not routed",
        "lutscale fpga iqlut-tiny-x4 --target ecp5-85f --seeds 0 --check-netlist",
    ),
    ("synthesised alone", "lutscale fpga iqlut-tiny-x4 --target xilinx-7a35t"),
    ("standard cells", "lutscale fpga iqlut-tiny-x4 --target asic"),
    ("what it would take", "lutscale fpga iqlut-hd-x4 --target ecp5-85f --estimate-only"),
    (
        "a network's tile processor, synthesised",
        "lutscale fpga srresnet-s-pams8-refqsr-x4 --target ecp5-85f --seeds 0",
    ),
    ("a picture on the display of a board", "lutscale fpga hklut-s-x4 --board ulx3s"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@click.option(
    "--seeds",
    type=click.IntRange(0, _MOST_SEEDS),
    default=5,
    show_default=True,
    help="Times it is placed and routed (ECP5 only); 0 to synthesise alone.",
)
@click.option(
    "--clock",
    type=click.FloatRange(1, 1000),
    default=125.0,
    show_default=True,
    help="MHz asked for.",
)
@click.option(
    "--check-netlist",
    is_flag=True,
    help="Simulate the netlist (ECP5 only) on a small frame, and compare every pixel.",
)
@click.option(
    "--nextpnr",
    envvar="LUTSCALE_NEXTPNR",
    metavar="PATH",
    help="A native nextpnr-ecp5, faster than the installed one. [env: LUTSCALE_NEXTPNR]",
)
@click.option(
    "--nextpnr-options",
    metavar="TEXT",
    default="",
    help='Of nextpnr\'s own, as "--placer heap --router router1"; by default what suits the size.',
)
@click.option(
    "--speed",
    type=click.Choice([str(speed) for speed in SPEEDS]),
    default=str(SPEED),
    show_default=True,
    help="Speed grade of the ECP5; 8 is the fastest.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, _MOST_SEEDS),
    default=AT_ONCE,
    show_default=True,
    help="Seeds placed and routed side by side.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Route on the workers of a Dask scheduler, tcp://HOST:8786.",
)
@click.option("--synth-options", default="", help="Further options of Yosys' synth command.")
@click.option(
    "--liberty",
    type=click.Path(path_type=Path),
    help="Library of standard cells (.lib), for ASIC targets.",
)
@click.option("--estimate-only", is_flag=True, help="Predict, and start no tool.")
@click.option(
    "--board",
    metavar="NAME",
    help=f"A whole design for a board ({', '.join(BOARDS)}), with a picture and its display.",
)
@out_option("build/fpga", "the report, the bitstream, and what is kept of the tools' work")
@name_option
@build_options
@one_line_errors
def main(
    program: Path,
    seeds: int,
    clock: float,
    check_netlist: bool,
    nextpnr: str | None,
    nextpnr_options: str,
    speed: str,
    at_once: int,
    scheduler: str | None,
    synth_options: str,
    liberty: Path | None,
    estimate_only: bool,
    board: str | None,
    out: Path,
    name: str | None,
    build: Build,
) -> None:
    """Synthesise, place and route a core.

    ECP5 devices are placed and routed, with several seeds; the clock is their median. Other
    FPGAs are synthesised; ASIC targets become standard cells, memories apart. What it takes is
    estimated first. With --board, a whole design for a board: the core, a stored picture, DVI.
    The last line is JSON.

    Exit codes: 0; 1 when the clock is below the one asked for, or the netlist differs from golden;
    2 for bad input.
    """
    if board is not None:
        refuse_beside_board(
            ("program", "board", "seeds", "form", "nextpnr", "nextpnr_options", "out")
        )
        tool = router(nextpnr, nextpnr_options) if seeds else None
        fpga_board(
            program_file.load(program), board, seeds=seeds, form=build.form, tool=tool, out=out
        )
        return
    if liberty is not None and build.target.family != "asic":
        raise InputError(f"target must be an ASIC for --liberty, not {build.target.name!r}")
    if check_netlist and build.target.family != "ecp5":
        raise InputError(f"target must be an ECP5 for --check-netlist, not {build.target.name!r}")
    if check_netlist and estimate_only:
        raise InputError("--check-netlist must stand without --estimate-only: there is no netlist")
    given = load(program)
    name = default_name(given.name) if name is None else require_name(name)
    cache, bitstream = out / "cache", b""
    routes = seeds and build.target.family == "ecp5" and not estimate_only
    tool = router(nextpnr, nextpnr_options) if routes else None
    wishes = _Wishes(
        seeds, clock, synth_options, check_netlist, int(speed), tool, at_once, scheduler
    )
    if isinstance(given, Network):
        processor = processor_of(given, build, estimated=estimate_only)
        made, found = _routed(processor, cache, name=name, wishes=wishes)
        write_tile_fpga(processor, _report(made, found), made.bitstream, out, name)
        return
    pipeline = Pipeline(given, build)
    if estimate_only:
        report = only_estimated(pipeline.plan)
    elif build.target.family == "asic":
        report = _in_cells(pipeline, cache, name=name, liberty=liberty)
    else:
        made, found = _routed(pipeline, cache, name=name, wishes=wishes)
        report, bitstream = _report(made, found), made.bitstream
    report |= {"format": "lutscale-fpga", "version": 1, "origin": origin(given)}
    report |= expected(pipeline.plan, clock)
    files = {f"{name}.bit": bitstream} if bitstream else {}
    manifest = f"{part_name(name, 'estimate' if estimate_only else 'fpga')}.json"
    write_folder(out, files, manifest=manifest, about=report)
    print_expected(report, Console())
    for fault in report.get("netlist", {}).get("faults", ()):
        click.echo(fault)
    click.echo(f"written: {', '.join(str(out / file) for file in [*files, manifest])}")
    click.echo(last_line(report))
    if report["result"] == "fail":
        raise SystemExit(1)
