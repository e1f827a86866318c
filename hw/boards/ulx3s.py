"""ULX3S by Radiona: an LFE5U-85F with a connector for a display (GPDI), 25 MHz, eight LEDs."""

from lutscale.hw.boards.board import Board, Mode, Pin

__all__ = ["HD", "ULX3S"]

HD = Mode(1280, 720, across=(110, 40, 220), down=(5, 5, 20), clock=74.25)
"""1280x720 at 60 frames a second, both syncs positive: CTA-861, video code 4."""

_LED = {"PULLMODE": "NONE", "IO_TYPE": "LVCMOS33", "DRIVE": "4"}
_LEDS = ("B2", "C2", "C1", "D2", "D1", "E2", "E1", "H3")

# The negative half of a pair is driven with the positive one.
_PAIR = {"IO_TYPE": "LVCMOS33D", "DRIVE": "4"}
_PAIRS = ("A16", "A14", "A12", "A17")

ULX3S = Board(
    name="ulx3s",
    target="ecp5-85f",
    oscillator=25.0,
    clock="clk_25mhz",
    pins=(
        Pin("clk_25mhz", "G2", {"PULLMODE": "NONE", "IO_TYPE": "LVCMOS33"}),
        # The button beside the others, labelled PWR: low while it is pressed.
        Pin("button_n", "D6", {"PULLMODE": "UP", "IO_TYPE": "LVCMOS33"}),
        *(Pin(f"led[{n}]", site, _LED) for n, site in enumerate(_LEDS)),
        *(Pin(f"gpdi_dp[{n}]", site, _PAIR) for n, site in enumerate(_PAIRS)),
        # Held high, as the makers' examples do, so that the board's ESP32 does not reset it.
        Pin("wifi_gpio0", "L2", {"PULLMODE": "UP", "IO_TYPE": "LVCMOS33", "DRIVE": "4"}),
    ),
    mode=HD,
    loader="openFPGALoader --board ulx3s",
    source="github.com/emard/ulx3s, doc/constraints/ulx3s_v20.lpf",
)
