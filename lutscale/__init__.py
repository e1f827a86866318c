"""LUTscale: super-resolution by lookup table, from training to hardware.

One import package for all rooms. In a checkout `lutscale.golden` and its neighbours are links
to the folders beside this one; in a wheel they are inside it.
"""

__all__ = ["__version__"]

__version__: str
"""Version of the installed package."""


def __getattr__(name: str) -> str:
    # Asked for seldom, and reading it takes longer than importing all of this package.
    if name == "__version__":
        from importlib.metadata import version

        return version("lutscale")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
