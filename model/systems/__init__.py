"""The systems of the literature as configurations of the same layers."""

from lutscale.model.systems.hklut import hklut
from lutscale.model.systems.iqlut import ecnn, iqlut
from lutscale.model.systems.names import SYSTEMS, TABLES, Trainable, build
from lutscale.model.systems.refqsr import srresnet
from lutscale.model.systems.tinylut import tinylut

__all__ = [
    "SYSTEMS",
    "TABLES",
    "Trainable",
    "build",
    "ecnn",
    "hklut",
    "iqlut",
    "srresnet",
    "tinylut",
]
