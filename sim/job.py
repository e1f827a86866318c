"""One simulation: a pipeline, frames, a simulator; built once, run on any frames that fit."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from golden.errors import InputError
from hw.pipeline import Pipeline
from hw.verilog import write_handoff
from sim.compare import planes_of, read_hex, write_frames
from sim.simulators import build_args, make_runner

__all__ = ["Job"]

_BENCH = Path(__file__).with_name("lutscale_bench.v")


@dataclass
class Job:
    """A built simulation of whole frames.

    Attributes:
        pipeline: the hardware.
        folder: of this job; everything it writes lies there.
        simulator: "verilator" or "icarus".
        frames, frame_size: the most planes and pixels a plane that memory is built for.
        stall_in, stall_out: of 256 clocks, how many have no valid and no ready.
        waves: record dump.vcd.
        sources, parameters: of the bench, once built.
    """

    pipeline: Pipeline
    folder: Path
    simulator: str = "verilator"
    frames: int = 3
    frame_size: int = 128 * 128
    stall_in: int = 0
    stall_out: int = 0
    waves: bool = False
    sources: list[Path] = field(default_factory=list, init=False)
    parameters: dict[str, int] = field(default_factory=dict, init=False)

    def build(self) -> float:
        """Write the Verilog and compile it, unless the very same is there already.

        Returns:
            seconds it took.
        """
        started = time.monotonic()
        self.folder = self.folder.resolve()
        sources = write_handoff(self.pipeline, self.folder / "verilog")
        self.sources = [_BENCH, *sources]
        beat = self.pipeline.pixels_per_beat
        pixels = self.frames * self.frame_size
        scale = self.pipeline.program.scale
        self._runner = make_runner(self.simulator)
        self.parameters = parameters = {
            "BEAT": beat,
            "SIZE_BITS": max(self.pipeline.max_width, self.pipeline.max_height).bit_length(),
            "IN_DEPTH": pixels + 1,
            # A line of one pixel may need a beat for each `scale` pixels it becomes.
            "OUT_DEPTH": pixels * scale * -(-scale // beat) + 1,
            "STALL_IN": self.stall_in,
            "STALL_OUT": self.stall_out,
        }
        stamp = self._stamp([*sources, _BENCH, _BENCH.with_suffix(".vlt")], parameters)
        stamped = self.folder / "build" / "stamp"
        always = not (stamped.exists() and stamped.read_text() == stamp)
        if always:
            shutil.rmtree(self.folder / "build", ignore_errors=True)
        visible = [_BENCH.with_suffix(".vlt")] if self.simulator == "verilator" else []
        with _logged(self.folder / "build.log") as log:
            self._runner.build(
                sources=[*visible, *self.sources],
                hdl_toplevel="lutscale_bench",
                build_dir=self.folder / "build",
                build_args=build_args(self.simulator),
                parameters=parameters,
                timescale=("1ns", "1ns"),
                waves=self.waves,
                always=always,
                log_file=log,
            )
        stamped.write_text(stamp)
        return time.monotonic() - started

    def run(
        self,
        planes: Sequence[npt.NDArray[np.uint8]],
        expected: Sequence[npt.NDArray[np.uint8]],
        *,
        channels: int = 1,
    ) -> dict[str, Any]:
        """Send planes of one size back to back and compare what comes out.

        Args:
            planes: uint8 (height, width) each.
            expected: what golden makes of them.
            channels: planes that make an image; only for the text of a mismatch.

        Returns:
            the bench's counters, "mismatches", "first_mismatches", "timeout", "seconds", and
            "planes": uint8 arrays of the pixels that came out.

        Raises:
            InputError: a plane is larger than the pipeline was built for.
        """
        height, width = planes[0].shape
        largest = (self.pipeline.max_width, self.pipeline.max_height)
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
        self._write_inputs(planes, expected, channels)
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        started = time.monotonic()
        with _logged(self.folder / "run.log") as log:
            # A failed comparison ends the test with an error; result.json says which.
            with contextlib.suppress(SystemExit, RuntimeError):
                self._runner.test(
                    test_module="sim.whole_frames",
                    hdl_toplevel="lutscale_bench",
                    hdl_toplevel_lang="verilog",
                    build_dir=self.folder / "build",
                    test_dir=self.folder,
                    results_xml=str(self.folder / "results.xml"),
                    waves=self.waves,
                    log_file=log,
                )
        seconds = time.monotonic() - started
        if not result.exists():
            raise RuntimeError(f"the simulation ended without a result: see {log}")
        found = json.loads(result.read_text())
        beats = read_hex(self.folder / "beats.hex", found["received"])
        beat = self.pipeline.pixels_per_beat
        found["planes"] = planes_of(beats, *expected[0].shape, beat)
        return {**found, "seconds": seconds}

    def _write_inputs(
        self,
        planes: Sequence[npt.NDArray[np.uint8]],
        expected: Sequence[npt.NDArray[np.uint8]],
        channels: int,
    ) -> None:
        height, width = planes[0].shape
        beat = self.pipeline.pixels_per_beat
        beats = sum(plane.shape[0] * -(-plane.shape[1] // beat) for plane in expected)
        pixels = height * width * len(planes)
        stalls = 256 / (256 - max(self.stall_in, self.stall_out))
        slots = (height + 64) * (width + 64) * len(planes)
        job = {
            "width": width,
            "height": height,
            "pixels": pixels,
            "frame_pixels": height * width,
            "beats": beats,
            "beat": beat,
            "channels": channels,
            "limit": int(slots * self.pipeline.clocks_per_pixel * 4 * stalls) + 20_000,
        }
        (self.folder / "job.json").write_text(json.dumps(job))
        write_frames(planes, self.folder / "frames.hex")
        names = {f"plane{n}": plane for n, plane in enumerate(expected)}
        np.savez(self.folder / "expected.npz", allow_pickle=False, **names)
        for image in (self.folder / "verilog").glob("*.hex"):
            target = self.folder / image.name
            target.unlink(missing_ok=True)
            os.symlink(image, target)

    def _stamp(self, sources: Sequence[Path], parameters: dict[str, int]) -> str:
        """What the compiled model depends on; the ROM images are read when it runs."""
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
        digest.update(f"{self.simulator} {self.waves} {build_args(self.simulator)}".encode())
        for source in sources:
            digest.update(source.read_bytes())
        return digest.hexdigest()


@contextlib.contextmanager
def _logged(path: Path) -> Iterator[Path]:
    """A log file whose end is shown when what it logs fails."""
    try:
        yield path
    except (RuntimeError, SystemExit) as error:
        tail = path.read_text().splitlines()[-15:] if path.exists() else []
        raise RuntimeError("\n".join([f"{error}; the end of {path}:", *tail])) from None
