"""The systems of the literature as configurations of the same layers."""

from lutscale.model.systems.hklut import hklut
from lutscale.model.systems.iqlut import ecnn, iqlut
from lutscale.model.systems.names import SYSTEMS, build
from lutscale.model.systems.tinylut import tinylut

__all__ = ["SYSTEMS", "build", "ecnn", "hklut", "iqlut", "tinylut"]
