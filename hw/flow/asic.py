"""Standard cells: how many, and how large, by Yosys; memory macros are counted apart.

Without a library cells are Yosys' own gates and the size is a number of transistors (`stat -tech
cmos`), which knows no drive strengths. With a Liberty file cells and area are the library's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.flow.cache import kept, key_of
from lutscale.hw.flow.netlist import sources_of, write_sources
from lutscale.hw.flow.tools import YOSYS, identity
from lutscale.hw.flow.yosys import run_yosys
from lutscale.hw.names import default_name, part_name
from lutscale.hw.pipeline import Pipeline

__all__ = ["AsicCells", "asic_commands", "read_asic", "standard_cells", "synthesise_asic"]

_CELLS = "asic.json"
_LIBRARY = "library.lib"

# Gates of Yosys whose transistors are known; of flip-flops only the plainest is.
_GATES = "AND,NAND,OR,NOR,XOR,XNOR,MUX,AOI3,OAI3,AOI4,OAI4"


@dataclass(frozen=True)
class AsicCells:
    """What a netlist of standard cells is made of, memory macros apart.

    Attributes:
        cells: all but the macros.
        ff: those of them that are flip-flops, of Yosys' own; None with a library.
        transistors: estimated; None with a library.
        area: in the library's unit, None without one.
        macros: instances of block memories, each of one or more macros.
    """

    cells: int
    ff: int | None
    transistors: int | None
    area: float | None
    macros: int

    def as_dict(self) -> dict[str, Any]:
        """Every figure that there is, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


def asic_commands(
    names: Sequence[str], *, top: str, macros: Sequence[str], liberty: bool
) -> list[str]:
    """The commands up to the netlist in memory.

    Args:
        names: of the sources.
        macros: modules that are memory macros, and stay as they are.
        liberty: whether there is a library, library.lib in the folder above the sources.
    """
    mapped = (
        [f"dfflibmap -liberty ../{_LIBRARY}", f"abc -liberty ../{_LIBRARY}"]
        if liberty
        else ["dfflegalize -cell $_DFF_P_ x", f"abc -g {_GATES}"]
    )
    return [
        f"read_verilog -sv {' '.join(names)}",
        *(f"blackbox {macro}" for macro in macros),
        f"synth -flatten -noabc -top {top}",
        # Registers of a chip wake up as they like: reset sets them.
        "setattr -unset init w:*",
        *mapped,
        "opt_clean -purge",
    ]


def standard_cells(
    pipeline: Pipeline, cache: Path, *, name: str | None = None, liberty: Path | None = None
) -> AsicCells:
    """A pipeline in standard cells, from the cache where it is there.

    Args:
        cache: folder of what was made before.
        name: of the build, by default the program's.
        liberty: a library to map to.

    Raises:
        InputError: pyosys is not installed, the library cannot be read, or Yosys refuses.
    """
    top = name or default_name(pipeline.program.name)
    macros = [part_name(top, module) for module in ("rom_block", "ram_block")]
    tool, library = identity(YOSYS), _read_library(liberty)
    sources, files = sources_of(pipeline, top)
    commands = asic_commands(sources, top=top, macros=macros, liberty=library is not None)
    key = key_of(tool, commands, files, library)

    def make(folder: Path) -> None:
        if library is not None:
            (folder / _LIBRARY).write_bytes(library)
        paths = write_sources(folder / "rtl", sources, files)
        synthesise_asic(paths, commands=commands, folder=folder, liberty=library is not None)

    return read_asic(kept(cache, "cells", key, make), top=top, macros=macros)


def _read_library(liberty: Path | None) -> bytes | None:
    try:
        return None if liberty is None else liberty.read_bytes()
    except OSError as error:
        raise InputError(f"{liberty}: must be a Liberty file, but: {error.strerror}") from None


def synthesise_asic(
    sources: Sequence[Path], *, commands: Sequence[str], folder: Path, liberty: bool
) -> None:
    """Run `asic_commands` on sources that lie in a folder within ``folder``.

    ``folder`` gets asic.json and yosys.log.

    Raises:
        InputError: pyosys is not installed, or Yosys refuses.
    """
    how = f"-liberty ../{_LIBRARY}" if liberty else "-tech cmos"
    counted = f"tee -q -o ../{_CELLS} stat -json {how}"
    run_yosys([*commands, counted], sources[0].parent, folder / "yosys.log")


def read_asic(folder: Path, *, top: str, macros: Sequence[str] = ()) -> AsicCells:
    """What `synthesise_asic` left in ``folder``."""
    found = json.loads((folder / _CELLS).read_text())["modules"][f"\\{top}"]
    # Scopes are notes of which component cells came from.
    by_type = {
        kind: count for kind, count in found["num_cells_by_type"].items() if "scopeinfo" not in kind
    }
    placed = sum(n for kind, n in by_type.items() if any(macro in kind for macro in macros))
    transistors, area = found.get("estimated_num_transistors"), found.get("area")
    if placed and transistors is not None:
        # The mark that there are cells of which Yosys knows no number: the macros.
        transistors = transistors.removesuffix("+")
    flip_flops = sum(n for kind, n in by_type.items() if "DFF" in kind)
    return AsicCells(
        cells=sum(by_type.values()) - placed,
        ff=flip_flops if transistors is not None else None,
        transistors=None if transistors is None else int(transistors),
        area=area,
        macros=placed,
    )
