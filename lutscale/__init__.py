"""LUTscale: super-resolution by lookup table, from training to hardware.

One import package for all rooms. In a checkout `lutscale.golden` and its neighbours are links
to the folders beside this one; in a wheel they are inside it.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("lutscale")
