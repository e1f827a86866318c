"""Colour as video carries it: luma through a program, chroma through bilinear, in integers."""

from lutscale.golden.colour.chroma import chroma_taps, doubled, enlarge_chroma, halved
from lutscale.golden.colour.description import FORMATS, MATRICES, RANGES, SITINGS, Colour
from lutscale.golden.colour.matrices import Matrix, matrix_of
from lutscale.golden.colour.packing import pack, unpack
from lutscale.golden.colour.pictures import from_rgb, to_rgb
from lutscale.golden.colour.run import run_colour

__all__ = [
    "FORMATS",
    "MATRICES",
    "RANGES",
    "SITINGS",
    "Colour",
    "Matrix",
    "chroma_taps",
    "doubled",
    "enlarge_chroma",
    "from_rgb",
    "halved",
    "matrix_of",
    "pack",
    "run_colour",
    "to_rgb",
    "unpack",
]
