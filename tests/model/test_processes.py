"""Two processes that share each batch train what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.model.processes import Processes
from tests.support.model.runs import checkpoint, run

ROOT = Path(__file__).parents[2]

SCRIPT = """
import gc
import sys
from pathlib import Path

import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests.support.model.runs import run

leave = dist.destroy_process_group


def last_to_leave():
    # Else PyTorch may hang in leaving.
    assert not any(isinstance(one, DistributedDataParallel) for one in gc.get_objects())
    print("left the group")
    leave()


dist.destroy_process_group = last_to_leave
run(Path(sys.argv[1]), Path(sys.argv[2]), resume=True, stop_after=int(sys.argv[3]))
"""


def run_two(photographs: Path, out: Path, stop_after: int) -> None:
    """Go on with a run in two processes."""
    script = photographs.parent / "two.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(script), str(photographs), str(out), str(stop_after)],
        cwd=ROOT,
        env=dict(os.environ, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("left the group") == 2
    # Only one of them speaks.
    assert done.stdout.count(f"step {stop_after} of 40") == 1


def curve(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_two_processes_train_what_one_does(
    photographs: Path, unbroken: Path, tmp_path: Path
) -> None:
    """And a run goes on with another number of processes."""
    run_two(photographs, tmp_path, 20)
    assert load(tmp_path / "best.npz").provenance["machine"].endswith(", 2 processes")
    run(photographs, tmp_path, resume=True, stop_after=30)
    run_two(photographs, tmp_path, 40)
    one, two = checkpoint(unbroken), checkpoint(tmp_path)
    assert (one["step"], one["patches"]) == (two["step"], two["patches"])
    for name, weights in one["averaged"].items():
        torch.testing.assert_close(two["averaged"][name], weights, rtol=1e-3, atol=1e-3)
    for mine, yours in zip(curve(unbroken), curve(tmp_path), strict=True):
        assert mine["step"] == yours["step"]
        assert mine["loss"] == pytest.approx(yours["loss"], rel=1e-3)
        assert mine["psnr"] == pytest.approx(yours["psnr"], abs=0.02)


def test_shares_of_a_batch_are_the_batch() -> None:
    batch = torch.arange(12).reshape(6, 2)
    shares = [Processes(rank, 3).share(batch) for rank in range(3)]
    assert [len(share) for share in shares] == [2, 2, 2]
    assert sorted(torch.cat(shares).flatten().tolist()) == list(range(12))
    assert torch.equal(Processes().share(batch), batch)
    assert Processes().mean(1.5) == 1.5


def test_processes_that_cannot_share_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(InputError, match="batch must be a multiple of the 3 processes, not 16"):
        Processes.started(16)
