"""What training is asked for: recipe, options, command line; and what cannot start."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.golden.program_file import load
from lutscale.model.data import find_images, load_pairs
from lutscale.model.recipe import Recipe
from lutscale.model.train import main, train
from lutscale.model.trainer import Trainer
from tests.support.model.runs import NAME, RECIPE, run


def test_an_unknown_network(photographs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name must be one of iqlut-s-x2, .*, not 'x'"):
        train("x", photographs, tmp_path, RECIPE)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a folder of images, but there is no such"):
        run(tmp_path / "none", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="must hold images"):
        run(tmp_path / "data", tmp_path / "out")


def test_images_smaller_than_a_patch(photographs: Path, tmp_path: Path) -> None:
    recipe = Recipe(steps=1, patch=32)
    with pytest.raises(InputError, match="images of at least 128x128 pixels, but all 3 are"):
        run(photographs, tmp_path, recipe)


def test_the_rate_warms_up_and_falls() -> None:
    recipe = Recipe(steps=1000, rate=1.0)
    rates = [recipe.rate_at(step) for step in range(1000)]
    assert rates[0] == 0.01
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (99, 100)
    assert all(before >= after for before, after in itertools.pairwise(rates[100:]))
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)


def test_command(photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the cache goes
    out = tmp_path / "out"
    arguments = [NAME, "--data", str(photographs), "--out", str(out), "--steps", "2"]
    arguments += ["--batch", "2", "--patch", "8", "--check", "2", "--threads", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith(str(out / "best.npz"))
    assert load(out / "best.npz").provenance["step"] == 2


def test_command_reports_errors_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [NAME, "--data", str(tmp_path / "none")])
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert "must be a folder of images" in result.output


def test_options_change_what_is_trained(photographs: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=2, check=2, options={"nodes": [5, 3, 4], "entry_bits": 6})
    program = load(run(photographs, tmp_path, recipe))
    tables = [layer for layer in program.layers if isinstance(layer, TapTables)]
    assert [layer.quantiser.nodes for layer in tables if layer.quantiser] == [5, 3, 4]
    assert {layer.entry_bits for layer in tables} == {6}
    assert program.provenance["options"] == {"nodes": [5, 3, 4], "entry_bits": 6}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"node": 3}, "options of iqlut-tiny-x4 must be among channels, .*, not 'node'"),
        ({"nodes": [5, 3]}, "nodes must be one number or 3, one a layer, not 2"),
        ({"channels": "many"}, "options of iqlut-tiny-x4 must fit each other: "),
    ],
)
def test_options_that_do_not_fit(
    photographs: Path, tmp_path: Path, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError, match=text):
        run(photographs, tmp_path, replace(RECIPE, options=options))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["iqlut-tiny-x4", "lutscale-tiny-x4", "ecnn-tiny-x4", "tinylut-s-x4", "hklut-s-x4"]
)
def test_a_compiled_step_is_the_same_step(name: str, photographs: Path, tmp_path: Path) -> None:
    """Gradients through every layer kind; what the compiler reorders moves the last bits."""
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    plain, compiled = (Trainer(name, RECIPE, pairs, compiled) for compiled in (False, True))
    for trainer in (plain, compiled):
        trainer.advance()
    assert compiled.recent == pytest.approx(plain.recent, rel=1e-4)
    grads = [dict(t.network.named_parameters()) for t in (plain, compiled)]
    for key, parameter in grads[0].items():
        if parameter.grad is not None:
            wanted, found = parameter.grad, grads[1][key].grad
            assert found is not None
            error = (found - wanted).norm() / wanted.norm().clamp(min=1e-9)
            assert error < 1e-2, (key, float(error))


def test_gradients_in_bfloat16(photographs: Path) -> None:
    """Asked for by the recipe, and of the network that trains."""
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    exact, rounded = (
        Trainer(NAME, replace(RECIPE, gradients=dtype), pairs) for dtype in ("float32", "bfloat16")
    )
    # The first step's loss is of results, the weights it leaves are of gradients.
    assert exact.advance() == rounded.advance()
    assert exact.advance() != rounded.advance()
    with pytest.raises(InputError, match="gradients must be one of float32, bfloat16, not 'half'"):
        replace(RECIPE, gradients="half")


def test_patches_grow_in_the_last_quarter(photographs: Path) -> None:
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 12)
    trainer = Trainer(NAME, replace(RECIPE, steps=8, late_patch=12), pairs)
    sides = []
    for _ in range(8):
        trainer.advance()
        sides.append(trainer.patches.patch)
    assert sides == [8] * 6 + [12] * 2


@pytest.mark.parametrize("text", ["nodes", "nodes=", "nodes=three"])
def test_an_option_that_is_no_pair(text: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [NAME, "--data", str(tmp_path), "--set", text])
    assert done.exit_code == 2
    assert "--set must be OPTION=VALUE with a JSON value, as nodes=3" in done.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [("loss", "l3"), ("tables", 1.5), ("tables", -0.1), ("keep", 0), ("keep", 1.1)],
)
def test_what_a_recipe_cannot_be(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{field} must be .*, not {value}|not '{value}'"):
        replace(RECIPE, **{field: value})
