"""PSNR and SSIM of programs on folders of images, to enlarge and to denoise."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.pictures.bicubic import downscale, upscale
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.pictures.noise import noisy
from lutscale.golden.pictures.quality import psnr, ssim
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.golden.task import Task
from lutscale.reports.scores import Trial, find_sets, measure, suitable, trial_of
from tests.support.family_programs import tinylut_like

ZOO = Path(__file__).parents[2] / "model" / "zoo"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Folders of crops, no side of which is a multiple of 4."""
    test = tmp_path / "data" / "test"
    for k, name in enumerate(("astronaut", "coffee")):
        write_png(test / "Set5" / "HR" / f"{name}.png", crop(name, k))
        write_png(test / "Set5" / "LRx4" / f"{name}.png", crop(name, k))
        write_png(test / "Set12" / f"{name}.png", crop(name, k)[..., 0])
    write_png(test / "holiday" / "one.png", crop("chelsea", 2))
    write_png(test / "Set14" / "one.png", crop("chelsea", 2))
    (test / "notes").mkdir()
    (test / ".cache").mkdir()
    (test / "README.md").write_text("about the sets")
    write_png(test / ".cache" / "one.png", crop("chelsea", 2))
    return tmp_path / "data"


def crop(name: str, k: int) -> np.ndarray:
    return sample_photo(name)[100 : 151 + k, 100 : 162 + k]


@pytest.fixture(scope="module")
def tiny() -> Program:
    return load(ZOO / "iqlut-tiny-x4.npz")


def denoiser(sigma: float | None = None) -> Program:
    program = tinylut_like(4)
    assert program.scale == 1
    return program if sigma is None else replace(program, task=Task("denoise", sigma))


def noise(sigma: float, seed: int = 0) -> Trial:
    return Trial(1, Task("denoise", sigma), seed)


def test_sets_are_all_folders_of_images(data: Path) -> None:
    (data / "test" / "Set5" / "HR" / "notes.txt").write_text("about the set")
    with pytest.warns(InputWarning) as caught:
        found = find_sets(data)
    root = data / "test"
    assert [str(warning.message) for warning in caught] == [
        f"{root}: skipped, as no sets: README.md, notes",
        f"{root / 'Set5' / 'HR'}: skipped, as no images: notes.txt",
    ]
    assert list(found) == ["Set5", "Set14", "Set12", "holiday"]
    assert [path.parent.name for path in found["Set5"]] == ["HR", "HR"]
    with pytest.warns(InputWarning):
        assert find_sets(data / "test") == found
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(find_sets(data, ("holiday", "Set14"))) == ["Set14", "holiday"]
    assert list(suitable(Trial(4), found)) == ["Set5", "Set14", "holiday"]
    assert list(suitable(noise(25), found)) == ["Set12"]


def test_missing_sets_are_told(data: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "data" / "test" / "notes", tmp_path / "nowhere"):
        with pytest.raises(InputError) as caught:
            find_sets(place)
        assert str(caught.value) == (
            f"{place}: must hold folders of images, such as Set5, but holds none"
        )
    with pytest.raises(InputError) as caught:
        find_sets(data, ("Set5", "Set99"))
    assert str(caught.value) == (
        f"--set must be one of Set5, Set14, Set12, holiday in {data / 'test'}, not 'Set99'"
    )


def test_sets_of_tiff_are_found(tmp_path: Path, tiny: Program) -> None:
    (tmp_path / "Mine").mkdir()
    Image.fromarray(crop("coffee", 0)).save(tmp_path / "Mine" / "one.tif")
    write_png(tmp_path / "Same" / "one.png", crop("coffee", 0))
    found = find_sets(tmp_path)
    assert list(found) == ["Mine", "Same"]
    assert measure([tiny], found["Mine"], Trial(4)) == measure([tiny], found["Same"], Trial(4))


