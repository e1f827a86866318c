# amaranth: UnusedElaboratable=no
"""The choice of precisions beside the convolutions: what it sees, its words, and the selector."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.memory import MemoryUse
from lutscale.hw.refqsr.edges import Edges
from lutscale.hw.refqsr.memories import rom
from lutscale.hw.refqsr.moments import Moments
from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.refqsr.passes import Engine
from lutscale.hw.refqsr.schedule import Schedule
from lutscale.hw.refqsr.selector import Selector
from lutscale.hw.rom_formats import RomImage

__all__ = ["Choice"]


class Choice(wiring.Component):
    """Looks at a tile as it comes in and at features as they are written, and chooses.

    Ports:
        control: In, fields of the pass; ``start``: In, for its first clock.
        width, height: In, of the tile.
        write, row, column, word, above_row, above_column, above: as of `Edges`.
        feature_valid, feature: In, the feature of the next channel, of `Outputs`.
        chosen: Out, the alternative that is to run; ``busy``: Out.

    Args:
        schedule: what to do.
        layout: of ``control``.

    Attributes:
        memories, roms: of everything inside.
    """

    def __init__(self, schedule: Schedule, layout: data.StructLayout) -> None:
        build, tables = schedule.build, schedule.tables
        channels = schedule.network.channels
        size = {"max_width": build.max_width, "max_height": build.max_height}
        self.edges = Edges(**size)
        self.moments = Moments(channels=channels, places=build.places)
        width = schedule.choices * tables.score_bits
        self._words = rom("selectors", width, tables.scores, build.target)
        self.selector = Selector(
            channels=channels,
            choices=schedule.choices,
            number_bits=tables.score_bits,
            address_bits=len(self._words.addr),
            **size,
        )
        self.memories: tuple[MemoryUse, ...] = (self._words.use,)
        self.roms: tuple[RomImage, ...] = (self._words.image,)
        names = ("write", "row", "column", "word", "above_row", "above_column", "above")
        members = self.edges.signature.members
        super().__init__(
            {
                "control": In(layout),
                "start": In(1),
                "width": In(range(build.max_width + 1)),
                "height": In(range(build.max_height + 1)),
                **{name: members[name] for name in names},
                "feature_valid": In(1),
                "feature": In(signed(FEATURE_BITS)),
                "chosen": Out(range(schedule.choices)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.edges = edges = self.edges
        m.submodules.moments = moments = self.moments
        m.submodules.selectors = words = self._words
        m.submodules.selector = selector = self.selector
        word = Signal.like(words.data, name="words")
        m.d.sync += word.eq(words.data)
        m.d.comb += [
            edges.write.eq(self.write),
            edges.row.eq(self.row),
            edges.column.eq(self.column),
            edges.word.eq(self.word),
            self.above_row.eq(edges.above_row),
            self.above_column.eq(edges.above_column),
            edges.above.eq(self.above),
            moments.begin.eq(self.start & self.control.collect),
            moments.valid.eq(self.feature_valid & self.control.collect),
            moments.feature.eq(self.feature),
            moments.turn.eq(selector.turn),
            selector.start.eq(self.start & (self.control.engine == Engine.SELECT)),
            selector.first.eq(self.control.scores),
            selector.width.eq(self.width),
            selector.height.eq(self.height),
            selector.down.eq(edges.down),
            selector.right.eq(edges.right),
            selector.total.eq(moments.total),
            selector.squares.eq(moments.squares),
            words.en.eq(1),
            words.addr.eq(selector.entry),
            selector.word.eq(word),
            self.chosen.eq(selector.chosen),
            self.busy.eq(selector.busy),
        ]
        return m
