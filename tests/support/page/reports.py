"""Reports of a program as their commands write them, in seconds: the tools are stood in for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.command import main
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.implement import Implementation
from lutscale.hw.flow.nextpnr import Routed
from lutscale.reports import fpga
from lutscale.sim import run

__all__ = ["SimulatedByGolden", "command", "write_reports"]

CELLS = Cells(lut=900, carry=50, ff=800, dsp=2, blocks=3, ram=0, comb=1000)
CLOCKS = (118.25, 121.5, 130.75)


class SimulatedByGolden:
    """In place of `sim.job.Job`: the hardware gives what golden expects, at once.

    Attributes:
        spoilt: beats that differ.
    """

    spoilt = 0

    def __init__(self, pipeline: Any, folder: Path, **options: Any) -> None:
        self.pipeline, self.folder, self.waves = pipeline, folder, False

    def build(self) -> float:
        self.folder.mkdir(parents=True, exist_ok=True)
        return 0.0

    def run(self, planes: Sequence[Any], expected: Sequence[Any], **options: Any) -> dict[str, Any]:
        size = planes[0].size
        pace = self.pipeline.build.clocks_per_pixel
        flags = dict.fromkeys(("timeout", "unstable", "malformed"), 0)
        return {
            **flags,
            "mismatches": self.spoilt,
            "first_mismatches": ["frame 0 x 1 y 2 channel 0"][: self.spoilt],
            "clocks": 3 * size * pace + 99,
            "steady_from": 0,
            "steady_to": (2 * size - 1) * pace,
            "seconds": 0.5,
            "planes": expected,
        }


def command(*words: object, code: int = 0) -> str:
    """Run a subcommand in this process; what it printed, on stderr where it fails."""
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="lutscale")
    assert result.exit_code == code, (result.output, result.exception)
    return result.stderr if code else result.stdout


def _implement(pipeline: Any, cache: Path, **options: Any) -> Implementation:
    runs = tuple(
        Routed(seed, clock, (), {"TRELLIS_FF": (800, 24288)})
        for seed, clock in zip(options["seeds"], CLOCKS, strict=True)
    )
    name, build = pipeline.program.name, pipeline.build
    return Implementation(name, build, CELLS, runs, options["frequency"], (), b"bits")


def write_reports(root: Path, word: str, *kinds: str, others: Sequence[str] = ()) -> None:
    """Write reports of a program below a folder.

    Args:
        word: the program, by its name in the zoo or its file.
        kinds: of "memory", "estimate", "sim", "benchmark" (on two small pictures) and "fpga".
        others: programs to be estimated, too.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "Job", SimulatedByGolden)
        patch.setattr(fpga, "implement", _implement)
        for kind in kinds:
            if kind == "memory":
                command("report", word, "--out", root / "reports")
            elif kind == "sim":
                command("sim", word, "--crop", 24, "--stalls", "--out", root / "sim")
            elif kind == "benchmark":
                _benchmark(root, word)
            else:
                words = ("--target", "ecp5-85f", "--out", root / "fpga")
                only = ("--estimate-only",) if kind == "estimate" else ("--seeds", len(CLOCKS))
                # The clock asked for is not reached.
                command("fpga", word, *words, *only, code=int(kind == "fpga"))
        for other in others:
            words = ("--target", "ecp5-85f", "--out", root / "fpga")
            command("fpga", other, *words, "--estimate-only")


def _benchmark(root: Path, word: str) -> None:
    for k, name in enumerate(("chelsea", "coffee")):
        picture = np.ascontiguousarray(sample_photo(name)[100:148, 100:148])
        write_png(root / "data" / "Set5" / f"{k}.png", picture)
    out = root / "reports" / "benchmark"
    command("benchmark", word, "iqlut-tiny-x4", "--data", root / "data", "--out", out)
