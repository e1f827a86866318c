"""Standard cells with SRAM macros. A macro in place of a mask ROM is an upper bound of its area.

Other macros than the built-in ones come from a table, JSON:

    {"source": "who says so",
     "macros": [{"name": "ram_512x32", "depth": 512, "width": 32, "area_um2": 285000}]}

Each needs one write port and one read port, since line buffers write and read in one clock.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.validate import require_int
from lutscale.hw.targets.target import BlockMemory, Target

__all__ = ["TARGETS", "read_macros"]

_FIELDS = ("name", "depth", "width", "area_um2")


def _target(name: str, source: str, macros: list[dict[str, Any]]) -> Target:
    """A target whose block memory is whichever of the macros suits."""
    shapes = tuple((macro["depth"], macro["width"]) for macro in macros)
    return Target(
        name=name,
        family="asic",
        block=BlockMemory(
            name=macros[0]["name"] if len(macros) == 1 else "SRAM macro",
            bits=max(depth * width for depth, width in shapes),
            shapes=shapes,
            initial_data=False,
            areas=tuple(float(macro["area_um2"]) for macro in macros),
        ),
        source=source,
        lut_inputs=0,
        multiplier=(0, 0),
    )


def read_macros(path: str) -> Target:
    """A target from a table of macros; its name is the path.

    Raises:
        InputError: one line that names the file, what is wrong and what would be right.
    """
    try:
        table = json.loads(Path(path).read_text())
        if not isinstance(table, dict) or not isinstance(table.get("macros"), list):
            raise ValueError('macros must be a list in an object, {"macros": [...]}')
        macros = [_checked(k, macro) for k, macro in enumerate(table["macros"])]
        if not macros:
            raise ValueError("macros must be at least one, not none")
        macros.sort(key=lambda macro: (-macro["depth"], macro["width"]))
        return _target(path, str(table.get("source", path)), macros)
    except OSError as error:
        raise InputError(f"{path}: must be a table of macros, but: {error.strerror}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from None


def _checked(number: int, macro: Any) -> dict[str, Any]:
    """A row of the table, or what is wrong with it."""
    where = f"macros[{number}]"
    if not isinstance(macro, dict) or set(macro) != set(_FIELDS):
        raise ValueError(f"{where} must have {', '.join(_FIELDS)}, not {macro!r}")
    if not isinstance(macro["name"], str):
        raise TypeError(f"{where} name must be a string, not {macro['name']!r}")
    require_int(f"{where} depth", macro["depth"], 1, 1 << 20)
    require_int(f"{where} width", macro["width"], 1, 1 << 12)
    area = macro["area_um2"]
    if isinstance(area, bool) or not isinstance(area, int | float) or not 0 < area < 1e12:
        raise ValueError(f"{where} area_um2 must be a number above 0, not {area!r}")
    return macro


TARGETS = (
    _target(
        "asic",
        "OpenRAM's macro for SKY130, 0.285 mm2",
        [
            {
                "name": "sky130_sram_2kbyte_1rw1r_32x512_8",
                "depth": 512,
                "width": 32,
                "area_um2": 285_000,
            }
        ],
    ),
)
