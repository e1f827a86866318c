"""``lutscale sim``: one run from end to end, and every bad input in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from lutscale.golden.errors import InputError
from lutscale.golden.origin import origin
from lutscale.golden.pictures.image import read_rgb, sample_photo, write_png
from lutscale.golden.program_file import load, save
from lutscale.golden.task import ENLARGE, Task
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim import run
from lutscale.sim.job import Job
from lutscale.sim.run import choose, is_short, main, simulate
from lutscale.sim.stalls import PATTERNS, stalls
from tests.support.family_programs import tinylut_like
from tests.support.random_programs import example_frame

ROOT = Path(__file__).parents[2]
TINY = ROOT / "model" / "zoo" / "iqlut-tiny-x4.npz"

KEYS = {
    "program",
    "frame",
    "clocks",
    "clocks_per_pixel",
    "clocks_per_pixel_measured",
    "pixels",
    "mismatches",
    "psnr",
    "psnr_bicubic",
    "table_bytes",
    "on_chip_bytes",
    "line_width",
    "pixels_per_beat",
    "simulator",
    "seconds",
    "result",
}


@pytest.mark.slow
def test_end_to_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "lutscale",
        "sim",
        str(TINY),
        "--crop",
        "16",
        "--stalls",
        "--out",
        str(out),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(result) >= KEYS
    program = load(TINY)
    assert result["program"] == program.name
    assert (result["result"], result["mismatches"]) == ("pass", 0)
    assert result["frame"].startswith("16x16x3 astronaut[")
    assert result["pixels"] == 64 * 64 * 3
    assert result["clocks_per_pixel_measured"] == result["clocks_per_pixel"] == 4
    assert result["clocks"] > 3 * 16 * 16 * 4
    assert result["table_bytes"] == program.table_bytes
    assert (result["line_width"], result["pixels_per_beat"]) == (480, 4)
    assert 15 < result["psnr_bicubic"] < 50
    assert 15 < result["psnr"] < 50
    assert list(result["stalls"]) == list(PATTERNS)
    assert result["stalls"]["none"] == result["clocks"] < min(list(result["stalls"].values())[1:])

    # The pictures are what the numbers speak of: the hardware's is golden's of the input.
    given, hardware = read_rgb(out / "input.png"), read_rgb(out / "hardware.png")
    assert given.shape == (16, 16, 3)
    np.testing.assert_array_equal(hardware, program.run_image(given))
    assert read_rgb(out / "bicubic.png").shape == (64, 64, 3)
    assert read_rgb(out / "difference.png").shape == (64, 64, 3)
    comparison = read_rgb(out / "comparison.png")
    assert comparison.shape == (64, 4 * 64 + 3 * 6, 3)
    np.testing.assert_array_equal(comparison[:, 140:204], hardware)

    # The same is kept for reports, in the folder of the program and the build.
    folder = out / "iqlut-tiny-x4-f4-b4-verilator"
    kept = json.loads((folder / "sim.json").read_text())
    assert {name: kept[name] for name in result} == result
    assert (kept["format"], kept["version"], kept["origin"]) == ("lutscale-sim", 1, origin(program))
    assert Build(**{**kept["build"], "target": Build.target}) == Build()
    assert set(kept["pictures"]) == {"input", "bicubic", "hardware", "difference", "original"}
    for file in kept["pictures"].values():
        assert (folder / file).read_bytes() == (out / file).read_bytes()


def test_what_goes_wrong_under_stalls_alone_is_a_fault(tmp_path: Path) -> None:
    """A fault of each kind, in one pattern each, is counted and told with the pattern's name."""
    kinds = {
        "random_source": {"mismatches": 2, "first_mismatches": ["frame 0", "frame 1"]},
        "random_sink": {"timeout": 1},
        "one_cycle_ready": {"unstable": 1},
        "both": {"malformed": 1},
    }

    class Faulty(Job):
        def run(self, planes: Any, expected: Any, **options: Any) -> dict[str, Any]:
            (name,) = (name for name in PATTERNS if stalls(name, 4) == options["stalls"])
            flags = dict.fromkeys(("mismatches", "timeout", "unstable", "malformed"), 0)
            times = {"clocks": 9, "steady_from": 0, "steady_to": 1, "first_mismatches": []}
            return {**flags, **times, "planes": expected, **kinds.get(name, {})}

    pipeline: Any = SimpleNamespace(program=load(TINY), build=Build())
    job = Faulty(pipeline, tmp_path)
    subject = choose("coffee", 4, 4, False)
    calm, picture = simulate(job, subject)
    assert (calm["faults"], calm["mismatches"], list(calm["stalls"])) == ([], 0, ["none"])
    np.testing.assert_array_equal(picture, pipeline.program.run_image(subject.lr))
    found, _ = simulate(job, subject, stalled=True)
    assert found["mismatches"] == 2
    assert found["faults"] == [
        "random_source: mismatch: frame 0",
        "random_source: mismatch: frame 1",
        "random_sink: timeout: no last beat within 9 clocks",
        "one_cycle_ready: m_axis: a beat changed or went away before tready",
        "both: malformed: high, though every frame was well-formed",
    ]


def refuse(tmp_path: Path, *arguments: str) -> str:
    """Run with ``arguments``; the one line on stderr."""
    out = tmp_path / "out"
    ran = CliRunner().invoke(main, [*arguments, "--out", str(out)])
    assert ran.exit_code == 2, ran.output
    assert not out.exists()
    lines = ran.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0].removeprefix("error: ")


