"""Matrix products on one thread."""

from __future__ import annotations

from threadpoolctl import ThreadpoolController

__all__ = ["BLAS"]

BLAS = ThreadpoolController().select(user_api="blas")
"""``with BLAS.limit(limits=1):``: golden's thin products gain little from threads, and lose much
where another core is busy."""
