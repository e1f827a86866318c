"""What a report is of and made by; every JSON report carries it, so that none is mistaken."""

from __future__ import annotations

import lutscale
from lutscale.golden.program import Program
from lutscale.golden.program_file import digest

__all__ = ["origin"]


def origin(program: Program) -> dict[str, str]:
    """ "lutscale", the version of this package, and "program_sha256", as `program_file.digest`."""
    return {"lutscale": lutscale.__version__, "program_sha256": digest(program)}
