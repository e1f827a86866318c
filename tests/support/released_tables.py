"""Folders of random tables in the layouts that authors released theirs in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["read_tables", "write_hklut", "write_tinylut"]


def write_hklut(folder: Path, seed: int = 0, *, most: int = 40) -> Path:
    """Ten tables of HKLUT, x2 then x2; entries up to ``most``, those of low bits a tenth."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for stage in (0, 1):
        for branch, letters, pixels in (("MSB", "HDB", 3), ("LSB", "HD", 2)):
            top = most if branch == "MSB" else most // 10
            for letter in letters:
                table = random.integers(-top, top + 1, (16**pixels, 1, 2, 2)).astype(np.int8)
                name = f"S{stage}_{branch}_{letters}_LUT_{letter}_x2_4bit_int8.npy"
                np.save(folder / name, table)
    return folder


def write_tinylut(folder: Path, seed: int = 0) -> Path:
    """Six tables of TinyLUT-S x4 and its clip scales, some of which leave rows never read."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    scales = {name: random.uniform(0.3, 1.3, 16).astype(np.float32) for name in ("hh1", "hh2")}
    scales |= {name: random.uniform(-0.01, 1.1, 16).astype(np.float32) for name in ("hl1", "hl2")}
    scales["hl1"][:3] = (0.0, -0.0002, 0.0001)
    scales["hl2"][0] = 1.3
    np.savez(folder / "clip_scales.npz", **scales)
    for part, letter, lo, hi in (("H6", "h", -32, 31), ("L2", "l", 0, 3)):
        levels = hi - lo + 1
        rows = {"L1_Depth": 9 * levels}
        for number, name in ((1, "L1_Point"), (2, "UP")):
            ends = np.round(np.array([[lo], [hi]], np.float32) * scales[f"h{letter}{number}"])
            rows[name] = int(np.abs(ends[1] - ends[0]).sum()) + 16
        for name, count in rows.items():
            table = random.integers(-128, 128, (count, 16, 1, 1)).astype(np.int8)
            np.save(folder / f"Model_V_{name}_x4_{part}.npy", table)
    return folder


def read_tables(folder: Path) -> dict[str, npt.NDArray[np.generic]]:
    """All arrays of a folder, by the name of their file or their member."""
    tables = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    for path in folder.glob("*.npz"):
        with np.load(path) as file:
            tables |= {name: file[name] for name in file.files}
    return tables
