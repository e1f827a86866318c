"""The top of a board's design: clocks, resets, and the pins around the demonstration."""

from __future__ import annotations

from typing import Any

from amaranth import ClockDomain, ClockSignal, Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In, Out

from lutscale.hw.boards.demo import Demo
from lutscale.hw.boards.pll import Pll
from lutscale.hw.boards.serialiser import Serialiser

__all__ = ["BoardTop"]


class BoardTop(wiring.Component):
    """Ports are those of `ulx3s.ULX3S`'s pins.

    Domain ``sync`` has the pixel clock, ``shift`` the one five times as fast. Both are held in
    reset until the PLL has locked, and ``sync`` while the button is pressed; resets end in step
    with their clock.
    """

    def __init__(self, demo: Demo, pll: Pll) -> None:
        self.demo, self.pll = demo, pll
        super().__init__(
            {
                "clk_25mhz": In(1),
                "button_n": In(1),
                "led": Out(8),
                "gpdi_dp": Out(4),
                "wifi_gpio0": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain("sync")
        m.domains.shift = ClockDomain("shift")
        pixel_clk, shift_clk = Signal(name="pixel_clk"), Signal(name="shift_clk")
        locked, released = Signal(name="locked"), Signal(name="released")
        m.submodules.pll = self._pll(pixel_clk, shift_clk, locked)
        m.d.comb += [
            ClockSignal("sync").eq(pixel_clk),
            ClockSignal("shift").eq(shift_clk),
            released.eq(locked & self.button_n),
        ]
        m.submodules.reset_sync = ResetSynchronizer(~released, domain="sync")
        m.submodules.reset_shift = ResetSynchronizer(~locked, domain="shift")
        m.submodules.demo = demo = self.demo
        m.submodules.serialiser = serialiser = Serialiser()
        m.d.comb += [
            serialiser.symbols.eq(demo.symbols),
            self.led.eq(demo.leds),
            self.wifi_gpio0.eq(1),
        ]
        for channel in range(4):
            pair = serialiser.pairs.word_select(channel, 2)
            m.submodules[f"ddr{channel}"] = Instance(
                "ODDRX1F",
                i_SCLK=ClockSignal("shift"),
                i_RST=Const(0, 1),
                i_D0=pair[0],
                i_D1=pair[1],
                o_Q=self.gpdi_dp[channel],
            )
        return m

    def _pll(self, pixel_clk: Signal, shift_clk: Signal, locked: Signal) -> Instance:
        pll = self.pll
        return Instance(
            "EHXPLLL",
            # Of the analogue part, as Project Trellis' ecppll writes them.
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_FEEDBK_PATH="CLKOP",
            p_CLKI_DIV=pll.reference,
            p_CLKFB_DIV=pll.feedback,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_DIV=pll.fast,
            p_CLKOP_CPHASE=pll.fast - 1,
            p_CLKOP_FPHASE=0,
            p_CLKOS_ENABLE="ENABLED",
            p_CLKOS_DIV=pll.slow,
            p_CLKOS_CPHASE=pll.slow - 1,
            p_CLKOS_FPHASE=0,
            i_CLKI=self.clk_25mhz,
            i_CLKFB=shift_clk,
            i_RST=Const(0, 1),
            i_STDBY=Const(0, 1),
            i_PHASESEL0=Const(0, 1),
            i_PHASESEL1=Const(0, 1),
            i_PHASEDIR=Const(1, 1),
            i_PHASESTEP=Const(1, 1),
            i_PHASELOADREG=Const(1, 1),
            i_PLLWAKESYNC=Const(0, 1),
            i_ENCLKOP=Const(0, 1),
            o_CLKOP=shift_clk,
            o_CLKOS=pixel_clk,
            o_LOCK=locked,
        )
