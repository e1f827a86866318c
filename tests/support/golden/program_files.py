"""Program files taken apart and put together, whatever they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save

__all__ = [
    "AT",
    "REQUANTISE",
    "RESIDUAL",
    "SHUFFLE",
    "TAPS",
    "Arrays",
    "Manifest",
    "parts",
    "refusal",
    "write",
]

Manifest = dict[str, Any]

Arrays = dict[str, npt.NDArray[Any]]

TAPS, REQUANTISE, RESIDUAL, SHUFFLE = 0, 1, 2, 4
"""Where the layers of `small` stand."""

AT = {
    TAPS: "layer 0 (tap_tables): ",
    REQUANTISE: "layer 1 (requantise): ",
    RESIDUAL: "layer 2 (residual): ",
    SHUFFLE: "layer 4 (pixel_shuffle): ",
}


def parts(program: Program, path: Path) -> tuple[Manifest, Arrays]:
    """What a program's file holds."""
    save(program, path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("manifest").tobytes()), arrays


def write(path: Path, manifest: Any, arrays: Arrays) -> None:
    """A file of the format, whatever it says."""
    text = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    np.savez(path, allow_pickle=True, **{"manifest": text, **arrays})


def refusal(path: Path) -> str:
    """The line a file is refused with, less the file's name that it starts with."""
    with pytest.raises(InputError) as caught:
        load(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    reason = line.removeprefix(f"{path}: ")
    assert "must" in reason
    # What Python says of itself helps nobody who wrote a file.
    for phrase in ("__init__", "unhashable", "not iterable", "inhomogeneous", "If you trust"):
        assert phrase not in reason
    return reason
