"""The synthesised netlist against golden: a whole small frame, every pixel.

Synthesis is checked, not trusted: what is simulated is the very netlist that is placed and routed,
with the models of its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.pictures.image import SAMPLE_PHOTOS, sample_photo
from lutscale.hw.flow.ecp5_models import cell_models, netlist_verilog
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.faults import faults
from lutscale.sim.frames import frames_of
from lutscale.sim.job import TOP, Job

__all__ = ["NetlistCheck", "check_netlist", "netlist_sources"]

SIDE = 16
"""Of the frame, in LR pixels, or less where the build is for less."""


@dataclass(frozen=True)
class NetlistCheck:
    """What a simulated netlist gave.

    Attributes:
        frame: width x height x planes, or frames, in LR pixels.
        pixels: HR pixels compared.
        clocks: simulated.
        faults: a line for each; of mismatches the first ones.
    """

    frame: str
    pixels: int
    clocks: int
    faults: tuple[str, ...]

    @property
    def result(self) -> str:
        """ "exact" or "differs"."""
        return "differs" if self.faults else "exact"

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return {**vars(self), "faults": list(self.faults), "result": self.result}


def netlist_sources(netlist: Path, top: str, folder: Path, name: str) -> tuple[Path, Path]:
    """Verilog of a netlist, its top renamed, and of its cells' models; for a simulator.

    Args:
        netlist: JSON of `hw.flow.yosys.synthesise`.
        top: name of its top module.
        folder: for the files, made if missing.
        name: of the top in them.

    Raises:
        InputError: Yosys is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cells, design = folder / "cells.v", folder / "netlist.v"
    netlist_verilog(netlist, top, design, name)
    cells.write_text(cell_models())
    return cells, design


def check_netlist(pipeline: Pipeline, netlist: Path, top: str, folder: Path) -> NetlistCheck:
    """Simulate the netlist of a pipeline for ECP5 on the middle of a photograph, three planes.

    Args:
        pipeline: what was synthesised; golden runs its program.
        netlist: JSON of `hw.flow.yosys.synthesise`.
        top: name of its top module.
        folder: to work in, made if missing.

    Raises:
        InputError: Yosys or the simulator is missing.
    """
    design, build = netlist_sources(netlist, top, folder, TOP), pipeline.build
    width, height = min(SIDE, build.max_width), min(SIDE, build.max_height)
    photo = sample_photo(next(iter(SAMPLE_PHOTOS)))
    y, x = ((n - side) // 2 for n, side in zip(photo.shape, (height, width), strict=False))
    part = photo[y : y + height, x : x + width]
    planes, expected, channels = frames_of(pipeline, part)
    job = Job(pipeline, folder, frame_size=width * height, quick=True, design=design)
    job.build()
    found = job.run(planes, expected, channels=channels)
    return NetlistCheck(
        frame=f"{width}x{height}x{len(planes)}",
        pixels=sum(plane.size for plane in expected),
        clocks=found["clocks"],
        faults=tuple(faults(found)),
    )