def test_missing_program(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.npz")
    assert missing in refuse(tmp_path, missing)


def test_program_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("hello")
    assert "text.npz" in refuse(tmp_path, str(tmp_path / "text.npz"))


def test_image_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("hello")
    line = refuse(tmp_path, str(TINY), "--image", str(tmp_path / "notes.png"))
    assert line == f"{tmp_path / 'notes.png'}: must be an image that can be read, such as PNG"


def test_missing_image(tmp_path: Path) -> None:
    line = refuse(tmp_path, str(TINY), "--image", str(tmp_path / "none.png"))
    assert line == f"{tmp_path / 'none.png'}: must be an image file, but there is no such file"


def test_a_wrong_photograph(tmp_path: Path) -> None:
    line = refuse(tmp_path, str(TINY), "--image", "astronuat")
    assert line.startswith("image must be a file or one of astronaut, coffee, ")
    assert line.endswith(", not 'astronuat'")


def test_image_with_alpha(tmp_path: Path) -> None:
    path = tmp_path / "alpha.png"
    Image.new("RGBA", (32, 32), (1, 2, 3, 4)).save(path)
    assert "must have no alpha channel" in refuse(tmp_path, str(TINY), "--image", str(path))


def test_image_with_16_bits(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((32, 32), 1000, np.uint16)).save(path)
    assert "must have 8 bits a sample, not more" in refuse(
        tmp_path, str(TINY), "--image", str(path)
    )


def test_frame_wider_than_built(tmp_path: Path) -> None:
    line = refuse(tmp_path, str(TINY), "--crop", "48", "--max-width", "32")
    assert line.endswith("LR frame must be at most 32x540 (MAX_WIDTH, MAX_HEIGHT), not 48x48")


def test_image_smaller_than_a_patch(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    write_png(path, example_frame(1, 3, 9))
    line = refuse(tmp_path, str(TINY), "--image", str(path))
    assert line == f"{path}: must be at least 4x4 pixels, not 9x3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--clocks-per-pixel", "3"),
            "clocks_per_pixel must be at least 4 for scale 4 with 4 pixels a beat, not 3",
        ),
        (("--clocks-per-pixel", "0"), "clocks_per_pixel must be in 1..4096, not 0"),
        (("--pixels-per-beat", "3"), "pixels_per_beat must be 1, 2 or 4, not 3"),
    ],
)
def test_impossible_fold(tmp_path: Path, options: tuple[str, str], message: str) -> None:
    # In a process of its own: what Amaranth has to say of unused components must not show.
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lutscale", "sim", str(TINY), "--crop", "8", *options]
    command += ["--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
    assert not out.exists()


@pytest.mark.parametrize(
    ("task", "provenance", "sigma"),
    [
        (Task("denoise", 15), {"sigma": "25"}, 15),
        (ENLARGE, {"sigma": "25", "task": "denoise"}, 0),
        (ENLARGE, {"sigma": 10**400}, 0),
    ],
    ids=["denoise", "a text", "beyond floats"],
)
def test_the_task_alone_says_the_noise(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: Task,
    provenance: dict[str, Any],
    sigma: float,
) -> None:
    save(replace(tinylut_like(4), task=task, provenance=provenance), tmp_path / "a.npz")
    asked: list[float] = []

    def stop(image: str, scale: int, crop: int, is_lr: bool, sigma: float, frame: None) -> None:
        asked.append(sigma)
        raise InputError("nothing must be simulated here")

    monkeypatch.setattr(run, "choose", stop)
    assert refuse(tmp_path, str(tmp_path / "a.npz")) == "nothing must be simulated here"
    assert asked == [sigma]


def test_a_denoiser_gets_noise_of_fixed_seeds() -> None:
    first, again = (choose("coffee", 1, 24, False, 25) for _ in range(2))
    np.testing.assert_array_equal(first.lr, again.lr)
    assert first.hr is not None
    apart = first.lr.astype(int) - first.hr
    # Clipping takes a little off.
    assert 20 < apart.std() < 26
    assert not np.array_equal(apart[..., 0], apart[..., 1])


def test_models_of_short_runs_are_compiled_in_the_least_time() -> None:
    pipeline = Pipeline(load(TINY), Build(clocks_per_pixel=4))
    # 3 * 4 clocks a pixel, and half a million clocks.
    assert is_short(pipeline, 64, 64)
    assert is_short(pipeline, 41666, 1)
    assert not is_short(pipeline, 41667, 1)


def test_a_frame_of_any_size() -> None:
    """The middle of the picture, and beyond its borders the picture mirrored."""
    whole = sample_photo("coffee")
    height, width = whole.shape[:2]
    small = choose("coffee", 4, 64, True, frame=(20, 10)).lr
    y, x = (height - 10) // 2, (width - 20) // 2
    np.testing.assert_array_equal(small, whole[y : y + 10, x : x + 20])
    large = choose("coffee", 4, 64, True, frame=(width + 3, 2 * height)).lr
    assert large.shape == (2 * height, width + 3, 3)
    middle = large[height // 2 : height // 2 + height, 1 : 1 + width]
    np.testing.assert_array_equal(middle, whole)
    np.testing.assert_array_equal(large[height // 2 - 1, 1 : 1 + width], whole[0])
    np.testing.assert_array_equal(large[:, 0], large[:, 1])
    made = choose("coffee", 4, 64, False, frame=(96, 54))
    assert made.lr.shape == (54, 96, 3)
    assert made.hr is not None
    assert made.hr.shape == (216, 384, 3)


@pytest.mark.parametrize("frame", ["960", "0x540", "960x540x3", "-1x2"])
def test_a_frame_that_is_none(frame: str, tmp_path: Path) -> None:
    line = refuse(tmp_path, str(TINY), "--frame", frame)
    assert line == f"frame must be WIDTHxHEIGHT, as 960x540, not {frame!r}"
