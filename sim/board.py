"""A board's design in simulation: ``lutscale sim PROGRAM --board ulx3s``.

It goes from the stored picture to the bits that the display is sent.

PLL and double-rate outputs are models of ours (board_models.v); all else is the Verilog that is
synthesised. What the bits say is decoded, and each pixel compared with golden.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.files import write_whole
from lutscale.golden.pictures.image import write_png
from lutscale.golden.program import Program
from lutscale.hw.boards import Mode, find_board
from lutscale.hw.boards.demo import FAIL, FAULT, PASS
from lutscale.hw.boards.design import BoardDesign, board_design
from lutscale.sim.compiled import Compiled
from lutscale.sim.dvi import frames_of, received

__all__ = ["SMALL", "TOP", "BoardCheck", "BoardJob", "simulate_board"]

SMALL = Mode(64, 32, across=(4, 8, 12), down=(2, 3, 4), clock=74.25)
"""A display that a simulation fills in seconds."""

TOP = "lutscale_board"
"""The module that the bench drives."""

_BENCH = Path(__file__).with_name("lutscale_board_bench.v")
_MODELS = Path(__file__).with_name("board_models.v")
_RTL = "rtl"
_SETTLING = 600
"""Pixel clocks until the PLL has locked, at most, with what the pipeline of the board takes."""


@dataclass(frozen=True)
class BoardCheck:
    """What a simulated board showed.

    Attributes:
        frames: uint8 (height, width, 3), whole ones as the display got them.
        leds: of the eight, bit by bit.
        faults: a line for each; of differing pixels the first of a frame.
    """

    frames: tuple[npt.NDArray[np.uint8], ...]
    leds: int
    faults: tuple[str, ...]

    @property
    def lamps(self) -> Mapping[str, bool]:
        """The three that judge."""
        return {
            name: bool(self.leds >> place & 1)
            for name, place in (("pass", PASS), ("fail", FAIL), ("fault", FAULT))
        }


@dataclass
class BoardJob:
    """A built simulation of a board.

    Attributes:
        design: the board's.
        folder: of this job; everything it writes lies there, the ROM files in its ``rtl``.
        frames: whole frames to see.
    """

    design: BoardDesign
    folder: Path
    frames: int = 2

    def build(self) -> None:
        """Write the Verilog and compile it, unless the very same was compiled before."""
        rtl = self.folder.resolve() / _RTL
        rtl.mkdir(parents=True, exist_ok=True)
        names, files = self.design.sources(TOP)
        for name, content in files.items():
            (rtl / name).write_bytes(content)
        self._compiled = Compiled(_BENCH.stem, self.folder.resolve(), quick=True)
        paths = [_BENCH.with_suffix(".vlt"), _BENCH, _MODELS, *(rtl / name for name in names)]
        self._compiled.build(paths, {"DEPTH": 10 * self._clocks})

    @property
    def _clocks(self) -> int:
        """Pixel clocks: the core's first frame, then the frames, and one that may be cut."""
        width, height = self.design.mode.total
        plan = self.design.pipeline.plan
        _, columns = self.design.picture.shape
        begin = plan.latency_bound(columns) + 2048 + 2 * plan.frame_clocks(columns, 1)
        return _SETTLING + begin + width * height * self.frames + width

    def run(self) -> BoardCheck:
        """Run until so many frames were shown.

        Raises:
            RuntimeError: the simulation ended without a result.
        """
        leds, bits = self.folder / "leds.json", self.folder / "bits.hex"
        for path in (leds, bits):
            path.unlink(missing_ok=True)
        log = self._compiled.run("lutscale.sim.board_frames", self.folder.resolve() / _RTL)
        if not leds.exists() or not bits.exists():
            raise RuntimeError(f"the simulation ended without a result: see {log}")
        text = np.frombuffer(bits.read_bytes(), np.uint8)
        digits = text[text > ord(" ")]
        nibbles = np.where(digits > ord("9"), digits - (ord("a") - 10), digits - ord("0"))
        each = (nibbles[:, None] >> np.arange(4, dtype=np.uint8)).astype(np.uint8) & np.uint8(1)
        return self._judged(each, json.loads(leds.read_text()))

    def _judged(self, bits: npt.NDArray[np.uint8], leds: int) -> BoardCheck:
        # Until the serialiser runs, all are low.
        begin = int(np.flatnonzero(bits[:, 3])[0]) if bits[:, 3].any() else 0
        try:
            frames = frames_of(received(bits[begin:]), self.design.mode)
        except ValueError as error:
            return BoardCheck((), leds, (str(error),))
        faults = [] if len(frames) >= self.frames else [f"frames: {len(frames)} of {self.frames}"]
        expected = self.design.pipeline.program.run(self.design.picture)
        for number, frame in enumerate(frames):
            differs = np.argwhere((frame != expected[..., None]).any(axis=-1))
            if len(differs):
                y, x = differs[0]
                faults.append(
                    f"frame {number} x {x} y {y}: expected {expected[y, x]}, got {frame[y, x]}"
                )
        return BoardCheck(tuple(frames), leds, tuple(faults))


def simulate_board(
    program: Program, board: str, *, whole: bool, frames: int, out: Path
) -> dict[str, Any]:
    """Simulate a board, and write the first frame that its display got as ``display.png``.

    Args:
        whole: the board's own mode instead of `SMALL`: minutes.
        frames: whole ones to see.
        out: folder.

    Returns:
        the result line, with "faults" a line for each.

    Raises:
        InputError: no such board, or a program that is not for it.
    """
    design = board_design(program, find_board(board), mode=None if whole else SMALL)
    folder = out / f"{board}-{program.name}"
    job = BoardJob(design, folder, frames=frames)
    job.build()
    started = time.monotonic()
    found = job.run()
    if found.frames:
        write_png(out / "display.png", np.ascontiguousarray(found.frames[0]))
    result: dict[str, Any] = {
        "program": program.name,
        "board": board,
        "display": f"{design.mode.width}x{design.mode.height}",
        "frames": len(found.frames),
        "crc32": f"{design.crc:08x}",
        "leds": f"{found.leds:08b}",
        "seconds": round(time.monotonic() - started, 2),
        "faults": list(found.faults),
    }
    lit = {name: lamp for name, lamp in found.lamps.items() if lamp}
    result["result"] = "pass" if lit == {"pass": True} and not found.faults else "fail"
    write_whole(folder, {"board.json": json.dumps(result, indent=1).encode()})
    return result
