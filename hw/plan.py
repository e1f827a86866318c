"""The plan of a program at a build: which tracks live where, the stages in a row, what they cost.

Nothing is generated for a plan: reports make one for each line width they account for.
"""

from __future__ import annotations

import gc
import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from amaranth.hdl import UnusedElaboratable

from lutscale.golden.layers import PixelShuffle
from lutscale.golden.program import Program
from lutscale.hw.build import Build, inner_layers
from lutscale.hw.channelwise import fused
from lutscale.hw.colour.parts import BOTTOM, ColourParts, colour_parts, pixel_track
from lutscale.hw.colour.video_out import ColourOut
from lutscale.hw.folding import Folded
from lutscale.hw.forms.choose import Choice, choose
from lutscale.hw.layers import KINDS, Context
from lutscale.hw.layers.context import HALO, value_name
from lutscale.hw.layers.windows import cuts_halo
from lutscale.hw.memory import MemoryUse, blocks_of
from lutscale.hw.raster import LastShuffle
from lutscale.hw.register_slice import RegisterSlice
from lutscale.hw.rom_formats import RomImage
from lutscale.hw.slots import Latency, Stage, Track, value_track
from lutscale.hw.spans import Span
from lutscale.hw.video_in import VideoIn
from lutscale.hw.video_out import VideoOut
from lutscale.hw.window import Columns, LineBuffer

__all__ = ["Plan", "carried_tracks", "layer_stages"]


# The share of a device's LUTs that ROMs may take to make room in its blocks.
_ROM_LUTS = 0.125


def carried_tracks(program: Program) -> tuple[list[set[str]], list[bool]]:
    """Which tracks each layer must pass on beside its result.

    A layer may need its source's 3 x 3 neighbourhood (`Layer.source_reach`). It is cut at the last
    window before, so that until there one pixel is carried, not nine.

    Returns:
        keep: per layer, names of tracks behind it, its own result not among them.
        own_window: per layer, whether it finds no such window and must cut one itself.
    """
    layers = program.layers
    keep: list[set[str]] = [set() for _ in layers]
    own_window = [False] * len(layers)
    needed: set[str] = set()
    for k in range(len(layers) - 1, -1, -1):
        layer = layers[k]
        keep[k] = {name for name in needed if name != value_name(k + 1)}
        needed = set(keep[k])
        if cuts_halo(layer):
            needed = {name.removesuffix(HALO) for name in needed}
        for source in layer.sources:
            name = value_name(source)
            if any(layer.source_reach):
                own_window[k] = not any(map(cuts_halo, layers[source:k]))
                name += "" if own_window[k] else HALO
            needed.add(name)
        # A neighbourhood of the layer's own input cannot come from further up.
        needed.discard(value_name(k))
    return keep, own_window


def layer_stages(
    program: Program, build: Build, choices: Mapping[int, Choice] | None = None
) -> tuple[list[Stage], tuple[Track, ...]]:
    """The stages of every layer but a last pixel shuffle, and the tracks behind them.

    Behind a pixel shuffle lines are as much longer, and a pixel may take ``scale**2`` times fewer
    clocks.
    """
    keep, own_window = carried_tracks(program)
    types = program.types
    tracks: tuple[Track, ...] = (value_track(value_name(0), types[0]),)
    stages: list[Stage] = []
    for k, layer in enumerate(inner_layers(program)):
        context = Context(
            layer=layer,
            number=k,
            tracks=tracks,
            keep=tuple(sorted(keep[k])),
            output_type=types[k + 1],
            own_window=own_window[k],
            clocks_per_pixel=build.clocks_per_pixel // types[k].scale ** 2,
            max_width=build.max_width * types[k].scale,
            target=build.target,
            choice=(choices or {}).get(k),
        )
        built = KINDS[layer.kind](context)
        for stage in built:
            stage.clocks, stage.layers = context.clocks_per_pixel, (k,)
        if layer.table_bits and stages and not built[0].cuts_ready:
            # Keeps the path through which stages stop each other short.
            stages.append(RegisterSlice(tracks))
            stages[-1].layers = (k,)
        stages += built
        tracks = stages[-1].outputs
    stages = fused(stages)
    _unhurry(stages)
    return stages, tracks


