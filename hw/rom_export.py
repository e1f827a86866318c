"""Every ROM of a pipeline in the vendors' formats: ``lutscale export-roms PROGRAM``."""

from __future__ import annotations

from pathlib import Path

import click

from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.model_file import load
from lutscale.golden.refqsr.network import Network
from lutscale.hw.build import Build, build_options
from lutscale.hw.names import default_name, name_option, part_name, require_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.rom_formats import FORMATS, export_roms, verify_roms
from lutscale.hw.verilog import named_roms

_EXAMPLES = (
    ("in all formats", "lutscale export-roms iqlut-hd-x4"),
    ("for two tools only", "lutscale export-roms mine.npz --format xilinx_coe --format intel_mif"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@out_option("build/roms", "the files, by vendor, and an index")
@name_option
@build_options
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(sorted(FORMATS)),
    help="Only these (may be repeated); all by default.",
)
@one_line_errors
def main(
    program: Path, out: Path, name: str | None, formats: tuple[str, ...], build: Build
) -> None:
    """Write every ROM in the vendors' formats.

    They are the ROMs of PROGRAM's hardware at the build asked for; every file is read back and
    compared.
    """
    given = load(program)
    if isinstance(given, Network):
        images = TileProcessor(given, TileBuild.of(build)).roms
    else:
        images = tuple(Pipeline(given, build).roms)
    name = require_name(name or default_name(given.name))
    index_name = f"{part_name(name, 'roms')}.json"
    roms = named_roms(images, name)
    index = export_roms(roms, out, formats or None, index_name=index_name)
    verify_roms(out, index_name)
    files = sum(len(rom["files"]) for rom in index["roms"])
    bits = sum(rom["depth"] * rom["width"] for rom in index["roms"])
    print(f"{out}: {len(index['roms'])} ROMs, {bits} bits, {files} files, all read back equal")
