"""The build: its fields, the least clocks of a program, and the options of every command."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
import pytest
from click.testing import CliRunner

from lutscale.golden.colour import Colour
from lutscale.golden.program import Program
from lutscale.hw.build import Build, build_options, inner_layers
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import TARGETS
from tests.support.family_programs import FAMILIES, hklut_like
from tests.support.random_programs import example_program

COMMANDS = (
    "lutscale.hw.rom_export",
    "lutscale.hw.handoff",
    "lutscale.reports.memory",
    "lutscale.reports.quality",
    "lutscale.sim.run",
    "benchmarks.simulation",
)

NAMES = ", ".join(sorted(TARGETS))


def test_the_default_is_4k60_in_two_stripes() -> None:
    build = Build()
    assert (build.clocks_per_pixel, build.pixels_per_beat) == (4, 4)
    assert (2 * build.max_width * 4, build.max_height * 4) == (3840, 2160)
    assert build.target is TARGETS["ecp5"]


@pytest.mark.parametrize(
    ("shape", "error", "text"),
    [
        ({"clocks_per_pixel": 0}, ValueError, "clocks_per_pixel must be in 1..4096, not 0"),
        ({"clocks_per_pixel": 5000}, ValueError, "clocks_per_pixel must be in 1..4096, not 5000"),
        (
            {"clocks_per_pixel": 4.0},
            TypeError,
            "clocks_per_pixel must be an integer in 1..4096, not 4.0",
        ),
        (
            {"clocks_per_pixel": 3},
            ValueError,
            "clocks_per_pixel must be at least 4 for scale 2 with 1 pixels a beat, not 3",
        ),
        (
            {"clocks_per_pixel": 1, "pixels_per_beat": 2},
            ValueError,
            "clocks_per_pixel must be at least 2 for scale 2 with 2 pixels a beat, not 1",
        ),
        ({"pixels_per_beat": 3}, ValueError, "pixels_per_beat must be 1, 2 or 4, not 3"),
        ({"pixels_per_beat": 0}, ValueError, "pixels_per_beat must be 1, 2 or 4, not 0"),
        ({"max_width": 0}, ValueError, "max_width must be in 1..16384, not 0"),
        ({"max_width": 20000}, ValueError, "max_width must be in 1..16384, not 20000"),
        ({"max_height": 0}, ValueError, "max_height must be in 1..16384, not 0"),
        ({"max_height": "9"}, TypeError, "max_height must be an integer in 1..16384, not '9'"),
        ({"patience": -1}, ValueError, "patience must be in 0..4294967296, not -1"),
        ({"target": "ecp5"}, TypeError, "target must be a Target, not 'ecp5'"),
        ({"colour": "rgb"}, TypeError, "colour must be a Colour or None, not 'rgb'"),
        (
            {"colour": Colour("ycbcr422"), "max_width": 481},
            ValueError,
            "max_width must be even for ycbcr422, not 481",
        ),
        (
            {"colour": Colour("ycbcr420"), "max_height": 271},
            ValueError,
            "max_height must be even for ycbcr420, not 271",
        ),
        (
            {"colour": Colour("rgb"), "pixels_per_beat": 4},
            ValueError,
            "pixels_per_beat must divide 2, the pixels of a line that a chroma sample of rgb "
            "becomes at scale 2, not 4",
        ),
    ],
)
def test_impossible_shapes_are_refused(
    shape: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        Build(**{"pixels_per_beat": 1, **shape}).check(example_program(1, 2))
    assert str(caught.value) == text


@pytest.mark.slow
@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("beat", [1, 2, 4])
def test_least_clocks_is_the_fewest_that_can_be_built(make: Any, beat: int) -> None:
    for seed in range(4):
        program: Program = make(seed)
        least = Build(pixels_per_beat=beat).least_clocks(program)
        built = Build(clocks_per_pixel=1, pixels_per_beat=beat, max_width=64).slowed_for(program)
        assert built == Build(clocks_per_pixel=least, pixels_per_beat=beat, max_width=64)
        assert built.slowed_for(program) is not built
        assert Pipeline(program, built).build is built
        if least > 1:
            with pytest.raises(ValueError, match="clocks_per_pixel must be at least"):
                Pipeline(program, Build(clocks_per_pixel=least - 1, pixels_per_beat=beat))
    slow = Build(clocks_per_pixel=99, pixels_per_beat=beat)
    assert slow.slowed_for(program) == slow


def test_a_stage_at_an_inner_scale_asks_for_clocks_too() -> None:
    two_stages = hklut_like(0)
    assert [layer.kind for layer in two_stages.layers].count("pixel_shuffle") == 2
    assert [layer.kind for layer in inner_layers(two_stages)].count("pixel_shuffle") == 1
    assert Build().least_clocks(two_stages) == 4


def test_options_ask_for_the_same_build() -> None:
    build = Build(clocks_per_pixel=9, max_width=31, target=TARGETS["gowin-gw2a-18"])
    assert build.to_json() == {
        "clocks_per_pixel": 9,
        "pixels_per_beat": 4,
        "max_width": 31,
        "max_height": 540,
        "patience": 1 << 20,
        "target": "gowin-gw2a-18",
    }
    got: list[Build] = []

    @click.command()
    @build_options
    def command(build: Build) -> None:
        got.append(build)

    result = CliRunner().invoke(command, build.options())
    assert (result.exit_code, result.output, got) == (0, "", [build])
    assert CliRunner().invoke(command, []).exit_code == 0
    assert got[-1] == Build()
    forced = Build(form="planes")
    assert forced.to_json() == {**Build().to_json(), "form": "planes"}
    assert CliRunner().invoke(command, forced.options()).exit_code == 0
    assert got[-1] == forced
    coloured = Build(colour=Colour("ycbcr420", "bt601", "full", "centre"))
    words = coloured.options()
    assert words[words.index("--colour") :][:2] == ["--colour", "ycbcr420"]
    assert CliRunner().invoke(command, words).exit_code == 0
    assert got[-1] == coloured
    assert got[-1].pixel_bits == 16
    assert CliRunner().invoke(command, ["--colour", "rgb"]).exit_code == 0
    assert got[-1] == Build(colour=Colour("rgb"))
    result = CliRunner().invoke(command, ["--form", "gates"])
    assert result.exit_code == 2
    assert "form must be one of lanes, planes, not 'gates'" in result.output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--clocks-per-pixel", "0"), "clocks_per_pixel must be in 1..4096, not 0"),
        (
            ("--target", "abacus"),
            f"target must be one of {', '.join(sorted(TARGETS))}, not 'abacus'",
        ),
        (
            ("--colour", "yuv"),
            "colour must be one of rgb, ycbcr420, ycbcr422, ycbcr444, not 'yuv'",
        ),
        (
            ("--colour", "rgb", "--matrix", "bt2020"),
            "matrix must be one of bt601, bt709, not 'bt2020'",
        ),
        (("--range", "full"), "--range must stand beside --colour"),
        (
            ("--colour", "ycbcr422", "--max-width", "481"),
            "max_width must be even for ycbcr422, not 481",
        ),
    ],
)
def test_a_wrong_option_is_one_line(options: tuple[str, ...], says: str) -> None:
    @click.command()
    @build_options
    def command(build: Build) -> None:
        raise AssertionError(build)

    result = CliRunner().invoke(command, options)
    assert (result.exit_code, result.stderr) == (2, f"error: {says}\n")


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_has_the_same_options_and_defaults(module: str) -> None:
    @click.command()
    @build_options
    def wanted(build: Build) -> None: ...

    def described(command: click.Command) -> dict[str, Any]:
        return {option.name: option.to_info_dict() for option in command.params if option.name}

    options = described(import_module(module).main)
    for name, option in described(wanted).items():
        assert options[name] == option
