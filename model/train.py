"""Train a network and export its program: ``python -m model.train iqlut-s-x4``.

Everything a run makes lies in its folder: ``last.pt`` (to resume from), ``best.npz`` (the
program that did best on the validation split), ``curve.png`` and ``log.jsonl``.
"""

from __future__ import annotations

import copy
import json
import math
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from golden.command import one_line_errors
from golden.errors import InputError
from golden.files import whole_file
from golden.noise import noisy
from golden.program import Program, save
from golden.quality import psnr
from model.data import Pair, Patches, find_images, load_grey, load_pairs, split
from model.network import Network
from model.systems import SYSTEMS, build

__all__ = ["Recipe", "train"]

_LOSSES = ("l1", "l2", "l1+l2")


@dataclass(frozen=True)
class Recipe:
    """How to train; written into the program's provenance.

    Attributes:
        steps, batch, patch: optimiser steps, patches a step, LR side of a patch.
        rate: peak of the learning rate (linear warm-up, then cosine to a hundredth).
        average: decay of the moving average of the weights, which is what is exported.
        seed: of the start and of the patches.
        check: steps between looks at the validation split.
        loss: "l1", "l2", or "l1+l2", their mean.
        tables: share of the steps, the last ones, in which tables that are enumerated from
            networks train as entries of their own.
        late_patch: side of a patch in the last quarter of the steps; 0 keeps `patch`.
        candidates: patches drawn for each one taken, the one with most detail.
        start: checkpoint of a network of the same shape to start from, all but the last tables
            when it is of another scale; "" starts anew.
        teacher: checkpoint (``last.pt``) of another network of the same scale, whose results are
            learnt from as well (knowledge distillation); "" for none.
        distil: share of the loss that is the distance from the teacher.
        options: arguments of the system that are not its own, as `model.systems.build` takes.
    """

    steps: int = 30_000
    batch: int = 16
    patch: int = 32
    rate: float = 8e-4
    average: float = 0.999
    seed: int = 1
    check: int = 1000
    loss: str = "l1"
    tables: float = 0.6
    late_patch: int = 0
    candidates: int = 1
    start: str = ""
    teacher: str = ""
    distil: float = 0.5
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.loss not in _LOSSES:
            raise InputError(f"loss must be one of {', '.join(_LOSSES)}, not {self.loss!r}")
        if not 0 <= self.tables <= 1:
            raise InputError(f"tables must be a share in 0..1, not {self.tables}")
        if self.candidates < 1:
            raise InputError(f"candidates must be 1 or more, not {self.candidates}")
        if not 0 <= self.distil <= 1:
            raise InputError(f"distil must be a share in 0..1, not {self.distil}")

    def rate_at(self, step: int) -> float:
        warm = max(1, min(500, self.steps // 10))
        if step < warm:
            return self.rate * (step + 1) / warm
        progress = (step - warm) / max(1, self.steps - warm)
        return self.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


class Trainer:
    """The state of a run: network, its average, optimiser, patches, history."""

    def __init__(
        self, name: str, recipe: Recipe, pairs: Sequence[Pair], compiled: bool | None = None
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.name, self.recipe = name, recipe
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Sums in TF32 are off by less than the rounding of a code. bfloat16 could not hold them.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.deterministic = True
        self.compiled = self.device.type == "cuda" if compiled is None else compiled
        self.network = build(name, recipe.options).to(self.device)
        # The run that was started from, for the provenance.
        self.started = _start(recipe.start, self.network) if recipe.start else {}
        self.forward = torch.compile(self.network) if self.compiled else self.network
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        learnt = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(learnt, lr=recipe.rate, betas=(0.9, 0.99))
        sigma = self.network.sigma
        self.patches = Patches(
            pairs,
            recipe.patch,
            recipe.batch,
            recipe.seed,
            sigma,
            recipe.candidates,
            self.device,
        )
        self.stream = iter(self.patches)
        self.teacher = _teacher(recipe.teacher, self.network, self.device)
        self.step = 0
        self.seconds = 0.0
        self.best = -math.inf
        self.history: list[dict[str, float]] = []
        # Losses since the last check, so that a resumed run logs the same means.
        self.recent: list[float] = []

    def advance(self) -> float:
        """One optimiser step; the loss in pixel levels, the squared one in tens of them."""
        if self.step == round(self.recipe.steps * (1 - self.recipe.tables)):
            for network in (self.network, self.averaged):
                network.to_tables()
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate_at(self.step)
        if self.recipe.late_patch and self.step >= self.recipe.steps * 3 // 4:
            self.patches.patch = self.recipe.late_patch
        lr, hr = next(self.stream)
        result = self.forward(lr)
        loss = self._distance(result, hr)
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.teacher(lr)
            share = self.recipe.distil
            loss = (1 - share) * loss + share * self._distance(result, taught)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise self._diverged("loss", value)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self.network.parameters(), 100.0))
        if not math.isfinite(norm):
            raise self._diverged("gradient", norm)
        self.optimiser.step()
        self.network.project()
        self.step += 1
        self._average()
        self.recent.append(value)
        return value

    def _distance(self, result: Tensor, wanted: Tensor) -> Tensor:
        l1, l2 = F.l1_loss(result, wanted), F.mse_loss(result, wanted) / 10
        return {"l1": l1, "l2": l2, "l1+l2": (l1 + l2) / 2}[self.recipe.loss]

    def _diverged(self, what: str, value: object) -> InputError:
        return InputError(
            f"{what} must stay finite, not {value} at step {self.step}: lower --rate "
            f"(the last good checkpoint is kept)"
        )

    def export(self, provenance: Mapping[str, Any]) -> Program:
        """The program of the averaged network; InputError when its weights have run away."""
        try:
            with np.errstate(all="raise"):
                self.averaged.project()
                return self.averaged.export(self.name, provenance)
        except (ValueError, FloatingPointError) as error:
            raise self._diverged("weights", f"so large ({error})") from None

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.recipe.average, self.step / (self.step + 10))
        for kept, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "name": self.name,
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "patches": json.dumps(self.patches.random.bit_generator.state),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "history": self.history,
            "recent": self.recent,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; InputError when it belongs to another run."""
        # A checkpoint from before a field of the recipe was added has its default.
        recipe = {**asdict(Recipe()), **state["recipe"]}
        for key, found, mine in (
            ("name", state["name"], self.name),
            ("recipe", recipe, asdict(self.recipe)),
        ):
            if found != mine:
                raise InputError(f"checkpoint {key} must be {mine}, not {found}")
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.patches.random.bit_generator.state = json.loads(state["patches"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.best, self.history = state["best"], list(state["history"])
        self.recent = list(state.get("recent", ()))


def validate(program: Program, pairs: Sequence[Pair], side: int | None = None) -> float:
    """Mean PSNR of the integer program on central crops of the held-out photographs: of the
    luma, or of the grey pictures of a denoiser.
    """
    r, scores = program.scale, []
    side = side or (96 if r > 1 else 192)
    for pair in pairs:
        height, width = (min(side, n) for n in pair.lr.shape[:2])
        y, x = (pair.lr.shape[0] - height) // 2, (pair.lr.shape[1] - width) // 2
        lr = pair.lr[y : y + height, x : x + width]
        hr = pair.hr[y * r : (y + height) * r, x * r : (x + width) * r]
        out = program.run_image(lr)
        if out.shape[2] == 1:
            out, hr = out[..., 0], hr[..., 0]
        scores.append(psnr(out, hr, shave=r if r > 1 else 0))
    return float(np.mean(scores))


def train(
    name: str,
    data: Path,
    out: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    stop_after: int | None = None,
    cache: Path = Path("build/cache"),
    compiled: bool | None = None,
) -> Path:
    """Train ``name`` and return the path of the best program.

    Args:
        compiled: whether PyTorch compiles the step, which is faster after half a minute; None
            does so on a CUDA device only.
        stop_after: leave after so many steps in all, as if interrupted (to test resuming).

    Raises:
        InputError: no data, an unknown name, a checkpoint of another run, a diverged loss.
    """
    network = build(name, recipe.options)
    paths = find_images(data)
    smallest = max(recipe.patch, recipe.late_patch)
    fit, held = _pictures(network, split(paths), cache, smallest)
    trainer = Trainer(name, recipe, fit, compiled)
    checkpoint = out / "last.pt"
    if resume and checkpoint.exists():
        trainer.restore(_read_checkpoint(checkpoint))
    out.mkdir(parents=True, exist_ok=True)
    task = {"task": "denoise", "sigma": trainer.network.sigma} if trainer.network.sigma else {}
    provenance = {
        **task,
        "images": len(fit),
        "sets": sorted({path.relative_to(data).parts[0] for path in paths if path.parent != data}),
        "machine": f"{trainer.device.type}, {torch.get_num_threads()} threads"
        + (", compiled" if trainer.compiled else ""),
        **asdict(recipe),
        **({"started": trainer.started} if trainer.started else {}),
    }
    end = min(recipe.steps, stop_after or recipe.steps)
    bar = tqdm(total=recipe.steps, initial=trainer.step, desc=name, unit="step")
    started = time.monotonic() - trainer.seconds
    while trainer.step < end:
        trainer.advance()
        bar.update()
        if trainer.step % recipe.check == 0 or trainer.step == recipe.steps:
            trainer.seconds = time.monotonic() - started
            _check(trainer, held, out, provenance)
            loss = trainer.history[-1]["loss"]
            bar.set_postfix(loss=f"{loss:.3f}", best=f"{trainer.best:.3f} dB")
    bar.close()
    if end < recipe.steps:
        trainer.seconds = time.monotonic() - started
        _write_checkpoint(trainer, checkpoint)
    return out / "best.npz"


def _pictures(
    network: Network, paths: tuple[list[Path], list[Path]], cache: Path, smallest: int
) -> tuple[list[Pair], list[Pair]]:
    """(training, validation) for the task of the network."""
    if not network.sigma:
        fit, held = (load_pairs(part, network.scale, cache, smallest) for part in paths)
        return fit, held
    fit, held = (load_grey(part, smallest) for part in paths)
    with_noise = [
        replace(pair, lr=noisy(pair.hr[..., 0], network.sigma, seed)[..., None])
        for seed, pair in enumerate(held)
    ]
    return fit, with_noise


def _check(
    trainer: Trainer, held: Sequence[Pair], out: Path, provenance: Mapping[str, Any]
) -> None:
    """Score the averaged network's program, keep it when it is the best, and checkpoint."""
    made = {**provenance, "step": trainer.step, "seconds": round(trainer.seconds)}
    program = trainer.export(made)
    score = validate(program, held)
    loss = float(np.mean(trainer.recent))
    trainer.recent = []
    trainer.history.append({"step": trainer.step, "loss": loss, "psnr": score})
    if score > trainer.best:
        trainer.best = score
        save(program, out / "best.npz")
    _write_checkpoint(trainer, out / "last.pt")
    lines = [json.dumps(entry) for entry in trainer.history]
    (out / "log.jsonl").write_text("\n".join(lines) + "\n")
    _draw_curve(trainer.history, out / "curve.png")


