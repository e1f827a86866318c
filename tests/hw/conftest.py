"""What the hardware tests share."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # Many tests only ask a component for its latency, its memories or its refusals.
    config.addinivalue_line("filterwarnings", "ignore::amaranth.hdl.UnusedElaboratable")