def _unhurry(stages: Sequence[Stage]) -> None:
    """Let folded stages wait for their place at ``o`` to be free, where nobody needs it at once.

    The next result is due as many clocks later as a slot takes. A stage that keeps its slot for all
    of them must find the next one when it lets go; any other has long taken it by then.
    """
    holds = False
    behind: Stage | None = None
    for stage in reversed(stages):
        # What takes a slot a clock passes on pixels that come together, as behind a shuffle.
        if isinstance(stage, Folded) and stage.clocks > 1 and stage.steps > 1:
            stage.unhurried = not holds
            if isinstance(behind, RegisterSlice) and stage.unhurried:
                behind.places = 1
        told = isinstance(behind, Folded) and behind.holds and behind.far_sighted
        if isinstance(stage, Columns) and told:
            stage.foresee(stage.clocks)
        behind = stage
        if not stage.wires:
            holds = stage.holds


def _waiting(stages: Sequence[Stage], luma: Track, build: Build) -> list[Stage]:
    """What lets luma wait for the line below, which its chroma takes from.

    Nothing, where a window of the program does so anyway.
    """
    before = itertools.takewhile(lambda stage: stage.scale == 1, stages)
    if any(stage.latency.rows for stage in before):
        return []
    line = LineBuffer(
        [luma],
        [Span(luma.name, luma.name)],
        delay=1,
        max_width=build.max_width,
        clocks_per_pixel=build.clocks_per_pixel,
        name="luma_line",
        layer=-1,
        target=build.target,
    )
    return [line]