def _start(path: str, network: Network) -> dict[str, Any]:
    """Take over the averaged weights of a checkpoint, and say which run they are from. One of
    another scale lends all but its last layer of tables. InputError when they are of another
    shape.
    """
    state = _read_checkpoint(Path(path))
    options = dict(state["recipe"].get("options", {}))
    given, own = state["averaged"], network.state_dict()
    fresh: set[str] = set()
    if build(state["name"], options).scale != network.scale:
        last = list(own)[-1].rpartition(".")[0]
        fresh = {name for name in own if name.rpartition(".")[0] == last}
    try:
        network.load_state_dict(given | {name: own[name] for name in fresh})
    except RuntimeError:
        raise InputError(
            f"{path}: must be a checkpoint of the same shape, not of {state['name']} with options "
            f"{options}"
        ) from None
    return {"name": state["name"], "step": state["step"], **state["recipe"]}


def _teacher(path: str, pupil: Network, device: torch.device) -> Network | None:
    """The averaged network of a checkpoint; InputError when it does not suit the pupil."""
    if not path:
        return None
    state = _read_checkpoint(Path(path))
    network = build(state["name"], state["recipe"].get("options"))
    if (network.scale, network.sigma) != (pupil.scale, pupil.sigma):
        raise InputError(
            f"{path}: must be a teacher of scale {pupil.scale} and sigma {pupil.sigma}, not of "
            f"scale {network.scale} and sigma {network.sigma}"
        )
    network.load_state_dict(state["averaged"])
    return network.to(device).requires_grad_(False)


