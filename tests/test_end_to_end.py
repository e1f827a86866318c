"""A researcher's first hour in small: photographs, training, program, simulated hardware."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.golden.pictures.bicubic import downscale, upscale
from lutscale.golden.pictures.image import SAMPLE_PHOTOS, sample_photo, write_png
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program_file import load

pytest.importorskip("torch")

from lutscale.model.train import main as train
from lutscale.sim.run import main as simulate


@pytest.mark.slow
def test_train_export_simulate(tmp_path: Path) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    for name in SAMPLE_PHOTOS:
        whole = sample_photo(name)
        for k, x in enumerate(range(0, whole.shape[1] - 192, 96)):
            write_png(photos / f"{name}{k}.png", whole[:192, x : x + 192])
    trained = CliRunner().invoke(
        train,
        [
            "iqlut-tiny-x4",
            *("--data", str(photos), "--out", str(run)),
            *("--steps", "400", "--check", "100", "--batch", "8", "--patch", "16"),
            *("--rate", "0.003", "--seed", "1", "--threads", "1"),
        ],
    )
    assert trained.exit_code == 0, trained.output
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [100, 200, 300, 400]
    assert lines[-1]["psnr"] > lines[0]["psnr"]

    # On photographs it was trained on it must beat bicubic, or training does nothing.
    network = load(run / "best.npz")
    hr = sample_photo("astronaut")[:192, :192]
    lr = downscale(hr, 4)
    assert psnr(network.run_image(lr), hr, 4) > psnr(upscale(lr, 4), hr, 4) + 0.1

    simulated = CliRunner().invoke(
        simulate,
        [str(run / "best.npz"), "--crop", "12", "--max-width", "32", "--out", str(tmp_path / "s")],
    )
    assert simulated.exit_code == 0, simulated.output
    result = json.loads(simulated.stdout.splitlines()[-1])
    assert (result["result"], result["mismatches"]) == ("pass", 0)
    assert result["pixels"] == np.prod((48, 48, 3))
