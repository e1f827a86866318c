"""The benchmark's command: files, tables and picture."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.golden.task import Task
from lutscale.hw.build import Build
from lutscale.model.released.hklut import hklut
from lutscale.reports import quality
from lutscale.reports.benchmark_page import to_markdown
from lutscale.reports.benchmark_picture import picture, place_labels, points
from lutscale.reports.costs import costs
from lutscale.reports.published import PUBLISHED, Published
from lutscale.reports.quality import main
from lutscale.reports.scores import Trial, find_sets, measure
from tests.support.family_programs import hklut_like, tinylut_like
from tests.support.released_tables import write_hklut

ZOO = Path(__file__).parents[2] / "model" / "zoo"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder, name in (("Set5/HR", "astronaut"), ("Set14", "chelsea"), ("holiday", "coffee")):
        write_png(tmp_path / "data" / "test" / folder / "one.png", crop(name))
    write_png(tmp_path / "data" / "test" / "Set12" / "01.png", crop("coffee")[..., 0])
    return tmp_path / "data"


def crop(name: str) -> np.ndarray:
    return sample_photo(name)[100:151, 100:162]


@pytest.fixture(scope="module")
def tiny() -> Program:
    return load(ZOO / "iqlut-tiny-x4.npz")


@pytest.fixture
def programs(tmp_path: Path, tiny: Program) -> list[Path]:
    """Ours at x4, one of two stages, released tables, and a denoiser."""
    denoiser = replace(tinylut_like(4), task=Task("denoise", 25))
    released = hklut(write_hklut(tmp_path / "tables"))
    made = {"tiny": tiny, "stages": hklut_like(0), "released": released, "denoiser": denoiser}
    for name, program in made.items():
        save(program, tmp_path / f"{name}.npz")
    return [tmp_path / f"{name}.npz" for name in made]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_every_kind_of_program(data: Path, programs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(*programs, "--data", data, "--out", out, "--card", "--max-width", 64)
    assert result.exit_code == 0, result.output
    # No terminal, so no bar, but a line for each set.
    assert result.stderr.splitlines() == [
        *(f"{name}, x4: programs 3, images 1" for name in ("Set5", "Set14", "holiday")),
        "Set12, denoising, sigma 25: programs 1, images 1",
    ]
    assert sorted(path.name for path in out.iterdir()) == [
        "benchmark.json", "benchmark.md", "benchmark.png"
    ]  # fmt: skip
    written = json.loads((out / "benchmark.json").read_text())
    tiny, stages, released, denoiser = written["programs"]
    assert list(tiny["sets"]) == list(stages["sets"]) == ["Set5", "Set14", "holiday"]
    assert list(denoiser["sets"]) == ["Set12"]
    images = find_sets(data)["Set5"]
    assert tiny["sets"]["Set5"] == measure([load(programs[0])], images, Trial(4))[0]
    noisy = measure([load(programs[3])], find_sets(data)["Set12"], Trial(1, Task("denoise", 25)))[0]
    assert denoiser["sets"]["Set12"] == noisy
    assert denoiser["baseline"] == "noisy input"
    for path, entry in zip(programs, written["programs"], strict=True):
        assert entry["costs"] == costs(load(path), Build(max_width=64))
    assert released["trained_on"] == "tables released by the authors of HKLUT"
    assert stages["trained_on"] == "training pictures not recorded"
    assert tiny["trained_on"].startswith("589 photographs of BSD200, ")
    assert tiny["trained_on"].endswith("(no DIV2K)")
    _check_page((out / "benchmark.md").read_text(), written)
    with Image.open(io.BytesIO((out / "benchmark.png").read_bytes())) as image:
        assert image.size[0] == 1600
    # The released tables stand for the literature's figure of themselves.
    shown = {point.name: point.kind for point in points(written)}
    assert shown["iqlut-tiny-x4"] == "ours"
    assert shown["hklut-imported-x4"] == "imported"
    assert (shown["HKLUT-L"], shown["TinyLUT-S"]) == ("published", "measured")
    assert "HKLUT-S" not in shown
    assert denoiser["name"] not in shown
    for path, says in zip(programs, ("bicubic", "bicubic", "bicubic", "noisy input"), strict=True):
        text = path.with_suffix(".md").read_text()
        assert f"| set | images | PSNR | SSIM | {says} PSNR | {says} SSIM |" in text
        assert f"    lutscale benchmark {path}\n" in text


def _check_page(text: str, written: dict[str, Any]) -> None:
    for entry in written["programs"]:
        cells = [
            f"{entry['costs'][key]:,}" for key in ("table_bytes", "table_bytes_with_quantiser")
        ]
        assert f"| `{entry['name']}` | {cells[0]} | {cells[1]} | " in text
        for row in entry["sets"].values():
            assert f"{row['psnr']:.3f} / {row['ssim']:.4f}" in text
    for words in (
        "## Super-resolution, x4",
        "## Denoising, sigma 25",
        "| noisy input |",
        "| bicubic |",
        "| ShiftLUT-L | 119,182 | 31.33 | 28.10 | 27.20 | 25.12 | DIV2K | measured; ",
        "| TinyLUT-F | 171 KB | 31.18 |",
        "| IQ-LUT (large) | 124 KB | 31.5 |",
        "The systems of the literature are trained on DIV2K.",
        "with seed 0 for the first image",
    ):
        assert words in text
    assert "| Set5 (1 image), dB / SSIM | Set14 (1 image), dB / SSIM | holiday (1 " in text
    for block in text.split("\n\n"):
        if block.startswith("| "):
            assert len({row.count("|") for row in block.splitlines()}) == 1


def test_the_zoo_is_measured_when_nothing_is_named(
    data: Path, tiny: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "folder", lambda: tmp_path / "zoo")
    result = run("--data", data, "--out", tmp_path / "out")
    assert (
        result.stderr == f"error: {tmp_path / 'zoo'}: must hold programs (.npz), but holds none\n"
    )
    for name in ("b", "a"):
        save(replace(tiny, name=name), tmp_path / "zoo" / f"{name}.npz")
    result = CliRunner(env={"LUTSCALE_DATA": str(data)}).invoke(
        main, ["--out", str(tmp_path / "out"), "--set", "Set14"]
    )
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert [entry["name"] for entry in written["programs"]] == ["a", "b"]


def test_no_picture_without_set5(data: Path, programs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(programs[0], "--data", data, "--out", out).exit_code == 0
    assert (out / "benchmark.png").exists()
    result = run(programs[0], "--data", data, "--out", out, "--set", "holiday", "--seed", 4)
    assert "no picture: it shows x4 on Set5, which was not measured" in result.stdout
    assert not (out / "benchmark.png").exists()
    assert "--set holiday --seed 4" in (out / "benchmark.md").read_text()


def test_sigma_can_be_given(data: Path, programs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--data", data, "--out", out, "--sigma", 50, "--seed", 2, "--card")
    assert run(programs[3], *options).exit_code == 0
    entry = json.loads((out / "benchmark.json").read_text())["programs"][0]
    assert entry["sigma"] == 50
    assert entry["sets"]["Set12"]["psnr_baseline"] < 16
    text = programs[3].with_suffix(".md").read_text()
    assert "Greyscale denoising, sigma 50: " in text
    assert f"lutscale benchmark {programs[3]} --sigma 50 --seed 2\n" in text


def test_a_denoiser_without_its_sets_is_said_to_be_unmeasured(
    data: Path, programs: list[Path], tmp_path: Path
) -> None:
    options = ("--data", data, "--out", tmp_path / "out", "--set", "Set5")
    result = run(programs[0], programs[3], *options)
    assert result.exit_code == 0, result.output
    assert "no set for it" in result.stdout


def test_bad_input_is_one_line_and_leaves_nothing(
    data: Path, programs: list[Path], tmp_path: Path, tiny: Program
) -> None:
    broken, unnamed, out = tmp_path / "broken.npz", tmp_path / "unnamed.npz", tmp_path / "out"
    broken.write_bytes(b"no program")
    save(tinylut_like(4), unnamed)
    good, denoiser = programs[0], programs[3]
    both = ("--data", data)
    cases: list[tuple[tuple[object, ...], str]] = [
        ((tmp_path / "none.npz", *both), "none.npz: must be a program file, but there is no such"),
        ((good, broken, *both), f"{broken}: must be a program file (.npz), not"),
        ((good,), "--data (or LUTSCALE_DATA) must be a folder of test sets, but is missing"),
        ((good, "--data", tmp_path / "no"), "no: must hold folders of images, such as Set5, but"),
        ((good, *both, "--set", "Set99"), "--set must be one of Set5, Set14, Set12, holiday in"),
        (
            (unnamed, *both),
            "sigma must be a number above 0, at most 255, in the program's task",
        ),
        ((denoiser, *both, "--sigma", 0), "or by --sigma, not 0.0"),
        (
            (denoiser, *both, "--set", "Set5"),
            "test sets must be Set12 or BSD68 for these programs, not Set5",
        ),
        (
            (good, *both, "--set", "Set12"),
            "test sets must be sets to enlarge (such as Set5) for these programs, not Set12",
        ),
    ]
    for arguments, says in cases:
        result = CliRunner(env={"LUTSCALE_DATA": None}).invoke(
            main, [*map(str, arguments), "--out", str(out)]
        )
        assert result.exit_code == 2, arguments
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert says in result.stderr
        assert not out.exists()


def test_a_program_that_cannot_be_built_is_named(
    data: Path, programs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("depth must be at least 1, not 0")

    monkeypatch.setattr(quality, "costs", refuse)
    with pytest.raises(InputError) as caught:
        quality.benchmark({programs[0]: load(programs[0])}, find_sets(data), Build())
    assert str(caught.value) == f"{programs[0]}: depth must be at least 1, not 0"


def test_published_figures() -> None:
    assert len({system.name for system in PUBLISHED}) == len(PUBLISHED) == 12
    sizes = {system.name: (system.bytes, system.size) for system in PUBLISHED}
    assert sizes["HKLUT-S"] == (102_400, "102,400")
    assert sizes["TinyLUT-F"] == (171 * 1024, "171 KB")
    assert sizes["SPF-LUT + DFC"] == (round(2.1 * 2**20), "2.1 MB")
    with pytest.raises(ValueError, match="source must be one of measured, published, not 'heard'"):
        Published("X", 1, True, {}, "heard")
    with pytest.raises(ValueError, match="bytes must be at least 1, not 0"):
        Published("X", 0, True, {}, "measured")


def test_labels_touch_neither_points_nor_each_other() -> None:
    centres = [(100.0, 100.0), (108.0, 102.0), (104.0, 95.0), (395.0, 100.0), (112.0, 110.0)]
    room, wall = (0.0, 0.0, 400.0, 300.0), (150.0, 0.0, 152.0, 300.0)
    sizes = [(60.0, 12.0)] * len(centres)
    boxes = place_labels(centres, sizes, room, [wall], gap=8)
    for k, box in enumerate(boxes):
        assert room[0] <= box[0] <= box[2] <= room[2]
        assert (round(box[2] - box[0], 6), round(box[3] - box[1], 6)) == (60, 12)
        others = [*boxes[:k], *boxes[k + 1 :], wall]
        assert not any(overlap(box, other) for other in others)
        assert not any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in centres)
    # With all the room there is, a label stands right of its point.
    assert place_labels([(100.0, 100.0)], [(60.0, 12.0)], room, gap=8) == [
        (108.0, 94.0, 168.0, 106.0)
    ]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def test_texts_and_picture_are_the_same_each_time(
    data: Path, programs: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run(programs[0], "--data", data, "--out", out).exit_code == 0
    written = json.loads((out / "benchmark.json").read_text())
    assert to_markdown(written) == (out / "benchmark.md").read_text()
    assert picture(written) == (out / "benchmark.png").read_bytes()
