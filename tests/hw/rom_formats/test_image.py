"""ROM images: properties and refusals."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from lutscale.hw.rom_formats import RomImage
from tests.support.hw.roms import SMALL


def test_rom_image_properties() -> None:
    assert SMALL.depth == 4
    assert SMALL.sha256 == hashlib.sha256(b"000\n3ff\n02a\n155\n").hexdigest()
    assert dataclasses.replace(SMALL, name="b", layer="c").sha256 == SMALL.sha256


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": "1x"}, ValueError, "name must be"),
        ({"name": "a/b"}, ValueError, "name must be"),
        ({"name": "a\n"}, ValueError, "name must be"),
        ({"name": "é"}, ValueError, "name must be"),
        ({"name": ""}, ValueError, "name must be"),
        ({"name": 3}, TypeError, "name must be a str, not 3"),
        ({"layer": None}, TypeError, "layer must be a str, not None"),
        ({"width": 0}, ValueError, "width must be 1 to 4096 bits, not 0"),
        ({"width": 4097}, ValueError, "width must be 1 to 4096 bits, not 4097"),
        ({"width": True}, TypeError, "width must be an int, not True"),
        ({"words": ()}, ValueError, "words must hold 1 to"),
        ({"words": [1]}, TypeError, "words must be a tuple of int, not list"),
        ({"words": (0, -1)}, ValueError, r"words\[1\] must be 0 to 2\*\*10 - 1, not -0x1"),
        ({"words": (1024,)}, ValueError, r"words\[0\] must be 0 to 2\*\*10 - 1, not 0x400"),
        ({"words": (1.0,)}, TypeError, r"words\[0\] must be an int, not 1.0"),
    ],
)
def test_rom_image_refuses(changes: dict[str, object], error: type, message: str) -> None:
    fields = {"name": "n", "layer": "l", "width": 10, "words": (1,), **changes}
    with pytest.raises(error, match=message):
        RomImage(**fields)  # type: ignore[arg-type]
