"""Systems of the literature at x4: bytes and PSNR, with where each figure comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PUBLISHED", "SOURCES", "Published"]

SOURCES = {
    "measured": "measured from the tables that the authors released",
    "published": "as the paper says",
}
"""What the source of a figure means."""

_SETS = ("Set5", "Set14", "B100", "Urban100")


@dataclass(frozen=True)
class Published:
    """One system.

    Attributes:
        name: as its paper names it.
        bytes: of the tables.
        exact: whether the bytes were counted; otherwise they are a paper's rounded KB or MB
            (of 1024), which `size` holds as it stands there.
        psnr: luma PSNR in dB by set; sets that are not known are left out.
        source: one of `SOURCES`.
        note: what else is to be known.
        family: what `model.import_tables` calls the same tables, or "".
        decimals: of the PSNR, as far as they are known.
    """

    name: str
    bytes: int
    exact: bool
    psnr: Mapping[str, float]
    source: str
    note: str = ""
    family: str = ""
    decimals: int = 2

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"source must be one of {', '.join(SOURCES)}, not {self.source!r}")
        if self.bytes < 1:
            raise ValueError(f"bytes must be at least 1, not {self.bytes!r}")

    @property
    def size(self) -> str:
        """The bytes with as many digits as are known."""
        if self.exact:
            return f"{self.bytes:,}"
        kilobytes = self.bytes / 1024
        return f"{kilobytes:.0f} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "psnr": dict(self.psnr)}


def _system(name: str, size: int | str, *levels: float, source: str, **more: Any) -> Published:
    psnr = dict(zip(_SETS, levels, strict=False))
    if isinstance(size, int):
        return Published(name, size, True, psnr, source, **more)
    number, unit = size.split()
    count = round(float(number) * 1024 ** {"KB": 1, "MB": 2}[unit])
    return Published(name, count, False, psnr, source, **more)


PUBLISHED: tuple[Published, ...] = (
    _system(
        "HKLUT-S", 102_400, 30.34, 27.38, 26.75, 24.24, source="measured", family="HKLUT"
    ),
    _system(
        "HKLUT-L", 115_200, 30.42, 27.45, 26.79, 24.29,
        source="published", note="PSNR from a comment of the authors",
    ),
    _system(
        "TinyLUT-S", 37_776, 30.22, 27.33, 26.71, 24.19, source="measured", family="TinyLUT-S"
    ),
    _system("TinyLUT-F", "171 KB", 31.18, 28.01, 27.13, 24.92, source="published"),
    _system("ShiftLUT-S", 24_312, 30.50, 27.54, 26.87, 24.39, source="measured"),
    _system("ShiftLUT-M", 39_019, 30.77, 27.74, 26.98, 24.62, source="measured"),
    _system(
        "ShiftLUT-L", 119_182, 31.33, 28.10, 27.20, 25.12,
        source="measured", note="the paper says 104 KB",
    ),
    _system(
        "IQ-LUT (large)", "124 KB", 31.5,
        source="published", note="from a summary of the paper, unverified", decimals=1,
    ),
    _system("SR-LUT-S", 1_336_336, 29.83, 27.11, 26.55, 24.02, source="measured"),
    _system("MuLUT-SDY-X2", 4_259_571, 30.61, 27.61, 26.86, 24.46, source="measured"),
    _system("RC-LUT", "1.5 MB", 30.72, 27.67, 26.95, 24.57, source="published"),
    _system("SPF-LUT + DFC", "2.1 MB", 31.05, 27.88, 27.08, 24.81, source="published"),
)  # fmt: skip
"""Trained on DIV2K, all of them."""
