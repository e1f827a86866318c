"""Whole frames through the simulated hardware: exact, at speed, and with every fault caught."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.job import Job
from lutscale.sim.stalls import PATTERNS, stalls
from lutscale.sim.workshop import workshop
from tests.support.random_programs import example_frame, example_program

pytestmark = pytest.mark.slow

TINY = Path(__file__).parents[2] / "model" / "zoo" / "iqlut-tiny-x4.npz"
HEIGHT, WIDTH = 17, 24
LINE = re.compile(r"frame \d+ x \d+ y \d+ channel \d: expected \S.*, got \S.*")

Plane = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    pipeline = Pipeline(
        load(TINY), Build(clocks_per_pixel=4, pixels_per_beat=4, max_width=WIDTH, max_height=HEIGHT)
    )
    folder = tmp_path_factory.mktemp("whole") / "job"
    job = Job(pipeline, folder, frame_size=HEIGHT * WIDTH, quick=True)
    job.build()
    return job


@pytest.fixture(scope="module")
def planes() -> list[Plane]:
    photo = sample_photo("astronaut")[60 : 60 + HEIGHT, 200 : 200 + WIDTH]
    return [np.ascontiguousarray(photo[..., c]) for c in range(3)]


@pytest.fixture(scope="module")
def expected(job: Job, planes: list[Plane]) -> list[Plane]:
    return [job.pipeline.program.run(plane) for plane in planes]


def check_exact(found: dict[str, Any], expected: list[Plane]) -> None:
    assert found["first_mismatches"] == []
    wrong = {name: found[name] for name in ("mismatches", "timeout", "unstable", "malformed")}
    assert not any(wrong.values()), wrong
    np.testing.assert_array_equal(found["planes"], expected)


def check_caught(found: dict[str, Any]) -> None:
    assert found["mismatches"] > 0
    assert len(found["first_mismatches"]) == min(found["mismatches"], 5)
    for line in found["first_mismatches"]:
        assert LINE.fullmatch(line), line


def test_three_planes_at_one_pixel_each_fold(
    job: Job, planes: list[Plane], expected: list[Plane]
) -> None:
    found = job.run(planes, expected, channels=3)
    check_exact(found, expected)
    size = HEIGHT * WIDTH
    assert found["steady_to"] - found["steady_from"] == 4 * (2 * size - 1)
    assert found["received"] == 3 * size * 4


def test_smaller_frames_on_the_same_build(job: Job) -> None:
    for height, width in ((1, 1), (HEIGHT, 1), (5, 7)):
        planes = [example_frame(seed, height, width) for seed in range(2)]
        expected = [job.pipeline.program.run(plane) for plane in planes]
        check_exact(job.run(planes, expected), expected)


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_stalls_change_nothing_but_time(
    job: Job, planes: list[Plane], expected: list[Plane], pattern: str
) -> None:
    found = job.run(planes, expected, channels=3, stalls=stalls(pattern, 4))
    check_exact(found, expected)
    assert found["steady_to"] - found["steady_from"] > 4.2 * (2 * HEIGHT * WIDTH - 1)


def test_a_second_build_compiles_nothing(
    job: Job, planes: list[Plane], expected: list[Plane], tmp_path: Path
) -> None:
    """Wherever it is asked for: what was compiled is found by its content."""
    made = written(workshop() / "models")
    again = Job(job.pipeline, tmp_path / "another job", frame_size=job.frame_size, quick=True)
    again.build()
    assert not (again.folder / "build.log").exists()
    check_exact(again.run(planes, expected), expected)
    # Other workers may have added to it.
    assert written(workshop() / "models").items() >= made.items()


def written(models: Path) -> dict[Path, int]:
    """When each compiled model was written, in ns."""
    return {path: path.stat().st_mtime_ns for path in models.glob("*/*")}


def test_a_flipped_bit_in_a_rom_is_caught(
    job: Job, planes: list[Plane], expected: list[Plane]
) -> None:
    image = sorted((job.folder / "rtl").glob("*quantiser*.hex"))[0]
    text = image.read_text()
    words = re.findall(r"^[0-9a-f]+$", text, re.MULTILINE)
    # The highest bit of a word is that of a segment's number.
    entry = words[len(words) // 2]
    flipped = f"{int(entry, 16) ^ 1 << int(max(words), 16).bit_length() - 1:0{len(entry)}x}"
    place = [match.start() for match in re.finditer(rf"^{entry}$", text, re.MULTILINE)][-1]
    image.write_text(text[:place] + flipped + text[place + len(entry) :])
    try:
        check_caught(job.run(planes, expected, channels=3))
    finally:
        image.write_text(text)


def test_a_dropped_pixel_is_caught(job: Job, planes: list[Plane], expected: list[Plane]) -> None:
    pixels = np.delete(planes[1].reshape(-1), 5 * WIDTH + 3)
    shifted = np.append(pixels, pixels[-1:]).reshape(HEIGHT, WIDTH)
    found = job.run([planes[0], shifted, planes[2]], expected, channels=3)
    check_caught(found)
    np.testing.assert_array_equal(found["planes"][0], expected[0])
    np.testing.assert_array_equal(found["planes"][2], expected[2])
    assert all(line.startswith("frame 0 x ") for line in found["first_mismatches"])
    assert all("channel 1:" in line for line in found["first_mismatches"])


def test_a_wrong_border_is_caught(job: Job, planes: list[Plane], expected: list[Plane]) -> None:
    margin = 8
    scale = job.pipeline.program.scale
    inside = slice(margin * scale, -margin * scale)
    padded = [job.pipeline.program.run(np.pad(plane, margin))[inside, inside] for plane in planes]
    found = job.run(planes, padded, channels=3)
    check_caught(found)
    # What differs is the border, and only the golden side of the comparison.
    np.testing.assert_array_equal(found["planes"], expected)
    far = slice(4 * scale, -4 * scale)
    for plane, right in zip(padded, expected, strict=True):
        np.testing.assert_array_equal(plane[far, far], right[far, far])


def test_frames_that_do_not_fit(job: Job) -> None:
    wide, tall = example_frame(1, HEIGHT, WIDTH + 1), example_frame(1, HEIGHT + 1, WIDTH)
    with pytest.raises(InputError, match="frame must be at most 24x17, the built size, not 25x17"):
        job.run([wide], [wide])
    with pytest.raises(InputError, match="frame must be at most 24x17, the built size, not 24x18"):
        job.run([tall], [tall])
    fits = example_frame(1, HEIGHT, WIDTH)
    message = "a run must have at most 3 frames of 408 pixels, not 4 of 408"
    with pytest.raises(InputError, match=message):
        job.run([fits] * 4, [fits] * 4)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")
def test_icarus(tmp_path: Path) -> None:
    program = example_program(3, 2, max_taps=2, max_channels=2)
    pipeline = Pipeline(
        program, Build(clocks_per_pixel=4, pixels_per_beat=2, max_width=8, max_height=6)
    )
    job = Job(pipeline, tmp_path / "job", simulator="icarus", frame_size=48)
    job.build()
    planes = [example_frame(seed, 6, 8) for seed in range(2)]
    expected = [program.run(plane) for plane in planes]
    check_exact(job.run(planes, expected), expected)
    (job.folder / "build.log").unlink(missing_ok=True)
    job.build()
    assert not (job.folder / "build.log").exists()
