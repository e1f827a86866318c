"""A board's design for a program: the core as it is handed off, the demonstration around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program import Program
from lutscale.hw.boards.board import Board, Mode
from lutscale.hw.boards.demo import Demo, Picture, checksum
from lutscale.hw.boards.pll import Pll, choose_pll
from lutscale.hw.boards.top import BoardTop
from lutscale.hw.build import Build
from lutscale.hw.flow.budget import check_blocks
from lutscale.hw.flow.netlist import sources_of
from lutscale.hw.memory import MemoryUse
from lutscale.hw.names import default_name, part_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import format_readmemh
from lutscale.hw.targets import find_target
from lutscale.hw.verilog import emit_top, header, memory_text

__all__ = ["PHOTO", "SCALE", "BoardDesign", "board_design", "stored_picture"]

SCALE = 4
"""From the stored picture to the display."""

PHOTO = "coffee"
"""The built-in photograph that is stored."""


@dataclass(frozen=True)
class BoardDesign:
    """A design, ready to be written.

    Attributes:
        board: for what.
        pipeline: of the core.
        picture: uint8 (height, width), stored.
        mode: of the display.
        pll: its dividers.
        crc: of the frame that must come out.
    """

    board: Board
    pipeline: Pipeline
    picture: Picture
    mode: Mode
    pll: Pll
    crc: int

    @property
    def core(self) -> str:
        """Name of the core's module, and in front of its files."""
        return default_name(self.pipeline.program.name)

    @property
    def name(self) -> str:
        """Of the top module, and in front of its own files."""
        return default_name(f"{self.board.name}-{self.pipeline.program.name}")

    @cached_property
    def demo(self) -> Demo:
        """What is around the core."""
        return Demo(
            core=self.core,
            build=self.pipeline.build,
            picture=self.picture,
            crc=self.crc,
            mode=self.mode,
        )

    @property
    def memories(self) -> tuple[MemoryUse, ...]:
        """Beside the core's."""
        return self.demo.memories

    def sources(self, top: str | None = None) -> tuple[list[str], dict[str, bytes]]:
        """Names of the Verilog sources, the board's first; and them and the ROM files.

        Args:
            top: name of the top module, where it must be another than `name`.
        """
        top = top or self.name
        names, files = sources_of(self.pipeline, self.core)
        text, roms = emit_top(BoardTop(self.demo, self.pll), top, header(self.pipeline, "//"))
        own = {f"{top}.v": text, f"{part_name(top, 'memory')}.v": memory_text(top)}
        images = {f"{rom.name}.hex": format_readmemh(rom) for rom in roms}
        files |= {file: content.encode() for file, content in {**own, **images}.items()}
        return [*own, *names], files


def stored_picture(width: int, height: int) -> Picture:
    """The middle of `PHOTO` in grey (BT.601), uint8 (height, width)."""
    photo = sample_photo(PHOTO)
    y, x = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    red, green, blue = np.moveaxis(photo[y : y + height, x : x + width].astype(np.uint32), -1, 0)
    return ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)


def board_design(
    program: Program, board: Board, *, mode: Mode | None = None, form: str | None = None
) -> BoardDesign:
    """The design that shows `stored_picture`, enlarged by a program, on a board.

    The core has as many clocks for a pixel as the display has pixels of it: one pixel a clock, so
    that blanking is what it may lose.

    Args:
        mode: another than the board's, for simulation.
        form: of `Build`.

    Raises:
        InputError: the program does not enlarge by 4, or its memories and the picture's do not fit.
    """
    mode = mode or board.mode
    if program.scale != SCALE:
        raise InputError(
            f"program must enlarge by {SCALE} for {board.name}, which shows {mode.width}x"
            f"{mode.height}, not by {program.scale} as {program.name} does"
        )
    width, height = mode.width // SCALE, mode.height // SCALE
    build = Build(
        clocks_per_pixel=SCALE**2,
        pixels_per_beat=1,
        max_width=width,
        max_height=height,
        target=find_target(board.target),
        form=form,
    )
    pipeline = Pipeline(program, build)
    picture = stored_picture(width, height)
    pll = choose_pll(board.oscillator, mode.clock)
    design = BoardDesign(board, pipeline, picture, mode, pll, checksum(program, picture))
    check_blocks(pipeline.plan)
    _check_blocks(design)
    return design


def _check_blocks(design: BoardDesign) -> None:
    """Refuse a core that leaves too few block memories for the picture.

    Raises:
        InputError: says how many.
    """
    target = design.pipeline.build.target
    own = sum(
        target.block.needed(use.depth, use.width)[0]
        for use in design.memories
        if use.style == "block"
    )
    most = target.device.blocks if target.device else own
    if design.pipeline.plan.blocks + own > most:
        raise InputError(
            f"{target.block.name} must be at most {most - own} beside the {own} of the stored "
            f"picture on {design.board.name}, not {design.pipeline.plan.blocks} as "
            f"{design.pipeline.program.name} takes: take a smaller program"
        )
