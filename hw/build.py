"""The build: how fast, how wide, how large and for what target a program becomes hardware.

Pipeline, ROM export, reports and simulation of one program at one build never disagree: all of
them take a `Build`, and every command takes `build_options`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import click

from lutscale.golden.colour import FORMATS, MATRICES, RANGES, SITINGS, Colour
from lutscale.golden.colour.run import check_program
from lutscale.golden.command import one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.layers import Layer, PixelShuffle
from lutscale.golden.program import Program
from lutscale.golden.validate import require_choice, require_int
from lutscale.hw.forms import FORMS
from lutscale.hw.targets import TARGETS, Target, find_target
from lutscale.hw.targets.ecp5 import ECP5

__all__ = ["BEATS", "MAX_PATIENCE", "MAX_SIDE", "Build", "build_options", "inner_layers"]

BEATS = (1, 2, 4)
"""Pixels a beat that can be built."""

MAX_SIDE = 1 << 14
"""The longest line, and the most lines, of a frame."""

MAX_PATIENCE = 1 << 32
"""The most clocks that a source may be silent inside a frame."""


def inner_layers(program: Program) -> tuple[Layer, ...]:
    """The layers that work on slots: a pixel shuffle that comes last makes beats."""
    ends = isinstance(program.layers[-1], PixelShuffle)
    return program.layers[:-1] if ends else program.layers


@dataclass(frozen=True)
class Build:
    """What a program is built to.

    The defaults are x4 to 4K60 at 125 MHz in clocks and beats; lines of 480 pixels, which x4
    makes 1080p's and which keep `iqlut-hd-x4` within 100 KB; and 540 of them, so that two such
    stripes side by side are 960x540, 4K at x4. Lines cost memory, their number does not.

    The default patience is 2**20 clocks, 8 ms at 125 MHz. A source that blanks is silent for a part
    of a line, which is hundreds of times less; and of one that stops a display at 60 Hz misses one
    frame.

    Attributes:
        clocks_per_pixel: F, the clocks that one LR pixel may take, 1..4096.
        pixels_per_beat: of the output, 1, 2 or 4.
        max_width, max_height: the largest LR frame, 1..16384 each.
        patience: clocks without a pixel inside a frame until its source counts as stopped and the
            rest is filled, 0..2**32; 0 for never.
        target: decides which memories become blocks, and which logic.
        form: one of `hw.forms.FORMS`, for every layer of interpolated tables; None leaves it to
            predicted cost.
        colour: of the stream; None for one plane, 8 bits a pixel.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    clocks_per_pixel: int = 4
    pixels_per_beat: int = 4
    max_width: int = 480
    max_height: int = 540
    patience: int = 1 << 20
    target: Target = ECP5
    form: str | None = None
    colour: Colour | None = None

    def __post_init__(self) -> None:
        require_int("clocks_per_pixel", self.clocks_per_pixel, 1, 4096)
        require_int("max_width", self.max_width, 1, MAX_SIDE)
        require_int("max_height", self.max_height, 1, MAX_SIDE)
        require_int("patience", self.patience, 0, MAX_PATIENCE)
        if self.pixels_per_beat not in BEATS:
            raise ValueError(f"pixels_per_beat must be 1, 2 or 4, not {self.pixels_per_beat!r}")
        if not isinstance(self.target, Target):
            raise TypeError(f"target must be a Target, not {self.target!r}")
        if self.form is not None:
            require_choice("form", self.form, FORMS)
        if self.colour is not None:
            if not isinstance(self.colour, Colour):
                raise TypeError(f"colour must be a Colour or None, not {self.colour!r}")
            self.colour.check_size(self.max_width, self.max_height, "max_")

    @property
    def pixel_bits(self) -> int:
        """Bits of a pixel in both streams."""
        return 8 if self.colour is None else self.colour.pixel_bits

    def _needs(self, program: Program) -> list[tuple[int, str]]:
        """The clocks that the output and each layer ask for, and why."""
        output = -(-(program.scale**2) // self.pixels_per_beat)
        beats = f"{self.pixels_per_beat} pixels a beat"
        scales = [kind.scale for kind in program.types[1 : len(inner_layers(program)) + 1]]
        return [
            (output, f"for scale {program.scale} with {beats}"),
            *((scale**2, f"for a layer at scale {scale}") for scale in scales),
        ]

    def least_clocks(self, program: Program) -> int:
        """The fewest clocks for an LR pixel: the output must keep up, and so must every layer."""
        return max(clocks for clocks, _ in self._needs(program))

    def check(self, program: Program) -> None:
        """Refuse a program that cannot keep up with the fold, or has no use for the colour.

        Raises:
            ValueError: "clocks_per_pixel must be at least ..., not ...", "colour must be ...", or
                "pixels_per_beat must divide ...".
        """
        if self.colour is not None:
            check_program(program)
            lanes = program.scale * self.colour.across
            if lanes % self.pixels_per_beat:
                raise ValueError(
                    f"pixels_per_beat must divide {lanes}, the pixels of a line that a chroma "
                    f"sample of {self.colour.format} becomes at scale {program.scale}, not "
                    f"{self.pixels_per_beat}"
                )
        for clocks, why in self._needs(program):
            if self.clocks_per_pixel < clocks:
                raise ValueError(
                    f"clocks_per_pixel must be at least {clocks} {why}, not {self.clocks_per_pixel}"
                )

    def slowed_for(self, program: Program) -> Build:
        """The same with more clocks for a pixel, where the program cannot do with so few."""
        clocks = max(self.clocks_per_pixel, self.least_clocks(program))
        return replace(self, clocks_per_pixel=clocks)

    def to_json(self) -> dict[str, int | str]:
        """The fields, the target by its name; form and colour where there are any."""
        fields = {**vars(self), "target": self.target.name}
        colour: Colour | None = fields.pop("colour")
        if colour is not None:
            fields |= {**vars(colour), "colour": colour.format}
            del fields["format"]
        return {name: value for name, value in fields.items() if value is not None}

    def options(self) -> list[str]:
        """The words of a command line that ask for this build."""
        words = self.to_json().items()
        return [word for name, value in words for word in (_option(name), str(value))]


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


_HELP = {
    "clocks_per_pixel": "The fold, F: clocks that one LR pixel may take.",
    "pixels_per_beat": "Of the output: 1, 2 or 4.",
    "max_width": "Longest LR line built for.",
    "max_height": "Most LR lines built for.",
    "patience": "Clocks without a pixel until a frame is given up and filled; 0 for never.",
}


_COLOUR = {
    "matrix": ("Of RGB and YCbCr", MATRICES),
    "range": ("Of YCbCr", RANGES),
    "siting": ("Of chroma between two pixels", SITINGS),
}


def _colour_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, (what, choices) in reversed(_COLOUR.items()):
        default = getattr(Colour, name)
        text = f"{what}: {', '.join(choices)}; with --colour.  [default: {default}]"
        command = click.option(_option(name), metavar="NAME", help=text)(command)
    text = f"All components in one stream: {', '.join(FORMATS)}; one plane unless said."
    return click.option("--colour", metavar="NAME", help=text)(command)


def _colour(colour: str | None, **fields: str | None) -> Colour | None:
    """The colour that the options say."""
    given = {name: value for name, value in fields.items() if value is not None}
    if colour is not None:
        return Colour(colour, **given)
    if given:
        raise InputError(f"--{next(iter(given))} must stand beside --colour")
    return None


def build_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command the options of a build; its function takes the `Build` as ``build``.

    A field that is wrong is reported in one line, with exit code 2.
    """

    @one_line_errors
    @wraps(body)
    def command(*args: Any, target: str, **kwargs: Any) -> Any:
        fields = {name: kwargs.pop(name) for name in (*_HELP, "form")}
        colour = _colour(**{name: kwargs.pop(name) for name in ("colour", *_COLOUR)})
        build = Build(**fields, target=find_target(target), colour=colour)
        return body(*args, build=build, **kwargs)

    form = click.option(
        "--form",
        metavar="NAME",
        help=f"Arithmetic of all interpolated tables: {', '.join(FORMS)}; by cost unless said.",
    )
    decorated: Callable[..., Any] = click.option(
        "--target",
        metavar="NAME",
        default=Build.target.name,
        show_default=True,
        help=f"Built for: {', '.join(TARGETS)}; or a table of ASIC macros (.json).",
    )(form(_colour_options(command)))
    for name, text in reversed(_HELP.items()):
        default = getattr(Build, name)
        option = click.option(
            _option(name), type=int, default=default, show_default=True, help=text
        )
        decorated = option(decorated)
    return decorated
