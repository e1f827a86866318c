"""Programs from tables that authors have released.

    lutscale import hklut FOLDER OUT.npz

Reads the layouts of HKLUT (IJCAI 2024) and of TinyLUT-S (NeurIPS 2024), checks every shape and
range, and writes a program. Padding and rounding are the authors', as declared properties of the
layers. The tables stay under their authors' licences.
"""

from __future__ import annotations

from pathlib import Path

import click

from lutscale.golden.command import Command, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import save
from lutscale.model.released.hklut import hklut
from lutscale.model.released.tinylut import tinylut

__all__ = ["FAMILIES", "main"]

FAMILIES = {"hklut": hklut, "tinylut": tinylut}
"""Importers by the name of the command's first argument."""


_EXAMPLES = (
    ("the ten .npy files of HKLUT", "lutscale import hklut hklut/luts/ hklut.npz"),
    ("the tables and clip scales of TinyLUT-S", "lutscale import tinylut tinylut/ tinylut.npz"),
    ("then as any program", "lutscale sim hklut.npz --clocks-per-pixel 16"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("family", metavar="FAMILY", type=click.Choice(sorted(FAMILIES)))
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@one_line_errors
def main(family: str, folder: Path, out: Path) -> None:
    """Make a program of released tables.

    FAMILY is hklut or tinylut, whose files are in FOLDER; OUT is a program file (.npz). The
    tables stay under their authors' licences.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: must be a folder of released tables, but is none")
    if out.suffix != ".npz":
        raise InputError(f"{out}: must end in .npz")
    program = FAMILIES[family](folder)
    save(program, out)
    print(
        f"{out}: {program.name}, x{program.scale}, {len(program.layers)} layers, "
        f"{program.table_bits // 8:,} bytes of tables, {program.reads} reads a pixel"
    )
