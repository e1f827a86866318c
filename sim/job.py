"""One simulation: a pipeline, frames, a simulator; built once, run on any frames that fit."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError
from lutscale.hw.handoff import write_handoff
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.compare import (
    component_bytes,
    component_words,
    planes_of,
    read_hex,
    write_frames,
)
from lutscale.sim.compiled import Compiled
from lutscale.sim.stalls import Stalls

__all__ = ["STALLS", "TOP", "Job"]

_BENCH = Path(__file__).with_name("lutscale_bench.v")
STALLS = Path(__file__).with_name("lutscale_stalls.v")
"""What holds up the streams in each bench."""
TOP = "lutscale_upscaler"
"""The module that the bench drives."""
_RTL = "rtl"

Frame = npt.NDArray[Any]
_NO_STALLS = Stalls()


@dataclass
class Job:
    """A built simulation of whole frames.

    Attributes:
        pipeline: the hardware.
        folder: of this job; everything it writes lies there.
        simulator: "verilator" or "icarus".
        frames, frame_size: the most planes and pixels a plane that memory is built for.
        waves: record dump.fst, in the folder.
        quick: compile in the least time, for a few small frames.
        design: Verilog to simulate instead of what the pipeline becomes, such as its netlist; the
            top is `TOP`.
        sources, parameters: of the bench, once built.
    """

    pipeline: Pipeline
    folder: Path
    simulator: str = "verilator"
    frames: int = 3
    frame_size: int = 128 * 128
    waves: bool = False
    quick: bool = False
    design: Sequence[Path] = ()
    sources: list[Path] = field(default_factory=list, init=False)
    parameters: dict[str, int] = field(default_factory=dict, init=False)

    def build(self) -> float:
        """Write the Verilog and compile it, unless the very same is there already.

        Returns:
            seconds it took.
        """
        started = time.monotonic()
        self.folder = self.folder.resolve()
        design = self.design or write_handoff(self.pipeline, self.folder / _RTL, TOP)
        self.sources = [_BENCH, STALLS, *design]
        beat = self.pipeline.build.pixels_per_beat
        longest = max(self.pipeline.build.max_width, self.pipeline.build.max_height)
        pixels = self.frames * self.frame_size
        scale = self.pipeline.program.scale
        self.parameters = {
            "BEAT": beat,
            "PIXEL": self.pipeline.build.pixel_bits,
            "SIZE_BITS": longest.bit_length(),
            "IN_DEPTH": pixels + 1,
            # A line of one pixel may need a beat for each `scale` pixels it becomes.
            "OUT_DEPTH": pixels * scale * -(-scale // beat) + 1,
        }
        self._compiled = Compiled(
            _BENCH.stem, self.folder, self.simulator, waves=self.waves, quick=self.quick
        )
        self._compiled.build([_BENCH.with_suffix(".vlt"), *self.sources], self.parameters)
        return time.monotonic() - started

    def run(
        self,
        planes: Sequence[Frame],
        expected: Sequence[Frame],
        *,
        channels: int = 1,
        stalls: Stalls = _NO_STALLS,
    ) -> dict[str, Any]:
        """Send planes of one size back to back and compare what comes out.

        Args:
            planes: uint8 (height, width) each; where the build has a colour, frames as
                `golden.colour.pack` gives them.
            expected: what golden makes of them, likewise.
            channels: planes that make an image; only for the text of a mismatch.
            stalls: how both streams are held up.

        Returns:
            the bench's counters, "mismatches", "first_mismatches", "timeout"; "unstable", whether
            a beat changed before it was taken; "seconds" of the whole run and "test_seconds" of
            simulating and comparing in it; and "planes": arrays of the pixels that came out, as
            ``expected`` has them.

        Raises:
            InputError: a plane is larger than the pipeline was built for.
        """
        height, width = planes[0].shape
        largest = (self.pipeline.build.max_width, self.pipeline.build.max_height)
        if width > largest[0] or height > largest[1]:
            raise InputError(
                f"frame must be at most {largest[0]}x{largest[1]}, the built size, not "
                f"{width}x{height}"
            )
        if len(planes) > self.frames or height * width > self.frame_size:
            raise InputError(
                f"a run must have at most {self.frames} frames of {self.frame_size} pixels, not "
                f"{len(planes)} of {height * width}"
            )
        self._write_inputs(planes, expected, channels, stalls)
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        started = time.monotonic()
        log = self._compiled.run("lutscale.sim.whole_frames", self.folder / _RTL)
        seconds = time.monotonic() - started
        if not result.exists():
            raise RuntimeError(f"the simulation ended without a result: see {log}")
        found = json.loads(result.read_text())
        beats = read_hex(self.folder / "beats.hex", found["received"])
        rows, columns = expected[0].shape
        parts = self._components
        beat = self.pipeline.build.pixels_per_beat * parts
        came = planes_of(beats, rows, columns * parts, beat)
        found["planes"] = came if parts == 1 else [component_words(each, parts) for each in came]
        return {**found, "seconds": seconds}

    @property
    def _components(self) -> int:
        return self.pipeline.build.pixel_bits // 8

    def _write_inputs(
        self,
        planes: Sequence[Frame],
        expected: Sequence[Frame],
        channels: int,
        stalls: Stalls,
    ) -> None:
        height, width = planes[0].shape
        beat = self.pipeline.build.pixels_per_beat
        beats = sum(plane.shape[0] * -(-plane.shape[1] // beat) for plane in expected)
        pixels = height * width * len(planes)
        slots = (height + 64) * (width + 64) * len(planes)
        job = {
            "width": width,
            "height": height,
            "pixels": pixels,
            "frame_pixels": height * width,
            "beats": beats,
            "beat": beat * self._components,
            "channels": channels,
            "components": self._components,
            **stalls.inputs,
            "limit": slots * 4 * stalls.clocks(self.pipeline.build.clocks_per_pixel) + 20_000,
        }
        (self.folder / "job.json").write_text(json.dumps(job))
        write_frames(planes, self.folder / "frames.hex")
        if self._components > 1:
            expected = [component_bytes(frame, self._components) for frame in expected]
        names = {f"plane{n}": plane for n, plane in enumerate(expected)}
        np.savez(self.folder / "expected.npz", allow_pickle=False, **names)
