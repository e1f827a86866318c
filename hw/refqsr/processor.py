# amaranth: UnusedElaboratable=no
"""The tile processor: a tile comes in, runs through the passes of a network, and goes out."""

from __future__ import annotations

from typing import Any

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.refqsr.network import Network
from lutscale.hw.memory import MemoryUse, blocks_of
from lutscale.hw.refqsr.arithmetic import extended, padded
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.choice import Choice
from lutscale.hw.refqsr.convolve import Convolve
from lutscale.hw.refqsr.loader import PIXEL, Loader
from lutscale.hw.refqsr.memories import TileMemory, rom
from lutscale.hw.refqsr.outputs import FEATURE_BITS, Outputs
from lutscale.hw.refqsr.passes import Added, Engine, Source, control_layout, control_words
from lutscale.hw.refqsr.refer import Refer
from lutscale.hw.refqsr.schedule import Schedule
from lutscale.hw.refqsr.sequence import Sequence
from lutscale.hw.refqsr.tables import MULTIPLIER_BITS
from lutscale.hw.refqsr.upsampled import Upsampled
from lutscale.hw.refqsr.weights import Weights
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
        second = MULTIPLIER_BITS * schedule.choices
        self._multipliers = rom("multipliers", second, multipliers, target)
        self.weights = Weights(tables, target)
        feature, code = self.channels * FEATURE_BITS, self.channels * sum(tables.code_bits)
        self._picture = self._tile("picture", 24)
        self._codes = [self._tile(f"codes{k}", code) for k in range(2)]
        self._body, self._head = self._tile("body", feature), self._tile("head", feature)
        self._engines()
        parts = (self._picture, *self._codes, self._body, self._head)
        self._roms = roms = (self._passes, self._constants, self._multipliers)
        wanted = (self.weights, self.refer, self.choice)
        beside = [each for each in wanted if each is not None]
        self.memories: tuple[MemoryUse, ...] = (
            *(each.use for each in roms),
            *(use for part in (*parts, *beside) for use in part.memories),
        )
        self.roms: tuple[RomImage, ...] = (
            *(each.image for each in roms),
            *(image for part in beside for image in part.roms),
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

    def _engines(self) -> None:
        build, tables = self.build, self.schedule.tables
        size = {"max_width": build.max_width, "max_height": build.max_height}
        self.convolve = Convolve(
            layout=self.layout,
            inputs=tables.inputs,
            lanes=tables.lanes,
            code_bits=max(*tables.code_bits, 8),
            high_bits=tables.high_bits,
            accumulator_bits=tables.accumulator_bits,
            address_bits=len(self.weights.address),
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
        self.choice = None
        if self.schedule.choices > 1:
            self.choice = Choice(self.schedule, self.layout)
        self.sequence = Sequence(
            passes=len(self.schedule.passes),
            query=self.schedule.query,
            most=self.schedule.choices,
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.loader = self.loader
        m.submodules.convolve = self.convolve
        m.submodules.outputs = self.outputs
        m.submodules.upsampled = self.upsampled
        m.submodules.weights = self.weights
        m.submodules.sequence = self.sequence
        for each in self._roms:
            m.submodules[each.use.name] = each
        for memory in (self._picture, *self._codes, self._body, self._head):
            m.submodules[memory.ram.use.name] = memory
        control = data.View(self.layout, self._passes.data)
        start = self.sequence.start
        m.d.comb += [
            self.convolve.control.eq(control),
            self.outputs.control.eq(control),
            self.convolve.start.eq(start & (control.engine == Engine.CONVOLVE)),
            self.reading.eq(self.convolve.reading),
            self.weights.address.eq(self.convolve.weight),
            self.convolve.low.eq(self.weights.low),
            self.convolve.high.eq(self.weights.high),
        ]
        self._load(m, control)
        self._read_codes(m, control)
        self._read_added(m, control)
        self._write(m, control)
        self._send(m)
        if self.refer is not None:
            self._match(m, self.refer, control, start)
        if self.choice is not None:
            self._choose(m, self.choice, control, start)
        self._sequence(m, control)
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
        wide, at = convolve.code_bits, 0
        codes = Signal(len(self._codes[0].data), name="codes")
        m.d.comb += codes.eq(Mux(upper, self._codes[1].data, self._codes[0].data))
        spread = []
        for bits in self.schedule.tables.code_bits:
            own = codes[at : at + self.channels * bits]
            at += len(own)
            each = [extended(own.word_select(c, bits), wide) for c in range(self.channels)]
            spread.append(Cat(each))
        planes = [padded(picture.data.word_select(c, 8), wide) for c in range(3)]
        chosen = Array(spread)[control.variant] if len(spread) > 1 else spread[0]
        m.d.comb += convolve.codes.eq(Mux(from_picture, Cat(planes), chosen))

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
            *(getattr(refer, n).eq(getattr(loader, n)) for n in ("width", "height", "slot")),
            refer.squares_down.eq(loader.height >> self._pool_bits),
            refer.squares_across.eq(loader.width >> self._pool_bits),
            refer.body.eq(self._body.data),
            *(
                getattr(refer, name).eq(getattr(outputs, name))
                for name in ("features_valid", "features", "features_row", "features_column")
            ),
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

    def _choose(self, m: Module, choice: Choice, control: Any, start: Signal) -> None:
        """The choice beside them: it reads the picture as it comes, and features as they go."""
        loader, outputs, picture = self.loader, self.outputs, self._picture
        m.submodules.choice = choice
        m.d.comb += [
            choice.control.eq(control),
            choice.start.eq(start),
            *(
                getattr(choice, name).eq(getattr(loader, name))
                for name in ("width", "height", "write", "row", "column", "word")
            ),
            choice.above.eq(picture.data),
            choice.feature_valid.eq(outputs.feature_valid),
            choice.feature.eq(outputs.feature),
        ]
        with m.If(self.sequence.open):
            m.d.comb += [
                picture.row.eq(choice.above_row),
                picture.column.eq(choice.above_column),
            ]

    def _sequence(self, m: Module, control: Any) -> None:
        """Pass after pass, or of alternatives the chosen one."""
        sequence = self.sequence
        busy = self.convolve.busy | self.outputs.busy | self.upsampled.busy
        if self.refer is not None:
            busy = busy | self.refer.busy
        further = control.skip
        if self.choice is not None:
            busy = busy | self.choice.busy
            further = Mux(control.engine == Engine.SELECT, self.choice.chosen, further)
        m.d.comb += [
            sequence.loaded.eq(self.loader.loaded),
            sequence.reference.eq(self.loader.reference),
            sequence.busy.eq(busy),
            sequence.last.eq(control.last),
            sequence.onward.eq(further + 1),
            self._passes.addr.eq(sequence.number),
            self._passes.en.eq(sequence.fetch),
            self.loader.open.eq(sequence.open),
            self.stage.eq(sequence.stage),
        ]
