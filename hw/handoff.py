"""The hand-off folder: ``lutscale verilog PROGRAM --out FOLDER``.

It holds the generated Verilog, the memories (written by hand), one ``$readmemh`` file for each ROM,
and what people and their tools need to use them. Every file bears the name of the build, so that
several stand in one folder and in one design.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.folders import write_folder
from lutscale.golden.model_file import load
from lutscale.golden.refqsr.network import Network
from lutscale.hw import handoff_texts as texts
from lutscale.hw.build import Build, build_options
from lutscale.hw.names import default_name, name_option, part_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.refqsr.top import write_tile_handoff
from lutscale.hw.rom_formats import RomImage, format_readmemh
from lutscale.hw.verilog import emit, memory_text

__all__ = ["manifest_name", "write_handoff"]


def manifest_name(name: str) -> str:
    """The JSON file that says what a build of that name is, and which files it wrote."""
    return f"{name}.json"


def write_handoff(pipeline: Pipeline, out: Path, name: str | None = None) -> list[Path]:
    """Write the hand-off folder, whole or not at all.

    Files that an earlier call of the same name wrote are replaced or deleted; others stay.

    Args:
        pipeline: what to write.
        out: the folder.
        name: as for `verilog.emit`.

    Returns:
        the Verilog sources, the generated one first.

    Raises:
        InputError: ``out`` holds a file of another under one of the names, or "name must be ...,
            not ...".
    """
    text, roms = emit(pipeline, name)
    name = name or default_name(pipeline.program.name)
    sources = {f"{name}.v": text, f"{part_name(name, 'memory')}.v": memory_text(name)}
    images = {f"{rom.name}.hex": format_readmemh(rom) for rom in roms}
    files = {
        **sources,
        **images,
        f"{name}.f": texts.file_list(pipeline, list(sources)),
        f"{name}.vlt": texts.waivers(name),
        f"{name}.vh": texts.template(pipeline, name),
        f"{name}.core": texts.core(pipeline, name, list(sources), list(images)),
        f"{name}.md": texts.page(pipeline, name, _explained(name)),
    }
    write_folder(
        out,
        {file: content.encode() for file, content in files.items()},
        manifest=manifest_name(name),
        about=_about(pipeline, name, roms),
    )
    return [out / source for source in sources]


def _explained(name: str) -> list[tuple[str, str]]:
    """The files of the folder, and what they are."""
    return [
        (f"{name}.v", "the core, generated"),
        (f"{part_name(name, 'memory')}.v", "its memories"),
        (f"{part_name(name, '*')}.hex", "contents of the ROMs, for `$readmemh`"),
        (f"{name}.f", "list of the sources, for a simulator's `-f` in this folder"),
        (f"{name}.vh", "the instance above"),
        (f"{name}.vlt", "what Verilator's lint may pass over, and why"),
        (f"{name}.core", "the same for FuseSoC"),
        (manifest_name(name), "the build, its latency, hashes of all files"),
    ]


def _about(pipeline: Pipeline, name: str, roms: Sequence[RomImage]) -> dict[str, Any]:
    latency = pipeline.latency
    return {
        "name": name,
        "program": pipeline.program.name,
        "scale": pipeline.program.scale,
        **pipeline.build.to_json(),
        "latency": None if latency is None else vars(latency),
        "latency_bound": pipeline.plan.latency_bound(pipeline.build.max_width),
        "forms": [choice.as_dict() for choice in pipeline.plan.choices.values()],
        "roms": {rom.name: rom.sha256 for rom in roms},
    }


_EXAMPLES = (
    ("a program of the zoo", "lutscale verilog iqlut-hd-x4 --out rtl/"),
    ("1080p60 at 125 MHz, lines of 480", "lutscale verilog tinylut-s-x4 --clocks-per-pixel 16"),
    ("a second build in one design", "lutscale verilog iqlut-hd-x4 --max-width 960 --name hd_wide"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@out_option("build/verilog", "the Verilog, the ROM files and all that goes with them")
@name_option
@build_options
@one_line_errors
def main(program: Path, out: Path, name: str | None, build: Build) -> None:
    """Write the hand-off folder: Verilog and ROM files.

    The same PROGRAM and options give the same bytes.
    """
    given = load(program)
    if isinstance(given, Network):
        paths = write_tile_handoff(TileProcessor(given, TileBuild.of(build)), out, name)
    else:
        paths = write_handoff(Pipeline(given, build), out, name)
    for path in paths:
        print(path)
