"""Dividers of the ECP5's PLL (EHXPLLL) for a pixel clock and one five times as fast.

The oscillator, divided, is compared with the fast output, divided; both outputs divide the VCO.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from lutscale.golden.errors import InputError

__all__ = ["RATIO", "Pll", "choose_pll"]

RATIO = 5
"""Clocks of the serialiser for a pixel: ten bits, two a clock."""

# MHz; as Project Trellis' ecppll has them, and FPGA-DS-02012 for VCO and outputs.
_PHASE = (3.125, 400.0)
_VCO = (400.0, 800.0)
_OUTPUT = 400.0
_MOST = {"reference": 128, "feedback": 80, "output": 128}


@dataclass(frozen=True)
class Pll:
    """Dividers, and what comes of them.

    Attributes:
        reference: of the oscillator (CLKI_DIV).
        feedback: of the fast output (CLKFB_DIV).
        fast, slow: of the VCO (CLKOP_DIV, CLKOS_DIV).
        pixel: MHz of the slow output.
    """

    reference: int
    feedback: int
    fast: int
    slow: int
    pixel: float

    @property
    def shift(self) -> float:
        """MHz of the fast output."""
        return self.pixel * RATIO

    @property
    def vco(self) -> float:
        """MHz."""
        return self.shift * self.fast


def choose_pll(oscillator: float, pixel: float, tolerance: float = 0.005) -> Pll:
    """The dividers that come nearest to a pixel clock; of equal ones the fastest comparison.

    Args:
        oscillator, pixel: MHz.
        tolerance: the error that is allowed, relative; CTA-861 allows half a per cent.

    Raises:
        InputError: none comes near enough.
    """
    references = range(1, _MOST["reference"] + 1)
    feedbacks = range(1, _MOST["feedback"] + 1)
    best: tuple[float, int, int] | None = None
    for reference, feedback in product(references, feedbacks):
        phase = oscillator / reference
        shift = phase * feedback
        if not _PHASE[0] <= phase <= _PHASE[1] or shift > _OUTPUT:
            continue
        error = abs(shift / RATIO - pixel) / pixel
        if error <= tolerance and (best is None or error < best[0]):
            best = error, reference, feedback
    if best is not None:
        _, reference, feedback = best
        shift = oscillator / reference * feedback
        for fast in range(1, _MOST["output"] // RATIO + 1):
            if _VCO[0] <= shift * fast <= _VCO[1]:
                return Pll(reference, feedback, fast, fast * RATIO, shift / RATIO)
    raise InputError(
        f"pixel clock must be one that the PLL makes of {oscillator:g} MHz within "
        f"{tolerance:.1%}, not {pixel:g} MHz"
    )