def _read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in a checkpoint; InputError when it cannot be read."""
    if not path.is_file():
        raise InputError(f"{path}: must be a checkpoint (last.pt), but is no file")
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        if not isinstance(state, dict):
            raise TypeError(type(state).__name__)
    except (RuntimeError, ValueError, TypeError, EOFError, OSError, pickle.UnpicklingError):
        raise InputError(
            f"{path}: must be a checkpoint of this program, but cannot be read; "
            f"start again without --resume"
        ) from None
    return state


def _write_checkpoint(trainer: Trainer, path: Path) -> None:
    with whole_file(path) as part:
        torch.save(trainer.state(), part)


def _draw_curve(history: Sequence[Mapping[str, float]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    steps = [entry["step"] for entry in history]
    axes.plot(steps, [entry["psnr"] for entry in history], color="tab:blue")
    axes.set(xlabel="step", ylabel="validation PSNR, integer program [dB]")
    other = axes.twinx()
    other.plot(steps, [entry["loss"] for entry in history], color="tab:orange", alpha=0.6)
    other.set_ylabel("training loss")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _option(text: str) -> tuple[str, Any]:
    """``name=value`` as a pair; the value is JSON."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        wanted = "OPTION=VALUE with a JSON value, as nodes=3 or residual=false"
        raise InputError(f"--set must be {wanted}, not {text!r}") from None


