"""Every test of a twin starts from the same random numbers."""

import pytest


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
