"""``python -m lutscale.golden.run PROGRAM IN.png OUT.png``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from lutscale.golden.pictures.image import read_rgb, sample_photo, write_png
from lutscale.golden.program_file import save
from lutscale.golden.run import main
from tests.random_programs import example_program


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_each_plane_is_upscaled(tmp_path: Path) -> None:
    program = example_program(1, 3)
    save(program, tmp_path / "p.npz")
    photo = sample_photo("chelsea")[100:109, 100:111]
    write_png(tmp_path / "in.png", photo)
    result = run(tmp_path / "p.npz", tmp_path / "in.png", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    assert "11x9 -> 33x27" in result.stdout
    made = read_rgb(tmp_path / "out.png")
    for c in range(3):
        plane = np.ascontiguousarray(photo[..., c])
        np.testing.assert_array_equal(made[..., c], program.run(plane, reference=True))


def test_bad_input_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    save(example_program(1, 2), tmp_path / "p.npz")
    write_png(tmp_path / "in.png", sample_photo("chelsea")[:8, :8])
    for program, image in (("none.npz", "in.png"), ("in.png", "in.png"), ("p.npz", "p.npz")):
        result = run(tmp_path / program, tmp_path / image, tmp_path / "out.png")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert not (tmp_path / "out.png").exists()
