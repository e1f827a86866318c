"""Hand-off Verilog: ``lutscale verilog PROGRAM --out FOLDER``.

The folder holds ``lutscale_upscaler.v`` (generated), ``lutscale_memory.v`` (the memories, by
hand) and one ``$readmemh`` file for each ROM. The same program gives the same bytes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from amaranth.back import verilog

from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.folders import write_folder
from lutscale.golden.program_file import load
from lutscale.hw.build import Build, build_options
from lutscale.hw.memory import RomCollector
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import RomImage, format_readmemh
from lutscale.hw.upscaler import Upscaler

__all__ = ["MANIFEST", "TOP", "emit", "write_handoff"]

TOP = "lutscale_upscaler"
MANIFEST = "manifest.json"
_MEMORY = Path(__file__).with_name("lutscale_memory.v")


def emit(pipeline: Pipeline) -> tuple[str, Sequence[RomImage]]:
    """The Verilog text of the top, and the ROM images it reads, in order of name."""
    top = Upscaler(pipeline)
    roms = RomCollector()
    with _rare_collections():
        text = verilog.convert(
            top, name=TOP, platform=roms, emit_src=False, strip_internal_attrs=True
        )
    return text, [roms.images[name] for name in sorted(roms.images)]


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Amaranth makes millions of objects that all stay: to look for garbage took a third of it."""
    thresholds = gc.get_threshold()
    gc.set_threshold(10_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def write_handoff(pipeline: Pipeline, out: Path) -> list[Path]:
    """Write the hand-off folder, whole or not at all.

    Files that an earlier call wrote are replaced or deleted; others stay.

    Returns:
        the Verilog sources, the generated one first.

    Raises:
        InputError: ``out`` holds a file of another under one of the names.
    """
    text, roms = emit(pipeline)
    files = {f"{TOP}.v": text.encode(), _MEMORY.name: _MEMORY.read_bytes()}
    files |= {f"{rom.name}.hex": format_readmemh(rom).encode() for rom in roms}
    write_folder(out, files, manifest=MANIFEST, about=_manifest(pipeline, roms))
    return [out / f"{TOP}.v", out / _MEMORY.name]


def _manifest(pipeline: Pipeline, roms: Sequence[RomImage]) -> dict[str, Any]:
    latency = pipeline.latency
    return {
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
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@out_option("build/verilog", "the Verilog, the ROM files and a manifest")
@build_options
@one_line_errors
def main(program: Path, out: Path, build: Build) -> None:
    """Write the hand-off folder: Verilog and ROM files.

    The same PROGRAM and options give the same bytes.
    """
    for path in write_handoff(Pipeline(load(program), build), out):
        print(path)
