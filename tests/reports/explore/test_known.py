"""PSNR comes from cards and results files, and from nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find, programs
from lutscale.model import shapes
from lutscale.reports.card import read_scores
from lutscale.reports.explore.design import Network
from lutscale.reports.explore.known import TRIALS, best, known, read_results
from lutscale.reports.explore.stand_in import stand_in


def record(network: Network) -> dict[str, Any]:
    """What `Known.of` reads."""
    return {"program": None, "scale": network.scale, "options": json.loads(network.options)}


def test_programs_have_the_psnr_of_their_cards() -> None:
    facts = known()
    for name, network in facts.programs.items():
        card = read_scores(find(name).with_suffix(".md").read_text())
        (score,) = facts.of({"program": name})
        assert (score.kind, score.set5) == ("zoo", card["Set5"]["psnr"])
        assert Path(network.program) == find(name)
    assert {"iqlut-s-x4", "hklut-s-x4"} < set(facts.programs)
    assert "iqlut-s-x2" in known(scale=2).programs


def test_the_shape_of_a_program_has_its_psnr() -> None:
    facts = known()
    shape = Network.shape(4, shapes.IQLUT["iqlut-s-x4"][1])
    top = best(facts.of(record(shape)))
    assert top is not None
    assert (top.kind, top.name) == ("zoo", "iqlut-s-x4")
    other = Network.shape(4, {**shapes.IQLUT["iqlut-s-x4"][1], "code_bits": 7})
    assert facts.of(record(other)) == []


@pytest.mark.parametrize("name", ["iqlut-l-x4", "iqlut-s-x4", "iqlut-tiny-x4", "ecnn-tiny-x4"])
def test_shapes_of_programs_are_those_that_were_trained(name: str) -> None:
    facts = known()
    (options,) = (
        json.loads(key)[1]
        for key, scores in facts.scores.items()
        if key.startswith("[") and any(score.name == name for score in scores)
    )
    trained, random = load(programs()[name]), stand_in(shapes.iqlut(4, **options))
    assert (random.table_bits, random.functions) == (trained.table_bits, trained.functions)


def test_trials_that_come_along() -> None:
    rows = read_results(TRIALS)
    sizes = {
        score.validation: stand_in(shapes.iqlut(4, **json.loads(network.options))).table_bits // 8
        for network, score in rows
    }
    # Bytes of tables as docs/training.md and docs/ablation.md have them.
    assert (sizes[28.938], sizes[28.898], sizes[28.809]) == (8708, 4354, 31824)
    assert (sizes[28.184], sizes[28.619]) == (608256, 21384)
    assert all(score.source and score.steps for _, score in rows)


def test_results_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    trial = {"options": {"channels": 20}, "set5_db": 30.0}
    series = {"name": "mine", "steps": 7, "source": "lutscale train", "trials": [trial]}
    path.write_text(json.dumps({"series": [series]}))
    facts = known([path])
    (score,) = facts.of(record(Network.shape(4, {"channels": 20})))
    assert (score.kind, score.name, score.steps, score.set5) == ("trial", "mine", 7, 30.0)


GOOD = {"name": "a", "steps": 1, "source": "b", "trials": [{"options": {}, "set5_db": 30}]}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"trials": 3}, "must be JSON with series of trials"),
        ({"source": None}, "trial 0: source must be there, the command or the document"),
        ({"steps": "many"}, "trial 0: steps must be there, a number of steps"),
        ({"trials": [{"options": {}}]}, "trial 0: set5_db or validation_db must be there"),
        ({"trials": [{"options": {}, "set5_db": -1}]}, "set5_db must be dB, not -1"),
        ({"trials": [{"options": {"x": 1}, "set5_db": 30}]}, "trial 0: options must be among"),
    ],
)
def test_bad_results(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"series": [{**GOOD, **change}]}))
    with pytest.raises(InputError) as raised:
        read_results(path)
    assert text in str(raised.value)
