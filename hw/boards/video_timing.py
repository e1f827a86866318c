"""The counters of a display: which pixel is due, and the syncs around the picture."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.boards.board import Mode

__all__ = ["VideoTiming"]


class VideoTiming(wiring.Component):
    """Pixel after pixel of a mode, from the first one that is seen; both syncs positive.

    Ports:
        run: in; while low the first pixel waits.
        active: out, a pixel of the picture is due.
        first, last: out, and it is the first, the last of a frame.
        across, down: out, the syncs.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        ports = ("active", "first", "last", "across", "down")
        super().__init__({"run": In(1), **{name: Out(1) for name in ports}})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        mode = self.mode
        width, height = mode.total
        x, y = Signal(range(width), name="x"), Signal(range(height), name="y")
        with m.If(self.run):
            m.d.sync += x.eq(x + 1)
            with m.If(x == width - 1):
                m.d.sync += [x.eq(0), y.eq(y + 1)]
                with m.If(y == height - 1):
                    m.d.sync += y.eq(0)
        begin_x, begin_y = mode.width + mode.across[0], mode.height + mode.down[0]
        m.d.comb += [
            self.active.eq((x < mode.width) & (y < mode.height) & self.run),
            self.first.eq((x == 0) & (y == 0)),
            self.last.eq((x == mode.width - 1) & (y == mode.height - 1)),
            self.across.eq((x >= begin_x) & (x < begin_x + mode.across[1])),
            self.down.eq((y >= begin_y) & (y < begin_y + mode.down[1])),
        ]
        return m
