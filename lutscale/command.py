"""The one command, `lutscale`: its subcommands are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

from lutscale.golden.command import BadInput

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "upscale": ("lutscale.golden.upscale", "Enlarge a picture, a folder of them, or raw video."),
    "zoo": ("lutscale.reports.zoo", "List the trained programs with bytes and measured PSNR."),
    "sim": ("lutscale.sim.run", "Simulate the hardware on a picture and compare every pixel."),
    "verilog": ("lutscale.hw.handoff", "Write the hand-off folder: Verilog and ROM files."),
    "fpga": ("lutscale.reports.fpga", "Synthesise, place and route a core."),
    "explore": ("lutscale.reports.explore.run", "Sweep designs: what fits, and what it costs."),
    "export-roms": ("lutscale.hw.rom_export", "Write every ROM in the vendors' formats."),
    "report": ("lutscale.reports.memory", "Account for every bit of memory."),
    "benchmark": ("lutscale.reports.quality", "Measure PSNR, SSIM and bytes on test sets."),
    "clusters": (
        "lutscale.reports.refqsr.clusters",
        "Show which patches of a picture are references.",
    ),
    "page": (
        "lutscale.reports.page.command",
        "Write a page of a program, and an index.",
    ),
    "train": ("lutscale.model.train", "Train a network and export its integer program."),
    "import": ("lutscale.model.released.import_tables", "Make a program of released tables."),
}
"""Modules whose `main` are the subcommands, and what each does, in the order of the help."""

# What only an extra of the package installs.
_EXTRAS = {"torch": "train", "matplotlib": "train"}


class _Commands(click.Group):
    """A group that imports a subcommand only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            found: click.Command = import_module(COMMANDS[cmd_name][0]).main
        except ModuleNotFoundError as error:
            extra = _EXTRAS.get(str(error.name))
            if extra is None:
                raise
            raise BadInput(
                f"{error.name} must be installed for `lutscale {cmd_name}`, but is not: "
                f"pip install 'lutscale[{extra}]'"
            ) from error
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _in_one_line(error) from error

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _in_one_line(error) from error


def _in_one_line(error: click.UsageError) -> click.ClickException:
    """The same without the usage around it, which `--help` shows."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) or error.ctx is None:
        return error
    return BadInput(f"{error.format_message()} (see `{error.ctx.command_path} --help`)")


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="lutscale", message="%(prog)s %(version)s")
def main() -> None:
    """Super-resolution by lookup table, from training to hardware.

    A PROGRAM is a trained network: a file (.npz), or a name that `lutscale zoo` lists, such as
    iqlut-s-x4. `lutscale COMMAND --help` explains a command and shows examples.
    """
