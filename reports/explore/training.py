"""Short trainings of shapes, all with equal steps: ``lutscale explore --need 4k60 --train 4``.

What comes of them is a results file as `known.read_results` reads it. A journal keeps what is
done, so that a run which was stopped goes on.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.model.shapes import IQLUT
from lutscale.reports.explore.journal import Journal
from lutscale.reports.explore.pool import done

__all__ = ["Training", "as_results", "learnt", "train_all", "training_stamp", "trainings"]

BATCH, PATCH, SEED = 16, 32, 1
"""Of every trial."""


@dataclass(frozen=True)
class Training:
    """A trial.

    Attributes:
        scale: r.
        options: of the shape, all of them, as JSON.
        steps, rate: of the training.
        data: folder of photographs, by a path that is the same wherever it is trained.
    """

    scale: int
    options: str
    steps: int
    rate: float
    data: str

    @property
    def key(self) -> str:
        """What tells it from all others."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def training_stamp() -> str:
    """Of the code that training depends on: what other code learnt is not taken over."""
    rooms = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for folder in ("golden", "golden/layers", "model", "model/layers", "model/shapes"):
        for path in sorted((rooms / folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def learnt(training: Training) -> dict[str, Any]:
    """What a training gives, on one thread: the integer program's validation PSNR, dB, at the end.

    Raises:
        InputError: no PyTorch, or as `model.train.train`.
    """
    try:
        import torch

        from lutscale.model.recipe import Recipe
        from lutscale.model.train import train
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} must be installed for --train, but is not: pip install 'lutscale[train]'"
        ) from None
    recipe = Recipe(
        steps=training.steps,
        batch=BATCH,
        patch=PATCH,
        rate=training.rate,
        seed=SEED,
        check=training.steps,
        options=json.loads(training.options),
    )
    torch.set_num_threads(1)
    pictures = Path(tempfile.gettempdir()) / "lutscale-pictures"
    with tempfile.TemporaryDirectory(prefix="lutscale-trial-") as scratch:
        out = Path(scratch)
        # Of many side by side nobody wants the bars.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            best = train(_system(training.scale), Path(training.data), out, recipe, cache=pictures)
        last = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
        program = load(best)
    return {
        "key": training.key,
        "code": training_stamp(),
        **asdict(training),
        "validation_db": round(last["psnr"], 4),
        "table_bytes": program.table_bytes,
        "images": program.provenance["images"],
    }


def _system(scale: int) -> str:
    """A name whose shape every option may change."""
    return next(name for name, (r, _) in IQLUT.items() if r == scale)


def trainings(
    records: Sequence[Mapping[str, Any]], *, steps: int, rate: float, data: Path
) -> list[Training]:
    """A training of the shape of each design's record."""
    return [
        Training(
            record["scale"],
            json.dumps(record["options"], sort_keys=True),
            steps,
            rate,
            str(data.resolve()),
        )
        for record in records
    ]


def train_all(
    wanted: Sequence[Training], journal: Journal, *, workers: int, scheduler: str | None
) -> list[dict[str, Any]]:
    """The record of each training, in order; only those that the journal lacks are trained.

    Raises:
        InputError: as `pool.done` and `learnt`; a worker with other code.
    """
    missing = [training for training in wanted if training.key not in journal.records]
    with tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="trial") as bar:
        for _, record in done(learnt, missing, workers=workers, scheduler=scheduler):
            bar.update(journal.add([record]))
    return [journal.records[training.key] for training in wanted]


def as_results(records: Sequence[Mapping[str, Any]], command: str) -> str:
    """A results file: a series for each number of steps, rate and folder.

    Args:
        command: that trained them, the source.
    """
    series: dict[str, dict[str, Any]] = {}
    for record in records:
        name = (
            f"{record['steps']} steps, rate {record['rate']:g}, batch {BATCH} of {PATCH}x{PATCH}, "
            f"seed {SEED}, {record['images']} photographs"
        )
        mine = series.setdefault(
            name, {"name": name, "steps": record["steps"], "source": command, "trials": []}
        )
        mine["trials"].append(
            {
                "scale": record["scale"],
                "options": json.loads(record["options"]),
                "validation_db": record["validation_db"],
            }
        )
    return json.dumps({"series": list(series.values())}, indent=1) + "\n"
