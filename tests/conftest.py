"""What the tests of all packages share."""

import os
from pathlib import Path

import pytest

# Before numpy and PyTorch start their threads: workers share the cores already, and on frames as
# small as the tests' threads only wait for each other.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    # Many tests, and all reports, only ask a component for its latency, memories or refusals.
    config.addinivalue_line("filterwarnings", "ignore::amaranth.hdl.UnusedElaboratable")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of image sets (`test/Set5/HR/...`): LUTSCALE_DATA, else ../shared/data."""
    named = os.environ.get("LUTSCALE_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "test").is_dir():
        pytest.skip(f"needs the image sets: {folder} has no test/ (set LUTSCALE_DATA)")
    return folder


@pytest.fixture(scope="session")
def peers() -> Path:
    """Tables that authors released (`hklut/`, `tinylut/`): LUTSCALE_PEERS, else ../shared/peers."""
    named = os.environ.get("LUTSCALE_PEERS")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "peers"
    if not (folder / "hklut").is_dir():
        pytest.skip(f"needs released tables: {folder} has no hklut/ (set LUTSCALE_PEERS)")
    return folder
