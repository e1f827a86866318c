"""The Verilog of zoo programs as one hash each, for other interpreters to compare.

It needs what ``lutscale.hw`` needs, and nothing of the tests.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.verilog import emit

__all__ = ["PROGRAMS", "digests"]

PROGRAMS = {"iqlut-tiny-x4": 4, "hklut-s-x4": 16, "tinylut-s-x4": 16}
"""Zoo programs, one a family, and the clocks a pixel they are built for."""

_ZOO = Path(__file__).parents[3] / "model" / "zoo"


@functools.cache
def digests() -> dict[str, str]:
    """SHA-256 of Verilog and ROM images, by program."""
    found = {}
    for name, clocks in PROGRAMS.items():
        pipeline = Pipeline(load(_ZOO / f"{name}.npz"), Build(clocks_per_pixel=clocks))
        text, roms = emit(pipeline)
        words = "".join([text, *(f"{rom.name} {rom.sha256}" for rom in roms)])
        found[name] = hashlib.sha256(words.encode()).hexdigest()
    return found
