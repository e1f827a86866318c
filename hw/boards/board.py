"""What a board is: its device, its oscillator, the pins that are used, and the picture it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lutscale.golden.validate import require_int

__all__ = ["Board", "Mode", "Pin"]


@dataclass(frozen=True)
class Mode:
    """A video mode: the picture, and the blanking around it.

    Attributes:
        width, height: pixels and lines that are seen.
        across: pixels of front porch, sync and back porch, at least 1 each.
        down: lines likewise.
        clock: of a pixel, MHz.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    width: int
    height: int
    across: tuple[int, int, int]
    down: tuple[int, int, int]
    clock: float

    def __post_init__(self) -> None:
        require_int("width", self.width, 1, 1 << 14)
        require_int("height", self.height, 1, 1 << 14)
        for name, parts in (("across", self.across), ("down", self.down)):
            for part in parts:
                require_int(name, part, 1, 1 << 12)

    @property
    def total(self) -> tuple[int, int]:
        """Pixels of a whole line, and lines of a whole frame."""
        return self.width + sum(self.across), self.height + sum(self.down)


@dataclass(frozen=True)
class Pin:
    """One pin.

    Attributes:
        port: of the design's top, with its index.
        site: the package's ball.
        attributes: of the IOBUF.
    """

    port: str
    site: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Board:
    """A board that the demonstration design is for.

    Attributes:
        name: as commands take it.
        target: name of its device's target.
        oscillator: MHz.
        clock: port of the oscillator.
        pins: all that are used.
        mode: of the picture, sent as DVI.
        loader: the command that writes a bitstream into it, up to the file.
        source: where the pins are from.
    """

    name: str
    target: str
    oscillator: float
    clock: str
    pins: tuple[Pin, ...]
    mode: Mode
    loader: str
    source: str

    def constraints(self) -> str:
        """The LPF file: every pin, and the oscillator's clock."""
        lines = [f'FREQUENCY PORT "{self.clock}" {self.oscillator:g} MHZ;']
        for pin in self.pins:
            words = " ".join(f"{name}={value}" for name, value in pin.attributes.items())
            lines += [
                f'LOCATE COMP "{pin.port}" SITE "{pin.site}";',
                f'IOBUF PORT "{pin.port}" {words};',
            ]
        return "".join(f"{line}\n" for line in lines)
