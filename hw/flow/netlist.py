"""A program's or network's netlist, kept by the content of its Verilog and ROM files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lutscale.hw.flow.block_registers import ABSORPTION
from lutscale.hw.flow.cache import kept, key_of
from lutscale.hw.flow.design import design_of
from lutscale.hw.flow.fan_out import FAN_OUT
from lutscale.hw.flow.flat_tables import FLATTENING
from lutscale.hw.flow.tools import YOSYS, identity
from lutscale.hw.flow.yosys import Synthesis, commands_for, read_synthesis, synthesise
from lutscale.hw.names import default_name, part_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.rom_formats import format_readmemh
from lutscale.hw.verilog import memory_text

__all__ = ["Netlist", "source_names", "sources_of", "synthesised", "write_sources"]


@dataclass(frozen=True)
class Netlist:
    """A program's or network's netlist, and where it is kept.

    Attributes:
        top: name of its top module.
        key: of all that it depends on.
        folder: with rtl/, the sources and ROM files, and netlist/.
        made: what was synthesised.
    """

    top: str
    key: str
    folder: Path
    made: Synthesis


def source_names(name: str) -> list[str]:
    """Files of the Verilog of a build of that name, the generated one first."""
    return [f"{name}.v", f"{part_name(name, 'memory')}.v"]


def sources_of(pipeline: Pipeline | TileProcessor, name: str) -> tuple[list[str], dict[str, bytes]]:
    """Names of the Verilog sources, the generated one first, and them and the ROM files."""
    text, roms = design_of(pipeline).emit(name)
    sources = dict(zip(source_names(name), (text, memory_text(name)), strict=True))
    images = {f"{rom.name}.hex": format_readmemh(rom) for rom in roms}
    files = {file: content.encode() for file, content in {**sources, **images}.items()}
    return source_names(name), files


def write_sources(folder: Path, sources: Sequence[str], files: Mapping[str, bytes]) -> list[Path]:
    """Write what `sources_of` gave into a new folder; the paths of the sources."""
    folder.mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return [folder / source for source in sources]


def synthesised(
    pipeline: Pipeline | TileProcessor, cache: Path, *, name: str | None = None, options: str = ""
) -> Netlist:
    """The netlist of a pipeline or tile processor, from the cache where it is there.

    Args:
        cache: folder of what was made before.
        name: of the build, by default the program's.
        options: further ones of the family's command.

    Raises:
        InputError: pyosys is not installed, nothing is known of the target's family, or Yosys
            refuses.
    """
    design = design_of(pipeline)
    top = name or default_name(design.program)
    family = design.build.target.family
    tool = identity(YOSYS)
    commands = commands_for(source_names(top), top=top, family=family, options=options)
    sources, files = sources_of(pipeline, top)
    key = key_of(tool, commands, files, ABSORPTION, FAN_OUT, FLATTENING)

    def make(folder: Path) -> None:
        paths = write_sources(folder / "rtl", sources, files)
        synthesise(paths, top=top, folder=folder / "netlist", family=family, options=options)

    folder = kept(cache, "netlist", key, make)
    return Netlist(top, key, folder, read_synthesis(folder / "netlist", top=top, family=family))