def _flush(stages: Sequence[Stage]) -> Latency:
    """Rows and slots of the frame that have to follow its last pixel, to push out all results.

    Behind a pixel shuffle r rows come of a row, and r slots of a slot in each of them.
    """
    rows = slots = 0
    for stage in reversed(stages):
        rows, slots = -(-rows // stage.scale), -(-slots // stage.scale)
        rows, slots = rows + stage.latency.rows, slots + stage.latency.slots
    return Latency(rows, slots)


class Plan:
    """A program as a chain of components, each with its latency and its memories.

    Args:
        program: what to compute.
        build: for what speed, frames and target.

    Attributes:
        choices: how each layer of tables and each requantise becomes gates, by number.
        source, stages, shuffle, sink: the components, in this order.
        colour: what stands around the stages and the shuffle; None for one plane.

    Raises:
        ValueError: "clocks_per_pixel must be at least ..., not ...": the output could not keep up
            with the fold, or a layer at its scale; a layer cannot take the build's form, or the
            program not its colour.
    """

    def __init__(self, program: Program, build: Build) -> None:
        build.check(program)
        self.program, self.build = program, build
        self.choices = choose(
            program,
            clocks_per_pixel=build.clocks_per_pixel,
            target=build.target,
            form=build.form,
        )
        self._assemble(build)
        self._fit(build)

    def _fit(self, build: Build) -> None:
        """Make room in the blocks of a device: the ROMs that fill theirs least become logic.

        Where that does not do, or takes too much logic, all remains as it was.
        """
        device, block, own = build.target.device, build.target.block, build
        if device is None or self.blocks <= device.blocks:
            return
        spare = device.luts * _ROM_LUTS
        with warnings.catch_warnings():
            # Components that were tried are never built, which Amaranth would remark.
            warnings.simplefilter("ignore", UnusedElaboratable)
            while self.blocks > device.blocks:
                fills = {
                    use: block.fill(use.depth, use.width)
                    for use in self.memories
                    if use.rom and use.style == "block"
                }
                worst = min(fills.values(), default=0)
                moved = [use for use, fill in fills.items() if fill == worst]
                spare -= sum(use.bits for use in moved) >> build.target.lut_inputs
                if not moved or spare < 0:
                    self._assemble(build)
                    break
                least = math.nextafter(worst, math.inf)
                own = replace(own, target=replace(own.target, least_use=least))
                self._assemble(own)
            gc.collect()

    def _assemble(self, build: Build) -> None:
        """Make the components."""
        program, colour = self.program, build.colour
        luma = value_track(value_name(0), program.types[0])
        self.stages, tracks = layer_stages(program, build, self.choices)
        if colour:
            self.stages = [*_waiting(self.stages, luma, build), *self.stages]
        self.source = VideoIn(
            pixel_track(colour) if colour else luma,
            max_width=build.max_width,
            max_height=build.max_height,
            flush=_flush(self.stages),
            flush_after=2 * build.clocks_per_pixel,
            patience=build.patience,
            multiple=(colour.across, colour.down) if colour else (1, 1),
            bottom=BOTTOM if colour else None,
            relaxed=build.clocks_per_pixel > 2,
        )
        last = program.layers[-1]
        end = last.scale if isinstance(last, PixelShuffle) else 1
        self.shuffle = LastShuffle(
            tracks,
            scale=end,
            pixels_per_beat=build.pixels_per_beat,
            max_width=build.max_width * program.scale // end,
            layer=len(program.layers) - 1,
            target=build.target,
        )
        self.colour: ColourParts | None = None
        self.sink: VideoOut | ColourOut
        if colour is None:
            self.sink = VideoOut(pixels_per_beat=build.pixels_per_beat)
            return
        bounds = [self._bound(self._luma, width) for width in (colour.across, build.max_width)]
        self.colour = colour_parts(build, luma=luma, scale=program.scale, bounds=bounds)
        self.sink = self.colour.sink

    @property
    def _luma(self) -> tuple[Any, ...]:
        """The components that luma goes through."""
        return (self.source, *self.stages, self.shuffle)

    @property
    def chain(self) -> tuple[Any, ...]:
        """All components, from the first pixel to the last beat."""
        if self.colour is None:
            return (*self._luma, self.sink)
        ahead, behind = self.colour.ahead, self.colour.behind
        return (self.source, *ahead, *self.stages, self.shuffle, *behind, self.sink)

    @property
    def memories(self) -> tuple[MemoryUse, ...]:
        """Every memory, in order."""
        uses = [use for stage in self.stages for use in stage.memories]
        chroma = self.colour.memories if self.colour else ()
        return (*uses, *self.shuffle.memories, *chroma)

    @property
    def on_chip_bytes(self) -> int:
        """The figure *on-chip* of every report: all memories as instantiated, whole bytes."""
        return -(-sum(use.bits for use in self.memories) // 8)

    @property
    def blocks(self) -> int:
        """Block memories of the target, for all memories that are to be blocks."""
        return blocks_of(self.memories, self.build.target)

    @property
    def roms(self) -> tuple[RomImage, ...]:
        """The image of every ROM, in order."""
        return tuple(rom.image for stage in self.stages for rom in stage.roms)

    @property
    def latency(self) -> Latency | None:
        """From the first frame's first pixel to its first beat, exactly.

        None when a pixel shuffle stands in the middle: rows and slots are of two sizes there, and
        how long a line waits for the lines before it depends on the frame's width.
        """
        if any(stage.scale > 1 for stage in self.stages):
            return None
        return sum((part.latency for part in self.chain), Latency())

    def frame_clocks(self, width: int, height: int) -> int:
        """Clocks from a frame's first pixel to the next one's, for frames of one size in a row.

        From a source that gives a pixel every F clocks where it need not wait, to a sink that
        always takes. F a pixel, or a beat a clock where that is more: lines that do not fill their
        last beat may be as slow.

        Args:
            width, height: of the frames, in LR pixels.
        """
        scale = self.program.scale
        beats = height * scale * -(-width * scale // self.build.pixels_per_beat)
        return max(width * height * self.build.clocks_per_pixel, beats)

    def frames_per_second(self, width: int, height: int, clock_mhz: float) -> float:
        """Frames of one colour plane a second, at that clock."""
        return clock_mhz * 1e6 / self.frame_clocks(width, height)

    def latency_bound(self, width: int) -> int:
        """At most so many clocks from any frame's first pixel to its first beat.

        Of programs of two scales some clocks more may pass, where pixels that come together make
        stages wait for each other: 10 at most were seen, of random programs.

        For frames of one width without a gap, from a source that gives a pixel every F clocks
        and never has to wait, to a sink that always takes. The first frame is earlier: no lines
        of a frame before it wait in the reorder buffers. A frame that none follows may be later,
        where its first beat needs void rows.

        Args:
            width: of the frames, in LR pixels.
        """
        return self._bound(self.chain, width)

    def _bound(self, parts: Sequence[Any], width: int) -> int:
        """The share of some of the components, from the first on, in `latency_bound`."""
        clocks, pace = Fraction(0), Fraction(self.build.clocks_per_pixel)
        together = False
        for part in parts:
            lag = part.latency.rows * width + part.latency.slots
            clocks += lag * pace + part.latency.clocks
            # Where pixels come together and then pause, what sees a free place a clock late waits.
            if together and pace > getattr(part, "steps", pace):
                clocks += int(getattr(part, "far_sighted", False))
            # Pixels that come together behind a shuffle enter a line buffer one after the other.
            if getattr(part, "bursts", False) and pace > part.steps:
                clocks += part.steps - 1
            r = getattr(part, "scale", 1)
            if r > 1:
                # The row before ended a slot ago with line 0, as pixels came, of which the last r
                # came together. Then its other lines leave, one pixel after another.
                together = True
                width, finer = width * r, pace / r**2
                clocks += ((r - 1) * width + r) * finer - pace
                pace = finer
        return math.ceil(clocks)
