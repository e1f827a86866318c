"""PSNR and SSIM of programs on folders of images, and the zoo's cards."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from golden.bicubic import downscale, upscale
from golden.errors import InputError
from golden.image import sample_photo, write_png
from golden.program import Program, load, save
from golden.quality import psnr, ssim
from reports.quality import find_sets, main, measure

ZOO = Path(__file__).parents[2] / "model" / "zoo"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Set5 with an HR folder, Set14 without; neither side of the crops is a multiple of 4."""
    for k, name in enumerate(("astronaut", "coffee")):
        write_png(tmp_path / "data" / "test" / "Set5" / "HR" / f"{name}.png", crop(name, k))
    write_png(tmp_path / "data" / "test" / "Set14" / "one.png", crop("chelsea", 2))
    return tmp_path / "data"


def crop(name: str, k: int) -> np.ndarray:
    return sample_photo(name)[100 : 151 + k, 100 : 162 + k]


@pytest.fixture(scope="module")
def tiny() -> Program:
    return load(ZOO / "iqlut-tiny-x4.npz")


def test_scores_are_means_of_the_images(data: Path, tiny: Program) -> None:
    found = find_sets(data)
    assert list(found) == ["Set5", "Set14"]
    got = measure(tiny, found["Set5"])
    scores = []
    for k, name in enumerate(("astronaut", "coffee")):
        hr = crop(name, k)
        hr = hr[: hr.shape[0] // 4 * 4, : hr.shape[1] // 4 * 4]
        lr = downscale(hr, 4)
        for picture in (tiny.run_image(lr), upscale(lr, 4)):
            scores.append((psnr(picture, hr, 4), ssim(picture, hr)))
    ours, bicubic = np.mean(scores[0::2], axis=0), np.mean(scores[1::2], axis=0)
    assert (got["psnr"], got["ssim"]) == pytest.approx(ours, abs=1e-4)
    assert (got["psnr_bicubic"], got["ssim_bicubic"]) == pytest.approx(bicubic, abs=1e-4)
    assert got["images"] == 2


def test_one_wrong_entry_changes_the_scores(data: Path, tiny: Program, tmp_path: Path) -> None:
    """What is measured is the integer program itself."""
    tables = tiny.layers[0].tables()
    tables["entries"] = tables["entries"].copy()
    tables["entries"][0, 1, 1, 2, :] ^= 64
    layer = type(tiny.layers[0]).from_manifest(tiny.layers[0].params(), tables)
    spoilt = Program("spoilt", 4, (layer, *tiny.layers[1:]))
    images = find_sets(data)["Set5"]
    assert measure(spoilt, images)["psnr"] < measure(tiny, images)["psnr"] - 0.1


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_command_writes_json_and_cards(data: Path, tiny: Program, tmp_path: Path) -> None:
    program, out = tmp_path / "mine.npz", tmp_path / "out"
    save(tiny, program)
    result = run(program, "--data", data, "--out", out, "--set", "Set14", "--card")
    assert result.exit_code == 0, result.output
    written = json.loads((out / "quality.json").read_text())
    sets = written["iqlut-tiny-x4"]["sets"]
    assert sets == {"Set14": measure(tiny, find_sets(data)["Set14"])}
    text = program.with_suffix(".md").read_text()
    assert f"| Set14 | 1 | {sets['Set14']['psnr']:.3f} |" in text
    assert "--seed 1" in text
    assert tiny.provenance["note"] in text


def test_bad_input_is_one_line_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tiny = ZOO / "iqlut-tiny-x4.npz"
    for arguments in (
        (tmp_path / "none.npz", "--data", data),
        (tiny, "--data", tmp_path / "empty"),
        (tiny, "--data", data, "--set", "Set99"),
    ):
        result = run(*arguments, "--out", out)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert not out.exists()
    with pytest.raises(InputError, match="must hold one of Set5, Set14"):
        find_sets(tmp_path)


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_every_card_belongs_to_its_program(path: Path) -> None:
    program = load(path)
    text = path.with_suffix(".md").read_text()
    assert text.startswith(f"# {program.name}\n")
    assert f"{program.table_bytes:,} bytes" in text
    assert path.stat().st_size < 130_000


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_every_card_tells_the_truth(path: Path, data_folder: Path) -> None:
    text = path.with_suffix(".md").read_text()
    for name, images in find_sets(data_folder, ("Set5", "Set14")).items():
        row = measure(load(path), images)
        assert f"| {name} | {row['images']} | {row['psnr']:.3f} | {row['ssim']:.4f} |" in text
