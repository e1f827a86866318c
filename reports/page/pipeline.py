"""The pipeline of a program as JSON: what stands behind what, and how wide the way between is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from lutscale.golden.program import Program
from lutscale.hw.build import inner_layers
from lutscale.hw.plan import Plan
from lutscale.hw.slots import Track

__all__ = ["pipeline_json"]


def pipeline_json(plan: Plan) -> dict[str, Any]:
    """The stages of a plan in order, those of the same layers together.

    Returns:
        the build; "latency" from the first pixel to the first beat, where it is known exactly, and
        "latency_bound_clocks" for lines of the build's width; "frame_clocks" of the largest frame;
        and "blocks", each with "layers", "title", "shape", "form" and "why", and "stages": "name",
        "latency", "memory_bits", and "bits" and "carries" of what leaves it, marks not counted.
    """
    program, build = plan.program, plan.build
    inner = len(inner_layers(program))
    stages = [
        ((), _stage("Video in", plan.source, plan.stages[0].inputs)),
        *((part.layers, _stage(_title(part), part, part.outputs)) for part in plan.stages),
        (tuple(range(inner, len(program.layers))), _stage("Raster order", plan.shuffle, ())),
        ((), _stage("Video out", plan.sink, ())),
    ]
    for _, stage in stages[-2:]:
        beat = build.pixels_per_beat
        stage |= {"bits": 8 * beat, "carries": [{"name": f"{beat} pixels", "bits": 8 * beat}]}
    blocks = [
        {**_block(plan, layers), "stages": [stage for _, stage in own]}
        for layers, own in groupby(stages, key=lambda pair: pair[0])
    ]
    return {
        **build.to_json(),
        "latency": None if plan.latency is None else vars(plan.latency),
        "latency_bound_clocks": plan.latency_bound(build.max_width),
        "frame_clocks": plan.frame_clocks(build.max_width, build.max_height),
        "on_chip_bytes": plan.on_chip_bytes,
        "blocks": blocks,
    }


def _block(plan: Plan, layers: tuple[int, ...]) -> dict[str, Any]:
    """What is said of the layers that some stages belong to."""
    program = plan.program
    choices = [plan.choices[k] for k in layers if k in plan.choices]
    # Of layers that share a stage, one at most has tables, and its form is the one to tell.
    choice = next((c for c in choices if c.form != "requantise"), None)
    return {
        "layers": list(layers),
        "title": " + ".join(program.layers[k].kind.replace("_", " ") for k in layers),
        "shape": _shape(program, layers),
        "form": None if choice is None else choice.form,
        "multipliers": sum(c.cost.dsp for c in choices),
        "why": None if choice is None else choice.why,
    }


def _shape(program: Program, layers: tuple[int, ...]) -> str:
    shapes = (program.layers[k].summary(*program.types[k : k + 2]) for k in layers)
    return "; ".join(dict.fromkeys(shapes))


def _stage(name: str, part: Any, tracks: Iterable[Track]) -> dict[str, Any]:
    carried = [{"name": track.name, "bits": track.width} for track in tracks]
    return {
        "name": name,
        "latency": vars(part.latency),
        "memory_bits": sum(use.bits for use in part.memories),
        "bits": sum(track["bits"] for track in carried),
        "carries": carried,
    }


def _title(part: Any) -> str:
    """The name of a component's class in words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(part).__name__.removesuffix("Stage"))
    return words.capitalize()
