"""Training through the project's trainer: runs fall, resume exactly, and stop with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.refqsr import network_file
from lutscale.model.data import Pair, Patches
from lutscale.model.recipe import Recipe
from tests.support.model.runs import assert_same_state, checkpoint, run
from tests.support.refqsr.networks import picture

OPTIONS = {"channels": 4, "blocks": 3, "group": 4, "classes": 3}
RECIPE = Recipe(steps=6, batch=4, patch=24, rate=1e-3, average=0.5, check=3, options=OPTIONS)
FULL, REFQSR = "srresnet-s-x4", "srresnet-s-pams8-refqsr-x4"


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for k, name in enumerate(("astronaut", "coffee", "chelsea")):
        write_png(folder / f"{k}.png", sample_photo(name)[60:168, 100:220])
    return folder


@pytest.fixture(scope="module")
def full(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("full")
    run(photographs, out, RECIPE, FULL)
    return out


@pytest.fixture(scope="module")
def pupil(full: Path, photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pupil")
    run(photographs, out, taught(full), REFQSR)
    return out


def taught(full: Path) -> Recipe:
    return replace(RECIPE, start=str(full / "last.pt"), teacher=str(full / "last.pt"), distil=0.0)


def test_what_a_run_leaves(pupil: Path, photographs: Path) -> None:
    made = network_file.load(pupil / "best.npz")
    assert made.name == REFQSR
    assert made.dispatch is not None
    assert (made.dispatch.high, made.dispatch.low) == (8, 4)
    assert made.provenance["options"] == OPTIONS
    assert made.provenance["started"]["name"] == FULL
    history = checkpoint(pupil)["history"]
    assert history[-1]["psnr"] > 15


def test_a_killed_run_goes_on_as_if_nothing_was(
    pupil: Path, full: Path, photographs: Path, tmp_path: Path
) -> None:
    run(photographs, tmp_path, taught(full), REFQSR, stop_after=4)
    run(photographs, tmp_path, taught(full), REFQSR, resume=True)
    assert_same_state(checkpoint(pupil), checkpoint(tmp_path))
    first, second = (network_file.load(out / "best.npz") for out in (pupil, tmp_path))
    image = picture(1, 30, 40)
    assert np.array_equal(first.run_image(image), second.run_image(image))


def test_the_loss_falls(full: Path) -> None:
    history = checkpoint(full)["history"]
    assert history[-1]["loss"] < history[0]["loss"]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (REFQSR, {"batch": 6}, "batch must be a multiple of the 4 patches of a picture, not 6"),
        (REFQSR, {"candidates": 2}, "candidates must be 1 where patches of a picture go together"),
        (FULL, {"patch": 64}, "must hold images of at least 256x256 pixels"),
        (REFQSR, {"options": {"blocks": 2}}, "blocks must be at least 3 for RefQSR, not 2"),
    ],
)
def test_runs_that_cannot_start(
    photographs: Path, tmp_path: Path, name: str, change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as error:
        run(photographs, tmp_path, replace(RECIPE, **change), name)  # type: ignore[arg-type]
    assert message in str(error.value)
    assert not (tmp_path / "best.npz").exists()


def test_a_teacher_of_one_colour(photographs: Path, tmp_path: Path) -> None:
    small = Recipe(steps=1, batch=2, patch=8, check=1)
    run(photographs, tmp_path / "tiny", small, "iqlut-tiny-x4")
    teacher = replace(RECIPE, teacher=str(tmp_path / "tiny" / "last.pt"))
    with pytest.raises(InputError, match="must be a teacher of pictures of 3 planes, not of 1"):
        run(photographs, tmp_path / "pupil", teacher, FULL)
    start = replace(RECIPE, start=str(tmp_path / "tiny" / "last.pt"))
    with pytest.raises(InputError, match="smaller one, not of iqlut.*: only networks of tap"):
        run(photographs, tmp_path / "pupil", start, FULL)


def test_groups_are_patches_of_one_picture_turned_alike() -> None:
    """Three pictures of one colour each, with a ramp to the right that shows the turn."""
    pairs = []
    for k in range(3):
        lr = np.zeros((30, 30, 3), np.uint8) + np.arange(30, dtype=np.uint8)[None, :, None]
        lr[..., 2] = 40 * k
        pairs.append(Pair(str(k), lr.repeat(2, 0).repeat(2, 1), lr))
    stream = iter(Patches(pairs, 8, 12, seed=3, planes=3, group=4))
    turns = set()
    for _ in range(8):
        lr, hr = next(stream)
        assert lr.shape == (12, 3, 8, 8)
        assert hr.shape == (12, 3, 16, 16)
        assert (hr[..., ::2, ::2] == lr).all()
        for group in lr.split(4):
            assert len(group[:, 2].unique()) == 1
            right = (group[:, 0, :, 1:] - group[:, 0, :, :-1]).flatten(1).mean(1)
            down = (group[:, 0, 1:] - group[:, 0, :-1]).flatten(1).mean(1)
            assert len(right.unique()) == len(down.unique()) == 1
            turns.add((float(right[0]), float(down[0])))
    assert turns == {(1, 0), (-1, 0), (0, 1), (0, -1)}
