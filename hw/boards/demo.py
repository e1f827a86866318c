"""The demonstration: a stored picture, upscaled for a display again and again, and checked.

Everything here is in one clock domain, that of the pixels: the core gives at most one pixel a
clock, the display takes fewer, as it blanks, and the core waits meanwhile.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth import Array, Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from lutscale.golden.program import Program
from lutscale.golden.validate import require_int
from lutscale.hw.boards.board import Mode
from lutscale.hw.boards.crc import Crc32
from lutscale.hw.boards.tmds import TmdsEncoder
from lutscale.hw.boards.video_timing import VideoTiming
from lutscale.hw.build import Build
from lutscale.hw.fifo import Fifo
from lutscale.hw.memory import MemoryUse, Rom

__all__ = ["FAIL", "FAULT", "PASS", "Demo", "checksum"]

Picture = npt.NDArray[np.uint8]

PASS, FAIL, FAULT = 0, 1, 2
"""Places among the LEDs; the other five count frames."""

_WAITING = 2048
"""Pixels between the core and the display: one block memory."""

_PAGE = 2048
"""Pixels of the picture in a ROM of its own, so that a register stands behind each block memory."""


def checksum(program: Program, picture: Picture) -> int:
    """CRC-32 of what golden makes of a picture, row by row."""
    return zlib.crc32(program.run(picture).tobytes())


class Demo(wiring.Component):
    """From the stored picture to symbols.

    `FAIL` and `FAULT` stay on once they are: a frame's checksum was another than golden's; a pixel
    was late, a frame began at the wrong place, or the core called its input malformed. `PASS` is
    on from the first frame that agrees, while neither of them is.

    Ports:
        leds: out, 8 bits.
        symbols: out, 3 x 10 bits: blue, green and red of DVI, all three the same grey.

    Args:
        core: name of the core's module.
        build: what it was built to: one pixel a beat.
        picture: uint8 (height, width), the LR frame.
        crc: of the frame that must come out.
        mode: of the display; its picture is the frame.

    Raises:
        ValueError: "X must be ..., not ...".
    """

    def __init__(self, *, core: str, build: Build, picture: Picture, crc: int, mode: Mode) -> None:
        height, width = picture.shape
        require_int("pixels_per_beat", build.pixels_per_beat, 1, 1)
        require_int("width of the picture", width, 1, build.max_width)
        require_int("height of the picture", height, 1, build.max_height)
        self.core, self.build, self.mode = core, build, mode
        self.size = width, height
        levels = [int(level) for level in picture.flat]
        self.pages = [
            Rom(
                name=f"picture{n // _PAGE}",
                layer=-1,
                purpose="table",
                width=8,
                words=levels[n : n + _PAGE],
                target=build.target,
            )
            for n in range(0, len(levels), _PAGE)
        ]
        # In a ROM file, so that a simulation may be told a wrong one.
        self.sum = Rom(
            name="checksum",
            layer=-1,
            purpose="table",
            width=32,
            words=[crc, crc],
            target=build.target,
            style="logic",
        )
        self.fifo = Fifo(
            width=9, depth=_WAITING, name="waiting", layer=-1, purpose="fifo", target=build.target
        )
        super().__init__({"leds": Out(8), "symbols": Out(30)})

    @property
    def memories(self) -> tuple[MemoryUse, ...]:
        """Beside the core's."""
        return *(page.use for page in self.pages), self.sum.use, *self.fifo.memories

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.fifo = fifo = self.fifo
        m.submodules.timing = timing = VideoTiming(self.mode)
        m.submodules.crc = crc = Crc32()
        m.submodules.sum = self.sum
        m.d.comb += self.sum.en.eq(1)
        malformed = self._core(m)
        pixel, begins = fifo.o.payload[:8], fifo.o.payload[8]
        # The display starts when as many pixels wait as can, and never stops.
        with m.If(~fifo.i.ready):
            m.d.sync += timing.run.eq(1)
        m.d.comb += fifo.o.ready.eq(timing.active)
        # A register behind the FIFO and the counters; the checksum is of what is shown.
        shown, level = Signal(name="shown"), Signal(8, name="level")
        first, last = Signal(name="first"), Signal(name="last")
        across, down = Signal(name="across"), Signal(name="down")
        fault = Signal(name="fault")
        m.d.sync += [
            shown.eq(timing.active),
            level.eq(pixel),
            first.eq(timing.first),
            last.eq(timing.last),
            across.eq(timing.across),
            down.eq(timing.down),
            fault.eq(
                fault | malformed | (timing.active & (~fifo.o.valid | (begins != timing.first)))
            ),
        ]
        m.d.comb += [crc.enable.eq(shown), crc.first.eq(first), crc.data.eq(level)]
        done, good, failed = Signal(name="done"), Signal(name="good"), Signal(name="failed")
        frames = Signal(5, name="frames")
        m.d.sync += done.eq(shown & last)
        with m.If(done):
            m.d.sync += frames.eq(frames + 1)
            with m.If(crc.crc == self.sum.data):
                m.d.sync += good.eq(1)
            with m.Else():
                m.d.sync += failed.eq(1)
        lamps = {PASS: good & ~failed & ~fault, FAIL: failed, FAULT: fault}
        m.d.sync += self.leds.eq(Cat(*(lamps[place] for place in sorted(lamps)), frames))
        for channel in range(3):
            m.submodules[f"tmds{channel}"] = encoder = TmdsEncoder()
            m.d.comb += [
                encoder.data.eq(level),
                encoder.enable.eq(shown),
                # The syncs go with blue.
                encoder.control.eq(Cat(across, down) if channel == 0 else Const(0, 2)),
                self.symbols.word_select(channel, 10).eq(encoder.symbol),
            ]
        return m

    def _core(self, m: Module) -> Signal:
        """The core between the stored picture and the FIFO; its ``malformed``."""
        width, height = self.size
        address = Signal(range(width * height), name="address")
        x = Signal(range(width), name="x")
        ready, malformed = Signal(name="ready"), Signal(name="malformed")
        # A pixel takes three clocks from its page; the core takes one in many.
        step, pixel = Signal(2, name="step"), Signal(8, name="pixel")
        offered = step == 3
        words = []
        for n, page in enumerate(self.pages):
            m.submodules[f"page{n}"] = page
            words.append(Signal(8, name=f"word{n}", reset_less=True))
            m.d.comb += [page.addr.eq(address), page.en.eq(1)]
            m.d.sync += words[n].eq(page.data)
        m.d.sync += pixel.eq(Array(words)[address // _PAGE])
        with m.If(~offered):
            m.d.sync += step.eq(step + 1)
        with m.Elif(ready):
            m.d.sync += [
                step.eq(0),
                x.eq(Mux(x == width - 1, 0, x + 1)),
                address.eq(Mux(address == width * height - 1, 0, address + 1)),
            ]
        fifo = self.fifo
        m.submodules.core = Instance(
            self.core,
            i_aclk=ClockSignal(),
            i_aresetn=~ResetSignal(),
            i_width=Const(width, self.build.max_width.bit_length()),
            i_height=Const(height, self.build.max_height.bit_length()),
            i_s_axis_tdata=pixel,
            i_s_axis_tvalid=offered,
            o_s_axis_tready=ready,
            i_s_axis_tuser=address == 0,
            i_s_axis_tlast=x == width - 1,
            o_m_axis_tdata=fifo.i.payload[:8],
            o_m_axis_tvalid=fifo.i.valid,
            i_m_axis_tready=fifo.i.ready,
            o_m_axis_tuser=fifo.i.payload[8],
            o_malformed=malformed,
        )
        return malformed
