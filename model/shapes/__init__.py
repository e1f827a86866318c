"""Networks as lists of layers with nothing in them: what training and the explorer both read.

Nothing here needs PyTorch.
"""

from lutscale.model.shapes.iqlut import ecnn, iqlut
from lutscale.model.shapes.names import IQLUT
from lutscale.model.shapes.shape import Add, Codes, LayerShape, Shape, Shift, Shuffle, Taps
from lutscale.model.shapes.tied import stored_channels

__all__ = [
    "IQLUT",
    "Add",
    "Codes",
    "LayerShape",
    "Shape",
    "Shift",
    "Shuffle",
    "Taps",
    "ecnn",
    "iqlut",
    "stored_channels",
]
