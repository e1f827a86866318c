"""What a report is of and made by; every JSON report carries it, so that none is mistaken."""

from __future__ import annotations

import lutscale
from lutscale.golden import program_file
from lutscale.golden.program import Program
from lutscale.golden.refqsr import network_file
from lutscale.golden.refqsr.network import Network

__all__ = ["origin"]


def origin(program: Program | Network) -> dict[str, str]:
    """ "lutscale", the version of this package, and "program_sha256", as `program_file.digest`, or
    that of `network_file`.
    """
    if isinstance(program, Network):
        found = network_file.digest(program)
    else:
        found = program_file.digest(program)
    return {"lutscale": lutscale.__version__, "program_sha256": found}