def test_scores_are_means_of_the_images(data: Path, tiny: Program) -> None:
    seen = []
    twice = measure([tiny, tiny], find_sets(data)["Set5"], Trial(4), tick=lambda: seen.append(1))
    assert len(seen) == 4
    assert twice[0] == twice[1]
    got = twice[0]
    scores = []
    for k, name in enumerate(("astronaut", "coffee")):
        hr = crop(name, k)
        hr = hr[: hr.shape[0] // 4 * 4, : hr.shape[1] // 4 * 4]
        lr = downscale(hr, 4)
        for picture in (tiny.run_image(lr), upscale(lr, 4)):
            scores.append((psnr(picture, hr, 4), ssim(picture, hr)))
    ours, bicubic = np.mean(scores[0::2], axis=0), np.mean(scores[1::2], axis=0)
    assert (got["psnr"], got["ssim"]) == pytest.approx(ours, abs=1e-4)
    assert (got["psnr_baseline"], got["ssim_baseline"]) == pytest.approx(bicubic, abs=1e-4)
    assert got["images"] == 2


def test_denoising_is_plain_psnr_on_grey(data: Path) -> None:
    program = denoiser(25)
    got = measure([program], find_sets(data)["Set12"], trial_of(program, seed=7))[0]
    scores = []
    for k, name in enumerate(("astronaut", "coffee")):
        clean = crop(name, k)[..., 0]
        given = noisy(clean, 25, 7 + k)
        for picture in (program.run(given), given):
            scores.append((psnr(picture, clean), ssim(picture, clean)))
    ours, before = np.mean(scores[0::2], axis=0), np.mean(scores[1::2], axis=0)
    assert (got["psnr"], got["ssim"]) == pytest.approx(ours, abs=1e-4)
    assert (got["psnr_baseline"], got["ssim_baseline"]) == pytest.approx(before, abs=1e-4)
    assert 19 < got["psnr_baseline"] < 22


def test_one_wrong_entry_changes_the_scores(data: Path, tiny: Program) -> None:
    """What is measured is the integer program itself."""
    tables = tiny.layers[0].tables()
    tables["entries"] = tables["entries"].copy()
    tables["entries"][0, 1, 1, 2, :] ^= 64
    layer = type(tiny.layers[0]).from_manifest(tiny.layers[0].params(), tables)
    spoilt = Program("spoilt", 4, (layer, *tiny.layers[1:]))
    images = find_sets(data)["Set5"]
    bad, good = measure([spoilt, tiny], images, Trial(4))
    assert bad["psnr"] < good["psnr"] - 0.1
    assert bad["psnr_baseline"] == good["psnr_baseline"]


def test_the_trial_of_a_program(tiny: Program) -> None:
    assert trial_of(tiny, sigma=25, seed=3) == Trial(4)
    assert trial_of(denoiser(25), seed=3) == noise(25, 3)
    assert trial_of(denoiser(25), sigma=50) == noise(50)
    assert trial_of(denoiser(), sigma=15) == noise(15)
    assert (Trial(3).text, Trial(3).baseline) == ("x3", "bicubic")
    assert (noise(15.0).text, noise(15.0).baseline) == ("denoising, sigma 15", "noisy input")


@pytest.mark.parametrize(("sigma", "got"), [(None, "missing"), (0, "0"), (-1.5, "-1.5")])
def test_a_denoiser_needs_its_sigma(sigma: float | None, got: str) -> None:
    with pytest.raises(InputError) as caught:
        trial_of(denoiser(), sigma=sigma)
    assert str(caught.value) == (
        "tinylut-like-4: sigma must be a number above 0, at most 255, in the program's task or by "
        f"--sigma, not {got}"
    )


def test_nothing_is_read_from_the_provenance(tiny: Program) -> None:
    for sigma in (25, "25", 10**400, True):
        told = replace(denoiser(), provenance={"sigma": sigma, "task": "denoise"})
        with pytest.raises(InputError, match="sigma must be a number above 0, .* not missing"):
            trial_of(told)
        assert trial_of(replace(tiny, provenance={"sigma": sigma})) == Trial(4)


def test_images_that_cannot_be_measured_are_named(tmp_path: Path, tiny: Program) -> None:
    cases = (
        (
            "small",
            crop("coffee", 0)[:9, :9],
            Trial(4),
            "the image must be large enough to be scored, not 8x8",
        ),
        ("flat", np.full((24, 24, 3), 7, np.uint8), Trial(4), "must have detail that gets lost"),
        (
            "colour",
            crop("coffee", 0),
            noise(25),
            "colour.png: must be a grey image, not one in colour",
        ),
    )
    for name, image, trial, says in cases:
        path = tmp_path / f"{name}.png"
        write_png(path, image)
        program = tiny if trial.sigma is None else denoiser(25)
        with pytest.raises(InputError) as caught:
            measure([program], [path], trial)
        assert str(caught.value).startswith(str(path))
        assert says in str(caught.value)
