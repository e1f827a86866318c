"""Every ROM of a pipeline in the vendors' formats: ``python -m lutscale.hw.rom_export PROGRAM``."""

from __future__ import annotations

from pathlib import Path

import click

from lutscale.golden.command import one_line_errors
from lutscale.golden.program_file import load
from lutscale.hw.build import Build, build_options
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import FORMATS, export_roms, verify_roms


@click.command()
@click.argument("program", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/roms"))
@build_options
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(sorted(FORMATS)),
    help="Only these (may be repeated); all by default.",
)
@one_line_errors
def main(program: Path, out: Path, formats: tuple[str, ...], build: Build) -> None:
    """Export the ROM images of PROGRAM, read them back and compare."""
    pipeline = Pipeline(load(program), build)
    index = export_roms(pipeline.roms, out, formats or None)
    verify_roms(out)
    files = sum(len(rom["files"]) for rom in index["roms"])
    bits = sum(rom["depth"] * rom["width"] for rom in index["roms"])
    print(f"{out}: {len(index['roms'])} ROMs, {bits} bits, {files} files, all read back equal")


if __name__ == "__main__":
    main()
