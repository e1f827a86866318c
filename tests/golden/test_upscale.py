"""``lutscale upscale``: a picture, a folder of them, and what cannot be enlarged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from lutscale.golden import upscale
from lutscale.golden.pictures.image import read_rgb, sample_photo, write_png
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.refqsr import network_file
from lutscale.golden.upscale import main
from lutscale.golden.zoo import programs
from tests.support.random_programs import example_program
from tests.support.refqsr.networks import network


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = example_program(1, 3)
    save(made, tmp_path / "p.npz")
    return made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two photographs, one of them no PNG."""
    photo = sample_photo("chelsea")[100:109, 100:111]
    write_png(tmp_path / "photos" / "a.png", photo)
    Image.fromarray(photo[:6]).save(tmp_path / "photos" / "b.tif")
    return tmp_path / "photos"


def run(tmp_path: Path, *arguments: object) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, [*words, "--program", str(tmp_path / "p.npz")])


def check(program: Program, given: Path, made: Path) -> None:
    """Each plane is what golden's reference makes of it."""
    for c in range(3):
        plane = np.ascontiguousarray(read_rgb(given)[..., c])
        np.testing.assert_array_equal(read_rgb(made)[..., c], program.run(plane, reference=True))


def test_each_plane_is_enlarged(program: Program, photos: Path, tmp_path: Path) -> None:
    result = run(tmp_path, photos / "a.png", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    says = f"{tmp_path / 'out.png'}: 11x9 -> 33x27, {program.name}, "
    assert result.stdout.startswith(says)
    check(program, photos / "a.png", tmp_path / "out.png")


def test_a_picture_goes_into_a_folder_that_is_there(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    result = run(tmp_path, photos / "b.tif", tmp_path / "out")
    assert result.exit_code == 0, result.output
    check(program, photos / "b.tif", tmp_path / "out" / "b.png")


def test_a_whole_folder(program: Program, photos: Path, tmp_path: Path) -> None:
    (photos / "notes.txt").write_text("no picture")
    out = tmp_path / "new" / "large"
    result = run(tmp_path, photos, out)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"note: {photos}: skipped, as no images: notes.txt\n"
    assert result.stdout.startswith(f"{out}: 2 of 2 pictures, {program.name}, ")
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    check(program, photos / "a.png", out / "a.png")
    check(program, photos / "b.tif", out / "b.png")


def test_a_bad_picture_keeps_none_of_the_others_back(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    (photos / "aa.png").write_text("no picture")
    out = tmp_path / "out"
    result = run(tmp_path, photos, out)
    assert result.exit_code == 2
    says = f"error: {photos / 'aa.png'}: must be an image that can be read, such as PNG\n"
    assert result.stderr == says
    assert result.stdout.startswith(f"{out}: 2 of 3 pictures, ")
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]


def test_the_program_is_one_of_the_zoo_unless_told(photos: Path, tmp_path: Path) -> None:
    assert upscale.DEFAULT in programs()
    arguments = [str(photos / "b.tif"), str(tmp_path / "out.png"), "--program", "iqlut-tiny-x4"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "11x6 -> 44x24, iqlut-tiny-x4" in result.stdout


def test_bad_input_is_one_line_and_leaves_nothing(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    a, out = photos / "a.png", tmp_path / "out.png"
    cases = (
        (tmp_path / "none.png", out, "none.png: must be an image file, but there is no such file"),
        (tmp_path / "p.npz", out, "p.npz: must be an image that can be read"),
        (a, tmp_path / "out.jpg", "out.jpg: must end in .png, as results are written as PNG"),
        (a, a, "a.png: must be another file than the one that is read"),
        (photos, photos, "photos: must be another folder than the one that is read"),
        (photos / "..", tmp_path / "out", "must hold images (.png, .jpg, .tif, ...), but holds no"),
    )
    before = a.read_bytes()
    for given, made, says in cases:
        result = run(tmp_path, given, made)
        assert result.exit_code == 2, says
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert says in result.stderr
        assert not made.exists() or made in (a, photos)
    assert a.read_bytes() == before
    assert sorted(path.name for path in photos.iterdir()) == ["a.png", "b.tif"]


def test_pictures_that_would_become_one_file(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    Image.open(photos / "a.png").save(photos / "A.bmp")
    result = run(tmp_path, photos, tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {photos}: names must differ in more than their endings, not A.bmp and a.png\n"
    )
    assert not (tmp_path / "out").exists()


def test_programs_that_are_none(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"no program")
    for word, says in (
        ("bad.npz", "bad.npz: must be a program file (.npz), not"),
        ("none.npz", "none.npz: must be a program file, but there is no such file"),
    ):
        out = tmp_path / "out.png"
        arguments = [str(photos / "a.png"), str(out), "--program", str(tmp_path / word)]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert says in result.stderr
        assert result.stderr.count("\n") == 1
        assert not out.exists()


def test_a_network_of_mixed_precision(tmp_path: Path) -> None:
    """It enlarges pictures, says which one is too small for it, and takes no video."""
    made = network(1)
    network_file.save(made, tmp_path / "p.npz")
    for name, size in (("a", 30), ("b", 20)):
        write_png(tmp_path / f"{name}.png", sample_photo("chelsea")[100 : 100 + size, 100:140])
    result = run(tmp_path, tmp_path / "a.png", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    wanted = made.run_image(read_rgb(tmp_path / "a.png"))
    np.testing.assert_array_equal(read_rgb(tmp_path / "out.png"), wanted)
    result = run(tmp_path, tmp_path / "b.png", tmp_path / "out.png")
    assert result.exit_code == 2
    assert "b.png: picture must be at least 24x24, one patch of RefQSR, not 40x20" in result.stderr
    result = run(tmp_path, "-", "-")
    assert result.exit_code == 2
    assert "--program must be one of single colour planes for video, not random" in result.stderr
