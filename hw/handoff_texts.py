"""The texts beside the Verilog of a hand-off folder: for people, and for their tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lutscale import __version__
from lutscale.hw.build import Build
from lutscale.hw.names import part_name
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.upscaler import Port, ports
from lutscale.hw.verilog import header, renamed

__all__ = ["core", "file_list", "page", "template", "waivers"]

_WAIVERS = Path(__file__).with_name("lutscale.vlt")
_PAGE = Path(__file__).with_name("handoff.md")


def waivers(name: str) -> str:
    """What Verilator's lint may pass over."""
    return renamed(_WAIVERS.read_text().replace("*lutscale.v", f"*{name}.v"), name)


def file_list(pipeline: Pipeline, sources: Sequence[str]) -> str:
    """The Verilog sources, for a simulator's -f."""
    return header(pipeline, "//") + "".join(f"{source}\n" for source in sources)


def template(pipeline: Pipeline, name: str) -> str:
    """An instance of the top, to be copied and connected."""
    return f"{header(pipeline, '//')}\n{_instance(pipeline, name)}"


def _instance(pipeline: Pipeline, name: str) -> str:
    listed = ports(pipeline.build)
    longest = max(len(port.name) for port in listed)
    lines = []
    for port in listed:
        comma = "" if port is listed[-1] else ","
        connection = f".{port.name:{longest}} ({port.name}){comma}"
        comment = f"// {_direction(port)}, {_count(port.bits, 'bit')}"
        lines.append(f"    {connection:{2 * longest + 5}} {comment}\n")
    return f"{name} u_{name} (\n{''.join(lines)});\n"


def _direction(port: Port) -> str:
    return "out" if port.output else "in"


def core(pipeline: Pipeline, name: str, sources: Sequence[str], roms: Sequence[str]) -> str:
    """A FuseSoC core (CAPI 2): the sources, the ROM files where a tool runs, the waivers."""
    files = "".join(f"      - {source}\n" for source in sources)
    images = "".join(f"      - {rom}: {{copyto: {rom}}}\n" for rom in roms)
    fileset = f"""\
  roms:
    files:
{images}    file_type: user
"""
    return f"""\
CAPI=2:

{header(pipeline, "#")}
name: lutscale::{name}:{__version__}
description: {pipeline.program.name}, super-resolution by lookup table, AXI4-Stream video

filesets:
  rtl:
    files:
{files}    file_type: verilogSource
{fileset if roms else ""}  waivers:
    files:
      - {name}.vlt
    file_type: vlt

targets:
  default:
    filesets: [rtl{", roms" if roms else ""}, "tool_verilator? (waivers)"]
    toplevel: {name}
  lint:
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
    filesets: [rtl{", roms" if roms else ""}, waivers]
    toplevel: {name}
"""


def page(pipeline: Pipeline, name: str, files: Sequence[tuple[str, str]]) -> str:
    """What is in the folder, for a reader, in Markdown: ports, instance, timing, files.

    Args:
        files: each file, or a pattern of some, and what it is.
    """
    program, build = pipeline.program, pipeline.build
    fields = {
        **build.to_json(),
        "name": name,
        "program": program.name,
        "scale": program.scale,
        "version": __version__,
        "beat": _count(build.pixels_per_beat, "HR pixel"),
        "frame": _frame(build),
        "ports": "\n".join(
            f"| `{port.name}` | {_direction(port)} | {port.bits} | {port.meaning} |"
            for port in ports(build)
        ),
        "instance": _instance(pipeline, name),
        "latency": _latency(pipeline),
        "patience": _patience(build.patience),
        "macro": part_name(name, "ROM_DIR"),
        "files": "\n".join(f"| `{file}` | {what} |" for file, what in files),
    }
    return _PAGE.read_text().format(**fields)


def _latency(pipeline: Pipeline) -> str:
    build, latency = pipeline.build, pipeline.latency
    bound = pipeline.plan.latency_bound(build.max_width)
    text = (
        f"A frame's first beat comes at most {bound:,} clocks after its first pixel, for lines of "
        f"{build.max_width} pixels,\nframes without a gap, and a sink that is always ready."
    )
    if latency is None:
        return text
    lag = f"({latency.rows} * width + {latency.slots}) * {build.clocks_per_pixel}"
    return f"{text} That of the first frame comes after exactly\n`{lag} + {latency.clocks}` clocks."


def _frame(build: Build) -> str:
    colour = build.colour
    if colour is None:
        return "One colour plane is one frame."
    text = f"A frame is {colour.format}, {colour.matrix}, {colour.range} range"
    if colour.across == 1:
        return f"{text}."
    lines = ", on lines 0, 2, 4 ... only" if colour.down == 2 else ""
    return (
        f"{text}.\nCb comes with pixels 0, 2, 4 ... of a line, Cr with 1, 3, 5 ...{lines}. Chroma "
        f"siting: {colour.siting}."
    )


def _patience(clocks: int) -> str:
    if not clocks:
        return "A source may be\nsilent inside a frame for any time."
    return (
        f"A source that is\nsilent for {clocks:,} clocks inside a frame has stopped: the frame is "
        "filled with its last pixel."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)
