# amaranth: UnusedElaboratable=no
"""The tile processor: a tile comes in, runs through the passes of a network, and goes out."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.refqsr.network import Network
from lutscale.hw.memory import MemoryUse, Rom, blocks_of
from lutscale.hw.refqsr.arithmetic import extended, padded
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.convolve import Convolve
from lutscale.hw.refqsr.loader import PIXEL, Loader
from lutscale.hw.refqsr.memories import TileMemory, rom
from lutscale.hw.refqsr.outputs import FEATURE_BITS, Outputs
from lutscale.hw.refqsr.passes import Added, Engine, Source, control_layout, control_words
from lutscale.hw.refqsr.refer import Refer
from lutscale.hw.refqsr.schedule import Schedule
from lutscale.hw.refqsr.tables import LOW_BITS, MULTIPLIER_BITS
from lutscale.hw.refqsr.upsampled import Upsampled
from lutscale.hw.rom_formats import RomImage

__all__ = ["TileProcessor"]


class TileProcessor(wiring.Component):
    """A network as one component: tiles of R, G and B in at ``i``, enlarged ones out at ``o``.

    Ports:
        i: stream of `loader.PIXEL`, a tile in raster order. ``width``, ``height``, ``reference``,
            ``slot``: In, read with its first pixel: its size; whether it is a reference; where its
            features are kept, or those of its reference are.
        o: stream of `loader.PIXEL`.
        malformed: Out, set once a tile's marks or its size were wrong, until reset.
        reading: Out, high in each clock in which a word of weights is read.
        stage: Out, 0 while a tile may come in, else the number of the pass at work, plus one.

    Args:
        network: what to compute.
        build: for which lanes and tiles.

    Attributes:
        schedule: the passes.
        memories, roms: of everything inside.

    Raises:
        ValueError: the network is none that the processor runs, or tiles are too small for it.
    """

    def __init__(self, network: Network, build: TileBuild) -> None:
        self.network, self.build = network, build
        self.schedule = schedule = Schedule(network, build)
        self.layout = control_layout(schedule.passes)
        tables, target = schedule.tables, build.target
        self.channels = network.channels
        # Sides of squares are powers of two.
        self._pool_bits = schedule.pool.bit_length() - 1
        words = control_words(schedule.passes, self.layout)
        self._passes = rom("passes", self.layout.size, words, target)
        constants, multipliers = tables.constants, tables.multipliers
        width = tables.bias_bits + MULTIPLIER_BITS
        self._constants = rom("constants", width, constants, target)
        self._multipliers = rom("multipliers", MULTIPLIER_BITS, multipliers, target)
        self._low = self._weights("weights", tables.low, LOW_BITS)
        self._high = self._weights("weights_high", tables.high, tables.high_bits)
        feature = self.channels * FEATURE_BITS
        self._picture = self._tile("picture", 24)
        self._codes = [self._tile(f"codes{k}", self.channels * tables.code_bits) for k in range(2)]
        self._body, self._head = self._tile("body", feature), self._tile("head", feature)
        self._engines(len(self._low[0].addr))
        parts = (self._picture, *self._codes, self._body, self._head)
        roms = (self._passes, self._constants, self._multipliers, *self._low, *self._high)
        self._roms = roms
        refer = self.refer
        self.memories: tuple[MemoryUse, ...] = (
            *(each.use for each in roms),
            *(use for part in parts for use in part.memories),
            *(() if refer is None else refer.memories),
        )
        self.roms: tuple[RomImage, ...] = (
            *(each.image for each in roms),
            *(() if refer is None else refer.roms),
        )
        super().__init__(
            {
                "width": In(range(build.max_width + 1)),
                "height": In(range(build.max_height + 1)),
                "reference": In(1),
                "slot": In(range(max(build.references, 2))),
                "i": In(stream.Signature(PIXEL)),
                "o": Out(stream.Signature(PIXEL)),
                "malformed": Out(1),
                "reading": Out(1),
                "stage": Out(range(len(schedule.passes) + 1)),
            }
        )

    @property
    def blocks(self) -> int:
        """Block memories of the target, for all memories that are to be blocks."""
        return blocks_of(self.memories, self.build.target)

    def _tile(self, name: str, width: int) -> TileMemory:
        """A memory of a word a pixel."""
        build = self.build
        return TileMemory(
            name=name,
            purpose="tile",
            width=width,
            rows=build.max_height,
            columns=build.max_width,
            target=build.target,
        )

    def _weights(self, name: str, words: list[int], bits: int) -> list[Rom]:
        """A ROM for each lane; none of bits that no weight has."""
        tables = self.schedule.tables
        width = tables.inputs * bits
        mask = (1 << width) - 1
        return [
            rom(
                f"{name}_{lane}",
                width,
                [word >> lane * width & mask for word in words],
                self.build.target,
                purpose="table",
                part=name,
            )
            for lane in range(tables.lanes if bits else 0)
        ]

    def _engines(self, weight_bits: int) -> None:
        build, tables = self.build, self.schedule.tables
        size = {"max_width": build.max_width, "max_height": build.max_height}
        self.convolve = Convolve(
            layout=self.layout,
            inputs=tables.inputs,
            lanes=tables.lanes,
            code_bits=max(tables.code_bits, 8),
            high_bits=tables.high_bits,
            accumulator_bits=tables.accumulator_bits,
            address_bits=weight_bits,
            **size,
        )
        self.upsampled = Upsampled(scale=self.network.scale, **size)
        self.outputs = Outputs(
            layout=self.layout,
            slots=max(tables.lanes, self.channels),
            number_bits=tables.accumulator_bits,
            channels=self.channels,
            added_bits=max(FEATURE_BITS, self.upsampled.bits),
            added_slots=max(self.channels, 3 * self.network.scale),
            code_bits=tables.code_bits,
            bias_bits=tables.bias_bits,
            constant_bits=len(self._constants.addr),
            multiplier_bits=len(self._multipliers.addr),
            **size,
        )
        self.loader = Loader(slots=build.references, **size)
        self.refer = None
        if self.schedule.refer:
            self.refer = Refer(self.schedule, self.layout, tables.accumulator_bits)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.loader = self.loader
        m.submodules.convolve = self.convolve
        m.submodules.outputs = self.outputs
        m.submodules.upsampled = self.upsampled
        for each in self._roms:
            m.submodules[each.use.name] = each
        for memory in (self._picture, *self._codes, self._body, self._head):
            m.submodules[memory.ram.use.name] = memory
        control = data.View(self.layout, self._passes.data)
        start = Signal(name="start")
        m.d.comb += [
            self.convolve.control.eq(control),
            self.outputs.control.eq(control),
            self.convolve.start.eq(start & (control.engine == Engine.CONVOLVE)),
            self.reading.eq(self.convolve.reading),
        ]
        self._load(m, control)
        self._read_weights(m)
        self._read_codes(m, control)
        self._read_added(m, control)
        self._write(m, control)
        self._send(m)
        if self.refer is not None:
            self._match(m, self.refer, control, start)
        self._sequence(m, control, start)
        return m

    def _load(self, m: Module, control: Any) -> None:
        """The tile's pixels, and what stands beside the first."""
        loader, picture = self.loader, self._picture
        wiring.connect(m, wiring.flipped(self.i), loader.i)
        m.d.comb += [
            loader.given_width.eq(self.width),
            loader.given_height.eq(self.height),
            loader.given_reference.eq(self.reference),
            loader.given_slot.eq(self.slot),
            self.malformed.eq(loader.malformed),
            picture.write.eq(loader.write),
            picture.write_row.eq(loader.row),
            picture.write_column.eq(loader.column),
            picture.word.eq(loader.word),
        ]
        for part in (self.convolve, self.upsampled):
            m.d.comb += [part.width.eq(loader.width), part.height.eq(loader.height)]
        with m.If(control.small):
            m.d.comb += [
                self.convolve.width.eq(loader.width >> self._pool_bits),
                self.convolve.height.eq(loader.height >> self._pool_bits),
            ]
        m.d.comb += self.outputs.width.eq(loader.width)

    def _read_weights(self, m: Module) -> None:
        """A word of each lane; a register stands behind each ROM."""
        convolve = self.convolve
        for roms, port in ((self._low, convolve.low), (self._high, convolve.high)):
            for each in roms:
                m.d.comb += [each.en.eq(1), each.addr.eq(convolve.weight)]
            if roms:
                m.d.sync += port.eq(Cat(each.data for each in roms))

    def _read_codes(self, m: Module, control: Any) -> None:
        convolve, picture = self.convolve, self._picture
        from_picture = control.source == Source.PICTURE
        m.d.comb += [
            picture.row.eq(Mux(from_picture, convolve.row, self.upsampled.from_row)),
            picture.column.eq(Mux(from_picture, convolve.column, self.upsampled.from_column)),
            self.upsampled.pixel.eq(picture.data),
        ]
        second = Signal(2, name="second")
        m.d.sync += second.eq(Cat(convolve.second, second[0]))
        for memory in self._codes:
            m.d.comb += [memory.row.eq(convolve.row), memory.column.eq(convolve.column)]
        upper = (control.source == Source.CODES1) ^ second[1]
        bits, wide = self.schedule.tables.code_bits, convolve.code_bits
        codes = Signal(len(self._codes[0].data), name="codes")
        m.d.comb += codes.eq(Mux(upper, self._codes[1].data, self._codes[0].data))
        spread = [extended(codes.word_select(c, bits), wide) for c in range(self.channels)]
        planes = [padded(picture.data.word_select(c, 8), wide) for c in range(3)]
        m.d.comb += convolve.codes.eq(Mux(from_picture, Cat(planes), Cat(spread)))

    def _read_added(self, m: Module, control: Any) -> None:
        """What the outputs add: features of a memory two clocks later, or sums of the picture."""
        outputs, upsampled = self.outputs, self.upsampled
        for memory in (self._body, self._head):
            m.d.comb += [memory.row.eq(outputs.from_row), memory.column.eq(outputs.from_column)]
        if self.refer is not None:
            with m.If(control.engine == Engine.SQUARES):
                m.d.comb += [
                    self._body.row.eq(self.refer.body_row),
                    self._body.column.eq(self.refer.body_column),
                ]
        from_picture = control.added == Added.PICTURE
        m.d.comb += [
            upsampled.start.eq(outputs.fetch & from_picture),
            upsampled.phase.eq(outputs.from_phase),
            upsampled.row.eq(outputs.from_row),
            upsampled.column.eq(outputs.from_column),
        ]
        pending = Signal(name="pending")
        m.d.sync += pending.eq(outputs.fetch)
        bits = outputs.added_bits
        features = Mux(control.added == Added.HEAD, self._head.data, self._body.data)
        wanted = Signal(self.channels * FEATURE_BITS, name="wanted")
        m.d.comb += wanted.eq(features)
        spread = [extended(wanted.word_select(c, FEATURE_BITS), bits) for c in range(self.channels)]
        sums = [
            extended(upsampled.sums.word_select(k, upsampled.bits), bits)
            for k in range(3 * self.network.scale)
        ]
        m.d.comb += [
            outputs.added.eq(Mux(from_picture, Cat(sums), Cat(spread))),
            outputs.fetched.eq(~pending & ~upsampled.busy),
        ]

    def _write(self, m: Module, control: Any) -> None:
        outputs, convolve, tables = self.outputs, self.convolve, self.schedule.tables
        m.d.comb += [
            outputs.claim.eq(convolve.claim),
            convolve.free.eq(outputs.free),
            outputs.load.eq(convolve.done),
            outputs.numbers.eq(convolve.numbers),
            outputs.first.eq(convolve.group * tables.lanes),
            outputs.count.eq(
                Mux(
                    convolve.group == control.groups - 1,
                    control.outs - convolve.group * tables.lanes,
                    tables.lanes,
                )
            ),
            outputs.phase.eq(convolve.phase),
            outputs.row.eq(convolve.at_row),
            outputs.column.eq(convolve.at_column),
            self._constants.en.eq(outputs.step),
            self._constants.addr.eq(outputs.constant),
            outputs.constant_word.eq(self._constants.data),
            self._multipliers.en.eq(outputs.step),
            self._multipliers.addr.eq(outputs.multiplier),
            outputs.multiplier_word.eq(self._multipliers.data),
        ]
        for memory, wanted in ((self._head, control.to_head), (self._body, control.to_body)):
            m.d.comb += [
                memory.write.eq(outputs.features_valid & wanted),
                memory.write_row.eq(outputs.features_row),
                memory.write_column.eq(outputs.features_column),
                memory.word.eq(outputs.features),
            ]
        for memory, wanted in zip(self._codes, (control.to_codes0, control.to_codes1), strict=True):
            m.d.comb += [
                memory.write.eq(outputs.codes_valid & wanted),
                memory.write_row.eq(outputs.codes_row),
                memory.write_column.eq(outputs.codes_column),
                memory.word.eq(outputs.codes),
            ]

    def _match(self, m: Module, refer: Refer, control: Any, start: Signal) -> None:
        """RefER beside the convolutions: it reads features, and gives the outputs numbers."""
        outputs, loader = self.outputs, self.loader
        m.submodules.refer = refer
        m.d.comb += [
            refer.control.eq(control),
            refer.start.eq(start),
            refer.width.eq(loader.width),
            refer.height.eq(loader.height),
            refer.slot.eq(loader.slot),
            refer.squares_down.eq(loader.height >> self._pool_bits),
            refer.squares_across.eq(loader.width >> self._pool_bits),
            refer.body.eq(self._body.data),
            refer.features_valid.eq(outputs.features_valid),
            refer.features.eq(outputs.features),
            refer.features_row.eq(outputs.features_row),
            refer.features_column.eq(outputs.features_column),
            refer.free.eq(outputs.free),
        ]
        with m.If(control.engine != Engine.CONVOLVE):
            m.d.comb += [
                outputs.claim.eq(refer.claim),
                outputs.load.eq(refer.load),
                outputs.numbers.eq(refer.numbers),
                outputs.first.eq(0),
                outputs.count.eq(self.channels),
                outputs.phase.eq(0),
                outputs.row.eq(refer.row),
                outputs.column.eq(refer.column),
            ]

    def _send(self, m: Module) -> None:
        outputs = self.outputs
        m.d.comb += [
            self.o.valid.eq(outputs.pixel_valid),
            outputs.pixel_ready.eq(self.o.ready),
            self.o.payload.pixel.eq(outputs.pixel),
            self.o.payload.first.eq(outputs.pixel_first),
            self.o.payload.last.eq(outputs.pixel_last),
        ]

    def _sequence(self, m: Module, control: Any, start: Signal) -> None:
        """Load a tile, then pass after pass until the last has left."""
        counter = Signal.like(self._passes.addr, name="counter")
        busy = self.convolve.busy | self.outputs.busy | self.upsampled.busy
        if self.refer is not None:
            busy = busy | self.refer.busy
        with m.FSM(name="sequence") as sequence:
            with m.State("LOAD"):
                with m.If(self.loader.loaded):
                    m.next = "FETCH"
                    begin: Value = self.loader.reference | 0
                    m.d.sync += counter.eq(Mux(begin, 0, self.schedule.query))
            with m.State("FETCH"):
                m.next = "START"
            with m.State("START"):
                m.next = "RUN"
            with m.State("RUN"), m.If(~busy):
                m.d.sync += counter.eq(counter + 1)
                m.next = "FETCH"
                with m.If(control.last):
                    m.next = "LOAD"
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        m.d.comb += [
            self._passes.addr.eq(counter),
            self.stage.eq(Mux(sequence.ongoing("LOAD"), 0, counter + 1)),
            self._passes.en.eq(sequence.ongoing("FETCH")),
            self.loader.open.eq(sequence.ongoing("LOAD")),
            start.eq(sequence.ongoing("START")),
        ]
