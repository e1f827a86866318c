"""PSNR that somebody measured: of the zoo's programs, and of short trainings in results files.

A trial's figures are compared with those of its own series only: equal steps, one recipe.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.model.shapes import IQLUT
from lutscale.reports.card import read_scores
from lutscale.reports.explore.design import Network

__all__ = ["TRIALS", "Known", "Score", "known", "read_results"]

TRIALS = Path(__file__).with_name("trials.json")
"""The results file that comes along."""

# Which layers have a quantiser in common moves bytes, not pixels, as far as trials tell.
_ALIKE = ("one_quantiser",)

_ECNN = {"nodes": None, "residual": False}
_OTHERS: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "ecnn-tiny-x4": (4, {**_ECNN, "channels": 4, "blocks": 1, "last_kernel": 1}),
}


@dataclass(frozen=True)
class Score:
    """One measurement.

    Attributes:
        kind: "zoo" or "trial".
        name: of the program, or of the trial's series.
        steps: of the training; None where the program's card has them.
        set5: luma PSNR in dB, or None.
        validation: PSNR in dB on held-out photographs, or None.
        source: command or document.
    """

    kind: str
    name: str
    steps: int | None
    set5: float | None
    validation: float | None
    source: str


@dataclass
class Known:
    """What is known.

    Attributes:
        programs: the zoo's, as networks.
        scores: of each network, by its identity; trained programs under their shape as well.
    """

    programs: dict[str, Network] = field(default_factory=dict)
    scores: dict[str, list[Score]] = field(default_factory=dict)
    shapes: list[Network] = field(default_factory=list)

    def of(self, record: Mapping[str, Any]) -> list[Score]:
        """The scores of a design's network, from its record."""
        if record["program"] is not None:
            return self.scores.get(record["program"], [])
        return self.scores.get(_identity(record["scale"], record["options"]), [])


def _identity(scale: int, options: Mapping[str, Any]) -> str:
    own = {name: value for name, value in options.items() if name not in _ALIKE}
    return json.dumps([scale, own], sort_keys=True)


def known(results: Iterable[Path] = (), scale: int = 4) -> Known:
    """Everything known of networks of a scale, from the zoo, `TRIALS` and more results files.

    Raises:
        InputError: a results file that is none.
    """
    found = Known()
    for name, path in zoo.programs().items():
        program = load(path)
        if program.scale != scale or program.task.kind == "denoise":
            continue
        found.programs[name] = Network.trained(name, path, scale)
        card = path.with_suffix(".md")
        rows = read_scores(card.read_text()) if card.exists() else {}
        set5 = rows["Set5"]["psnr"] if "Set5" in rows else None
        score = Score("zoo", name, None, set5, None, f"card of {name}")
        found.scores.setdefault(name, []).append(score)
        shape = _shape(name, program.provenance)
        if shape is not None:
            key = _identity(shape.scale, json.loads(shape.options))
            found.scores.setdefault(key, []).append(score)
    for path in (TRIALS, *results):
        for network, score in read_results(path):
            if network.scale != scale:
                continue
            key = _identity(network.scale, json.loads(network.options))
            if not any(s.kind == "trial" for s in found.scores.get(key, [])):
                found.shapes.append(network)
            found.scores.setdefault(key, []).append(score)
    return found


def _shape(name: str, provenance: Mapping[str, Any]) -> Network | None:
    """The shape of a program of the zoo, from its name and the options it was trained with."""
    scale, options = {**IQLUT, **_OTHERS}.get(name, (0, {}))
    if not scale:
        return None
    return Network.shape(scale, {**options, **provenance.get("options", {})})


def read_results(path: Path) -> list[tuple[Network, Score]]:
    """The trials of a results file: docs/explore.md has an example.

    Raises:
        InputError: what is wrong, and where.
    """
    try:
        data = json.loads(path.read_text())
        series = data["series"]
        rows = [(each, trial) for each in series for trial in each["trials"]]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} must be JSON with series of trials, but is not: {type(error).__name__} {error}"
        ) from None
    return [_trial(path, each, trial, k) for k, (each, trial) in enumerate(rows)]


def _trial(path: Path, series: Any, trial: Any, number: int) -> tuple[Network, Score]:
    where = f"{path}: trial {number}"
    for name, kinds in (("name", str), ("source", str), ("options", dict), ("steps", int)):
        if not isinstance(trial.get(name, series.get(name)), kinds):
            raise InputError(f"{where}: {name} must be there, {_KINDS[name]}")
    figures = {name: trial.get(name) for name in ("set5_db", "validation_db")}
    for name, value in figures.items():
        if value is not None and not (isinstance(value, int | float) and 0 < value < 100):
            raise InputError(f"{where}: {name} must be dB, not {value!r}")
    if not any(figures.values()):
        raise InputError(f"{where}: set5_db or validation_db must be there, but neither is")
    options = {**series.get("options", {}), **trial["options"]}
    try:
        network = Network.shape(trial.get("scale", series.get("scale", 4)), options)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    steps = trial.get("steps", series.get("steps"))
    score = Score(
        "trial",
        series["name"],
        steps,
        figures["set5_db"],
        figures["validation_db"],
        trial.get("source", series.get("source")),
    )
    return network, score


_KINDS = {
    "name": "the series' name",
    "source": "the command or the document that the figures come from",
    "options": "an object of options",
    "steps": "a number of steps",
}


def best(scores: Sequence[Score]) -> Score | None:
    """The one with the most dB on Set5; a program of the zoo before any trial."""
    there = [score for score in scores if score.set5 is not None]
    return max(there, key=lambda s: (s.kind == "zoo", s.set5 or 0.0), default=None)
