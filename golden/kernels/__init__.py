"""The layers' fast paths once more, as machine code: numba, the package's extra `fast`.

They give the integers of `Layer.reference` and `Layer.fast`, which stay plain numpy. numba is
imported when the first program is compiled; a kind of layer without a kernel runs as `fast`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from lutscale.golden.layers import (
    Ensemble,
    Layer,
    PatternTables,
    PixelShuffle,
    Requantise,
    Residual,
    TapTables,
)
from lutscale.golden.layers.layer import Array
from lutscale.golden.value import ValueType

__all__ = ["available", "compiled_step"]


@cache
def available() -> bool:
    """Whether numba is installed, and takes this Python and this numpy; imports it."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def compiled_step(layer: Layer, given: ValueType) -> Callable[[Sequence[Array]], Array]:
    """What computes a layer, compiled if there is a kernel for it.

    Args:
        given: the type of the value just before it.
    """
    from lutscale.golden.kernels.ensemble import Joined
    from lutscale.golden.kernels.pattern_tables import PatternSums
    from lutscale.golden.kernels.pixel_shuffle import Shuffled
    from lutscale.golden.kernels.requantise import Requantised
    from lutscale.golden.kernels.residual import Added
    from lutscale.golden.kernels.tap_tables import TapSums

    match layer:
        case Ensemble():
            return Joined(layer, given.channels)
        case PatternTables() if not any(pattern.fraction_bits for pattern in layer.patterns):
            return PatternSums(layer)
        case PixelShuffle():
            return Shuffled(layer)
        case Requantise():
            return Requantised(layer)
        case Residual():
            return Added(layer, given.channels)
        case TapTables():
            return TapSums(layer, given.channels)
    return layer.fast
