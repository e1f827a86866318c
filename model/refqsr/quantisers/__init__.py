"""How activations become codes of few bits: PAMS, CADyQ, DDTB, DAQ, behind one interface."""

from __future__ import annotations

from lutscale.golden.validate import require_choice
from lutscale.model.refqsr.quantisers.cadyq import Cadyq
from lutscale.model.refqsr.quantisers.daq import Daq
from lutscale.model.refqsr.quantisers.ddtb import Ddtb
from lutscale.model.refqsr.quantisers.pams import Pams
from lutscale.model.refqsr.quantisers.quantiser import Codes, Quantiser
from lutscale.model.refqsr.quantisers.weights import asymmetric, max_abs, symmetric

__all__ = [
    "QUANTISERS",
    "Cadyq",
    "Codes",
    "Daq",
    "Ddtb",
    "Pams",
    "Quantiser",
    "asymmetric",
    "make",
    "max_abs",
    "symmetric",
]

QUANTISERS = ("pams", "cadyq", "ddtb", "daq")


def make(
    name: str, channels: int, bits: int, *, positive: bool = False, fitted: bool = False
) -> Quantiser:
    """The quantiser of a layer's input.

    Args:
        name: one of `QUANTISERS`.
        channels: of what it reads.
        bits: 2..8; CADyQ chooses among 4, 6 and 8 itself.
        positive, fitted: of PAMS.

    Raises:
        TypeError, ValueError: no such name or bits.
    """
    require_choice("quantiser", name, QUANTISERS)
    if name == "cadyq":
        return Cadyq(channels)
    if name == "ddtb":
        return Ddtb(bits, channels)
    return Pams(bits, positive=positive, fitted=fitted) if name == "pams" else Daq(bits)