@click.command()
@click.argument("name", type=click.Choice(sorted(SYSTEMS)))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="LUTSCALE_DATA",
    required=True,
    help="Folder of training photographs (searched below; its train/ when there is one).",
)
@click.option("--out", type=click.Path(path_type=Path), help="Default: build/train/NAME.")
@click.option("--steps", default=Recipe.steps, show_default=True)
@click.option("--batch", default=Recipe.batch, show_default=True)
@click.option("--patch", default=Recipe.patch, show_default=True)
@click.option("--rate", default=Recipe.rate, show_default=True)
@click.option("--seed", default=Recipe.seed, show_default=True)
@click.option("--check", default=Recipe.check, show_default=True, help="Steps between checks.")
@click.option("--loss", default=Recipe.loss, show_default=True, type=click.Choice(_LOSSES))
@click.option(
    "--tables",
    default=Recipe.tables,
    show_default=True,
    help="Share of the steps, at the end, in which enumerated tables train as entries.",
)
@click.option("--late-patch", default=0, help="Patch of the last quarter of the steps.")
@click.option(
    "--candidates",
    default=Recipe.candidates,
    show_default=True,
    help="Patches drawn for each one taken, the one with most detail.",
)
@click.option("--start", default="", help="Checkpoint (last.pt) whose weights to start from.")
@click.option("--teacher", default="", help="Checkpoint (last.pt) of a network to learn from.")
@click.option("--distil", default=Recipe.distil, show_default=True, help="The teacher's share.")
@click.option(
    "--set",
    "options",
    multiple=True,
    metavar="OPTION=VALUE",
    help="Change an argument of the system, as nodes=3 or entry_bits=[8,6,6,8].",
)
@click.option("--threads", default=0, help="CPU threads; 0 leaves it to PyTorch.")
@click.option(
    "--compile/--no-compile",
    "compiled",
    default=None,
    help="Whether PyTorch compiles the step; by default on a CUDA device only.",
)
@click.option("--resume", is_flag=True, help="Go on from OUT/last.pt when it is there.")
@one_line_errors
def main(
    name: str,
    data: Path,
    out: Path | None,
    threads: int,
    compiled: bool | None,
    resume: bool,
    options: Sequence[str],
    **recipe: Any,
) -> None:
    """Train the network NAME and export its integer program."""
    if threads:
        torch.set_num_threads(threads)
    if (data / "train").is_dir():
        data = data / "train"
    settings = Recipe(**recipe, options=dict(map(_option, options)))
    print(f"training {name} on {data}: {settings}")
    folder = out or Path("build/train") / name
    print(train(name, data, folder, settings, resume=resume, compiled=compiled))


if __name__ == "__main__":
    main()
