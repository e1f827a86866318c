"""The systems of the literature as configurations of the same layers."""

from model.systems.hklut import hklut
from model.systems.iqlut import ecnn, iqlut
from model.systems.names import SYSTEMS, build
from model.systems.tinylut import tinylut

__all__ = ["SYSTEMS", "build", "ecnn", "hklut", "iqlut", "tinylut"]
