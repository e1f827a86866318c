"""A design: a network and a build of it, and what it takes."""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable

from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.estimates import FACTORS, estimate
from lutscale.hw.plan import Plan
from lutscale.hw.targets import find_target
from lutscale.model import shapes
from lutscale.reports.explore.stand_in import stand_in

__all__ = ["ROOM", "Design", "Network", "code_stamp", "evaluated", "whole_options"]

ROOM = 0.8
"""The share of a device's lookup tables that may be taken: fuller ones fail to route with most
seeds (docs/fpga.md)."""

_LISTS = ("nodes", "entry_bits", "weight_bits")


def whole_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `model.shapes.iqlut` with all defaults, and with lists where there may be one.

    A list of three for more than three layers of tables is that of the first, of those between and
    of the last.

    Raises:
        InputError: no such option, or a list of another length.
    """
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(shapes.iqlut).parameters.items()
        if parameter.kind == parameter.KEYWORD_ONLY
    }
    for name in options:
        if name not in known:
            raise InputError(f"options must be among {', '.join(known)}, not {name!r}")
    whole = {**known, **options}
    try:
        count = 2 + whole["blocks"] * len(whole["block_kernels"])
        whole["block_kernels"] = [list(kernel) for kernel in whole["block_kernels"]]
    except TypeError:
        raise InputError(
            "blocks must be a number, and block_kernels a list of (height, width), not "
            f"{whole['blocks']!r} and {whole['block_kernels']!r}"
        ) from None
    for name in _LISTS:
        given = whole[name]
        numbers = list(given) if isinstance(given, list | tuple) else [given] * count
        if len(numbers) == 3 and count != 3:
            numbers = [numbers[0], *[numbers[1]] * (count - 2), numbers[2]]
        if len(numbers) != count:
            raise InputError(
                f"{name} must be one number, or three, or {count}, one a layer, not {len(numbers)}"
            )
        whole[name] = numbers
    return whole


@dataclass(frozen=True)
class Network:
    """A trained program, or a shape.

    Attributes:
        program: name or file of a program; "" for a shape.
        digest: of the program's file; "" for a shape.
        scale: r.
        options: `whole_options` of a shape as JSON, keys in order; "" for a program.
    """

    program: str = ""
    digest: str = ""
    scale: int = 4
    options: str = ""

    @classmethod
    def trained(cls, name: str, path: Path, scale: int) -> Network:
        """A program in a file."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        return cls(str(path), digest, scale)

    @classmethod
    def shape(cls, scale: int, options: Mapping[str, Any]) -> Network:
        """A shape; InputError as `whole_options`."""
        return cls("", "", scale, json.dumps(whole_options(options), sort_keys=True))

    def made(self) -> Program:
        """The program, or a stand-in."""
        return _made(self)


@lru_cache(maxsize=16)
def _made(network: Network) -> Program:
    if network.program:
        return load(Path(network.program))
    return stand_in(shapes.iqlut(network.scale, **json.loads(network.options)))


@dataclass(frozen=True)
class Design:
    """A network at a build; the fields but the first are those of `hw.build.Build`."""

    network: Network
    clocks_per_pixel: int
    pixels_per_beat: int
    max_width: int
    max_height: int
    target: str
    form: str | None = None

    @property
    def key(self) -> str:
        """What tells it from all others."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def build(self) -> Build:
        fields = {name: value for name, value in vars(self).items() if name != "network"}
        return Build(**{**fields, "target": find_target(self.target)})


def evaluated(designs: Sequence[Design]) -> list[dict[str, Any]]:
    """What each design takes, or why it cannot be built; as JSON, with the stamp of the code."""
    # Plans are many small objects without circles that matter.
    collects = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnusedElaboratable)
            return [_evaluated(design) for design in designs]
    finally:
        gc.collect()
        if collects:
            gc.enable()


def _evaluated(design: Design) -> dict[str, Any]:
    network = design.network
    record: dict[str, Any] = {
        "key": design.key,
        "code": code_stamp(),
        "program": Path(network.program).stem if network.program else None,
        "scale": network.scale,
        "options": json.loads(network.options) if network.options else None,
        **{name: value for name, value in vars(design).items() if name != "network"},
        "tables": "trained" if network.program else "stand-in",
        "reason": None,
    }
    try:
        program = network.made()
        plan = Plan(program, design.build)
    except (ValueError, TypeError) as error:
        return {**record, "reason": " ".join(str(error).split())}
    figures = estimate(plan).as_dict()
    return {
        **record,
        "table_bytes": program.table_bytes,
        "functions": program.functions,
        "reads": program.reads,
        "reach": _reach(network),
        "on_chip_bytes": plan.on_chip_bytes,
        **figures,
        "forms": _forms(plan),
        "frame_clocks": plan.frame_clocks(design.max_width, design.max_height),
        "over": _over(design.build, figures),
    }


def _reach(network: Network) -> list[int] | None:
    if not network.options:
        return None
    return list(shapes.iqlut(network.scale, **json.loads(network.options)).reach)


def _forms(plan: Plan) -> dict[str, str]:
    """Of each layer of tables, by number."""
    return {
        str(k): choice.form + (" with multipliers" if choice.dsp else "")
        for k, choice in plan.choices.items()
        if choice.form != "requantise"
    }


def _over(build: Build, figures: Mapping[str, int | None]) -> str | None:
    """What a device has too little of, in words; None where the design fits."""
    device = build.target.device
    if device is None:
        return None
    limits = {
        "comb": (int(ROOM * device.luts), f"lookup tables, {ROOM:.0%} of {device.luts:,}"),
        "ff": (device.flip_flops, "flip-flops"),
        "dsp": (device.multipliers, "multipliers"),
        "blocks": (device.blocks, "block memories"),
    }
    found = [
        f"{figures[name]:,} of {limit:,} {what}"
        for name, (limit, what) in limits.items()
        if (figures[name] or 0) > limit
    ]
    return f"{device.part} has too little: {'; '.join(found)}" if found else None


_GOLDEN = ("golden", "golden/layers")
_HW = ("hw", "hw/forms", "hw/layers", "hw/targets")


@lru_cache(maxsize=1)
def code_stamp() -> str:
    """Of the code that costs depend on: results of other code are not taken over."""
    rooms = Path(__file__).parents[2]
    folders = [*_GOLDEN, *_HW, "model/shapes", "reports/explore"]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((rooms / folder).glob("*.py")):
            digest.update(path.read_bytes())
    digest.update(FACTORS.read_bytes())
    return digest.hexdigest()[:16]
