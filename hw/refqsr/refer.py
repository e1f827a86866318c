# amaranth: UnusedElaboratable=no
"""RefER in hardware: what is kept of references, and the engines that repair a query by it."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.memory import Rom
from lutscale.hw.refqsr.flow import Flow
from lutscale.hw.refqsr.memories import TileMemory, rom
from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.refqsr.passes import Engine
from lutscale.hw.refqsr.schedule import Schedule
from lutscale.hw.refqsr.squares import Squares
from lutscale.hw.refqsr.units import NUMBER_BITS, UNIT_BITS, Units
from lutscale.hw.refqsr.warp import Warp
from lutscale.hw.rom_formats import RomImage

__all__ = ["Refer"]


class Refer(wiring.Component):
    """The store of references, their descriptors, and the passes of RefER but for convolutions.

    Ports:
        control: In, fields of the pass; ``start``: In, for its first clock.
        width, height, slot: In, of the tile; squares_down, squares_across: In, how many it has.
        body_row, body_column: Out, ``body``: In, two clocks later: features of the tile.
        features_valid, features, features_row, features_column: In, what `Outputs` writes.
        free: In, ``claim``, ``load``, ``numbers``, ``row``, ``column``: Out, to `Outputs`.
        busy: Out.

    Args:
        schedule: what to do.
        layout: of ``control``.
        number_bits: of ``numbers``.

    Attributes:
        memories, roms: of everything inside.
    """

    def __init__(self, schedule: Schedule, layout: data.StructLayout, number_bits: int) -> None:
        build, pool = schedule.build, schedule.pool
        channels, count = schedule.network.channels, schedule.descriptors
        self.schedule, self.number_bits, self.channels = schedule, number_bits, channels
        side = max(build.max_width, build.max_height)
        most = max(side // pool, 1)
        refer = schedule.refer
        self.squares_engine = Squares(
            channels=channels, pool=pool, number_bits=number_bits, max_side=side
        )
        self.units = Units(count=count, most=most)
        self.flow = Flow(
            count=count,
            pool=pool,
            most=most,
            most_side=side,
            scaling=[(each.multiplier, each.shift) for each in refer],
            highest=max(int(each.exponential.max()) for each in refer),
        )
        self.warp = Warp(channels=channels, pool=pool, number_bits=number_bits, max_side=side)
        self._exponential = self._table("exponential", len(self.flow.weight))
        self._reciprocal = self._table("reciprocal", 16)
        self._root = self._table("inverse_root", 16)
        self._raw = self._small("descriptors", "tile", count * NUMBER_BITS)
        self._own = self._small("unit_vectors", "tile", count * UNIT_BITS)
        self._flows = self._small("flows", "tile", 2 * self.flow.flow_bits)
        pages = 2 * build.references
        self._kept_units = self._small("reference_vectors", "reference", count * UNIT_BITS, pages)
        self._kept = TileMemory(
            name="reference_features",
            purpose="reference",
            width=channels * FEATURE_BITS,
            rows=build.max_height,
            columns=build.max_width,
            pages=pages,
            target=build.target,
        )
        self._tiles = (self._raw, self._own, self._flows, self._kept_units, self._kept)
        self._tables = (self._exponential, self._reciprocal, self._root)
        self.memories = (
            *(each.use for each in self._tables),
            *(use for tile in self._tiles for use in tile.memories),
        )
        self.roms: tuple[RomImage, ...] = tuple(each.image for each in self._tables)
        places = {"row": range(build.max_height), "column": range(build.max_width)}
        sides = {"width": range(build.max_width + 1), "height": range(build.max_height + 1)}
        super().__init__(
            {
                "control": In(layout),
                "start": In(1),
                **{name: In(shape) for name, shape in sides.items()},
                "slot": In(range(max(build.references, 2))),
                "squares_down": In(range(most + 1)),
                "squares_across": In(range(most + 1)),
                **{f"body_{name}": Out(shape) for name, shape in places.items()},
                "body": In(channels * FEATURE_BITS),
                "features_valid": In(1),
                "features": In(channels * FEATURE_BITS),
                **{f"features_{name}": In(shape) for name, shape in places.items()},
                "free": In(1),
                "claim": Out(1),
                "load": Out(1),
                "numbers": Out(channels * number_bits),
                **{name: Out(shape) for name, shape in places.items()},
                "busy": Out(1),
            }
        )

    def _table(self, name: str, bits: int) -> Rom:
        """A ROM of both blocks' table, or of one where they are equal."""
        first, second = ([int(n) for n in getattr(r, name)] for r in self.schedule.refer)
        words = first if first == second else first + second
        return rom(name, bits, words, self.schedule.build.target, purpose="table")

    def _small(self, name: str, purpose: str, width: int, pages: int = 1) -> TileMemory:
        """A memory of a word a square."""
        build = self.schedule.build
        return TileMemory(
            name=name,
            purpose=purpose,
            width=width,
            rows=max(build.max_height // self.schedule.pool, 1),
            columns=max(build.max_width // self.schedule.pool, 1),
            pages=pages,
            target=build.target,
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.squares = self.squares_engine
        m.submodules.units = self.units
        m.submodules.flow = self.flow
        m.submodules.warp = self.warp
        for each in self._tables:
            m.submodules[each.use.name] = each
        for tile in self._tiles:
            m.submodules[tile.ram.use.name] = tile
        engines: dict[Engine, Any] = {
            Engine.SQUARES: self.squares_engine,
            Engine.UNITS: self.units,
            Engine.FLOW: self.flow,
            Engine.WARP: self.warp,
        }
        for engine, part in engines.items():
            m.d.comb += part.start.eq(self.start & (self.control.engine == engine))
        busy: Value = Cat(part.busy for part in engines.values()).any()
        m.d.comb += self.busy.eq(busy)
        for part in (self.squares_engine, self.units, self.flow):
            m.d.comb += [
                part.squares_down.eq(self.squares_down),
                part.squares_across.eq(self.squares_across),
            ]
        page = Signal(range(2 * self.schedule.build.references), name="page")
        m.d.comb += page.eq(self.slot << 1 | self.control.which)
        self._keep(m, page)
        self._describe(m, page)
        self._match(m, page)
        self._feed(m)
        return m

    def _keep(self, m: Module, page: Value) -> None:
        """Features of references, and descriptors before they are unit vectors."""
        kept, raw = self._kept, self._raw
        for memory, wanted in ((kept, self.control.to_store), (raw, self.control.to_raw)):
            m.d.comb += [
                memory.write.eq(self.features_valid & wanted),
                memory.write_row.eq(self.features_row),
                memory.write_column.eq(self.features_column),
            ]
        m.d.comb += [
            kept.write_page.eq(page),
            kept.word.eq(self.features),
            # The last numbers that came lie highest.
            raw.word.eq(self.features[-len(raw.word) :]),
        ]

    def _looked_up(self, m: Module, table: Rom, entry: Value, half: int) -> Value:
        """What a table has, two clocks later."""
        address = entry
        if len(table.image.words) > half:
            address = Mux(self.control.which, entry + half, entry)
        found = Signal.like(table.data, name=f"{table.use.name}_data", reset_less=True)
        m.d.comb += [table.en.eq(1), table.addr.eq(address)]
        m.d.sync += found.eq(table.data)
        return found

    def _describe(self, m: Module, page: Value) -> None:
        units, raw = self.units, self._raw
        m.d.comb += [
            raw.row.eq(units.row),
            raw.column.eq(units.column),
            units.numbers.eq(raw.data),
            units.root.eq(self._looked_up(m, self._root, units.entry, 768)),
            self._kept_units.write_page.eq(page),
        ]
        to_store = self.control.to_store
        for memory, wanted in ((self._own, ~to_store), (self._kept_units, to_store)):
            m.d.comb += [
                memory.write.eq(units.done & wanted),
                memory.write_row.eq(units.row),
                memory.write_column.eq(units.column),
                memory.word.eq(units.vector),
            ]

    def _match(self, m: Module, page: Value) -> None:
        flow, flows, warp = self.flow, self._flows, self.warp
        m.d.comb += [
            flow.which.eq(self.control.which),
            self._own.row.eq(flow.row),
            self._own.column.eq(flow.column),
            flow.own.eq(self._own.data),
            self._kept_units.row.eq(flow.other_row),
            self._kept_units.column.eq(flow.other_column),
            self._kept_units.read_page.eq(page),
            flow.other.eq(self._kept_units.data),
            flow.weight.eq(self._looked_up(m, self._exponential, flow.entry, 256)),
            flow.reciprocal.eq(self._looked_up(m, self._reciprocal, flow.mantissa, 256)),
            flows.write.eq(flow.done),
            flows.write_row.eq(flow.row),
            flows.write_column.eq(flow.column),
            flows.word.eq(flow.flow),
            flows.row.eq(warp.square_row),
            flows.column.eq(warp.square_column),
            warp.flow.eq(flows.data),
            warp.width.eq(self.width),
            warp.height.eq(self.height),
            self._kept.row.eq(warp.row),
            self._kept.column.eq(warp.column),
            self._kept.read_page.eq(page),
            warp.features.eq(self._kept.data),
        ]

    def _feed(self, m: Module) -> None:
        """What the outputs are given: sums over squares, or warped features."""
        squares, warp = self.squares_engine, self.warp
        warps = self.control.engine == Engine.WARP
        m.d.comb += [
            self.body_row.eq(squares.row),
            self.body_column.eq(squares.column),
            squares.features.eq(self.body),
            squares.free.eq(self.free & ~warps),
            warp.free.eq(self.free & warps),
            self.claim.eq(squares.claim | warp.claim),
            self.load.eq(squares.done | warp.done),
            self.numbers.eq(Mux(warps, warp.numbers, squares.numbers)),
            self.row.eq(Mux(warps, warp.at_row, squares.at_row)),
            self.column.eq(Mux(warps, warp.at_column, squares.at_column)),
        ]
