"""What other runs leave teaches and starts new ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.model.data import Patches, find_images, load_pairs
from lutscale.model.trainer import Trainer
from tests.support.model.runs import (
    NAME,
    RECIPE,
    assert_same_program,
    assert_same_state,
    checkpoint,
    run,
)


def test_a_teacher_changes_the_loss_and_nothing_else(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=4, check=2, teacher=str(unbroken / "last.pt"), distil=0.75)
    run(photographs, tmp_path / "taught", recipe)
    run(photographs, tmp_path / "whole", replace(recipe, distil=1.0))
    run(photographs, tmp_path / "none", replace(recipe, distil=0.0))
    run(photographs, tmp_path / "untaught", replace(recipe, teacher=""))
    losses = {
        out: checkpoint(tmp_path / out)["history"][0]["loss"]
        for out in ("taught", "whole", "none", "untaught")
    }
    assert losses["none"] == losses["untaught"]
    assert len(set(losses.values())) == 3
    assert load(tmp_path / "taught" / "best.npz").provenance["teacher"] == recipe.teacher


def test_a_taught_run_resumes_to_the_same_result(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=8, check=4, teacher=str(unbroken / "last.pt"), late_patch=12)
    whole = run(photographs, tmp_path / "whole", recipe)
    run(photographs, tmp_path / "broken", recipe, stop_after=7)
    broken = run(photographs, tmp_path / "broken", recipe, resume=True)
    assert_same_state(checkpoint(whole.parent), checkpoint(broken.parent))
    assert_same_program(whole, broken)


class Enlarged(torch.nn.Module):
    """A network that is none of ours."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.gain = torch.nn.Parameter(torch.ones(1))

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        return self.gain * frame.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


def exported(scale: int, path: Path, side: int) -> Path:
    saved = torch.export.export(Enlarged(scale), (torch.zeros(4, 1, side, side),))
    torch.export.save(saved, path)
    return path


def test_any_exported_network_teaches(photographs: Path, tmp_path: Path) -> None:
    teacher = exported(4, tmp_path / "t.pt2", 8)
    recipe = replace(RECIPE, teacher=str(teacher), distil=1.0, options={"frame_residual": False})
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    trainer = Trainer(NAME, recipe, pairs)
    lr, _ = next(iter(Patches(pairs, 8, 4, seed=1)))
    wanted = (trainer.network(lr) - Enlarged(4)(lr)).abs().mean().detach()
    assert trainer.advance() == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize(
    ("scale", "side", "text"),
    [
        (2, 8, r"t.pt2: must make \(4, 1, 32, 32\) of \(4, 1, 8, 8\), not \(4, 1, 16, 16\)"),
        (4, 9, r"t.pt2: must take \(4, 1, 8, 8\), not fail: "),
        (0, 8, r"t.pt2: must be saved by torch.export.save, not "),
        (-1, 8, r"t.pt2: must be a network \(.pt2\), but is no file"),
    ],
)
def test_exported_networks_that_do_not_suit(
    photographs: Path, tmp_path: Path, scale: int, side: int, text: str
) -> None:
    teacher = tmp_path / "t.pt2"
    if scale > 0:
        exported(scale, teacher, side)
    elif scale == 0:
        teacher.write_bytes(b"no network")
    with pytest.raises(InputError, match=text):
        run(photographs, tmp_path / "out", replace(RECIPE, teacher=str(teacher)))
    assert not (tmp_path / "out").exists()


def test_teachers_and_starts_that_do_not_suit(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    missing = str(tmp_path / "none.pt")
    for changes, text in (
        ({"teacher": missing}, r"none.pt: must be a checkpoint \(last.pt\), but is no file"),
        ({"start": missing}, r"none.pt: must be a checkpoint \(last.pt\), but is no file"),
        (
            {"start": str(unbroken / "last.pt"), "options": {"channels": 3}},
            "last.pt: must be weights of the same shape, or of a smaller one, not of "
            "iqlut-tiny-x4 with options {}: channels must be 4 or more, not 3",
        ),
    ):
        with pytest.raises(InputError, match=text):
            run(photographs, tmp_path, replace(RECIPE, **changes))
    earlier = checkpoint(unbroken)
    earlier["averaged"].pop("layers.0.entries")
    torch.save(earlier, tmp_path / "earlier.pt")
    text = (
        "earlier.pt: must be a checkpoint of a shape that iqlut-tiny-x4 still has, not of an earl"
    )
    with pytest.raises(InputError, match=text):
        run(photographs, tmp_path, replace(RECIPE, start=str(tmp_path / "earlier.pt")))
    state = {**checkpoint(unbroken), "name": "ecnn-tiny-x2"}
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(InputError, match="must be a teacher of scale 4 .*, not of scale 2"):
        run(photographs, tmp_path, replace(RECIPE, teacher=str(tmp_path / "other.pt")))


def test_a_start_takes_the_averaged_weights(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=1, check=1, rate=1e-9, start=str(unbroken / "last.pt"))
    run(photographs, tmp_path, recipe)
    started = load(tmp_path / "best.npz").provenance["started"]
    assert (started["name"], started["step"], started["steps"]) == (NAME, 40, 40)
    before, after = (checkpoint(out)["averaged"] for out in (unbroken, tmp_path))
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor)
    third = replace(recipe, start=str(tmp_path / "last.pt"))
    run(photographs, tmp_path / "third", third)
    started = load(tmp_path / "third/best.npz").provenance["started"]
    assert (started["steps"], started["start"]) == (1, recipe.start)
    assert started["started"] == load(tmp_path / "best.npz").provenance["started"]


def test_a_start_from_another_scale_lends_all_but_the_last_tables(
    unbroken: Path, photographs: Path
) -> None:
    recipe = replace(RECIPE, start=str(unbroken / "last.pt"))
    before = checkpoint(unbroken)["averaged"]
    pairs = load_pairs(find_images(photographs), 2, photographs.parent / "cache", 8)
    options = {"channels": 4, "blocks": 1, "last_kernel": 1}
    for name in ("iqlut-hd-x2", "ecnn-tiny-x2"):
        if name.startswith("ecnn"):
            with pytest.raises(InputError, match="of the same shape, or of a smaller one"):
                Trainer(name, recipe, pairs)
            continue
        taken = Trainer(name, replace(recipe, options=options), pairs).network.state_dict()
        fresh = [key for key in before if not torch.equal(before[key], taken.get(key, before[key]))]
        assert {key.rpartition(".")[0] for key in fresh} == {"layers.5"}
        assert taken["layers.5.entries"].shape[0] == 4
