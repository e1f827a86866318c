"""Train a network and export its program: ``lutscale train iqlut-s-x4``.

Everything a run makes lies in its folder: ``last.pt`` (to resume from), ``best.npz`` (the
program that did best on the validation split), ``curve.png`` and ``log.jsonl``.

``torchrun --nproc-per-node 2 -m -- lutscale train NAME`` shares each batch among processes.
"""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from tqdm import tqdm

from lutscale.golden.command import Command, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.golden.model_file import AnyProgram, save
from lutscale.golden.pictures.noise import noisy
from lutscale.golden.pictures.quality import psnr
from lutscale.model.checkpoint import read_checkpoint, write_checkpoint
from lutscale.model.data import Pair, central_crop, find_images, load_grey, load_pairs, split
from lutscale.model.losses import LOSSES
from lutscale.model.options import photographs
from lutscale.model.recipe import GRADIENTS, OPTIMISERS, Recipe
from lutscale.model.systems import SYSTEMS, Trainable, build
from lutscale.model.trainer import Trainer

__all__ = ["train", "validate"]


def validate(program: AnyProgram, pairs: Sequence[Pair], side: int | None = None) -> float:
    """Mean PSNR of the integer program on central crops of the held-out photographs: of the
    luma, or of the grey pictures of a denoiser.
    """
    r, scores = program.scale, []
    for pair in pairs:
        lr, hr = central_crop(pair, side or (96 if r > 1 else 192))
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
        trainer.restore(read_checkpoint(checkpoint))
    out.mkdir(parents=True, exist_ok=True)
    provenance = {
        "images": len(fit),
        "sets": sorted({path.relative_to(data).parts[0] for path in paths if path.parent != data}),
        "machine": f"{trainer.device.type}, {torch.get_num_threads()} threads"
        + (", compiled" if trainer.compiled else "")
        + (f", {trainer.processes.count} processes" if trainer.processes.count > 1 else ""),
        **asdict(recipe),
        **({"started": trainer.started} if trainer.started else {}),
    }
    end = min(recipe.steps, stop_after or recipe.steps)
    first = trainer.processes.first
    hidden = None if first else True
    bar = tqdm(total=recipe.steps, initial=trainer.step, desc=name, unit="step", disable=hidden)
    started = time.monotonic() - trainer.seconds
    while trainer.step < end:
        trainer.advance()
        bar.update()
        if first and (trainer.step % recipe.check == 0 or trainer.step == recipe.steps):
            trainer.seconds = time.monotonic() - started
            _check(trainer, held, out, provenance)
            last = trainer.history[-1]
            bar.set_postfix(loss=f"{last['loss']:.3f}", best=f"{trainer.best:.3f} dB")
            if bar.disable:
                # No terminal: a line at each check, so that a log stays readable.
                print(
                    f"{name}: step {trainer.step} of {recipe.steps}, loss {last['loss']:.3f}, "
                    f"{last['psnr']:.3f} dB, best {trainer.best:.3f} dB",
                    flush=True,
                )
    bar.close()
    if first and end < recipe.steps:
        trainer.seconds = time.monotonic() - started
        write_checkpoint(trainer.state(), checkpoint)
    trainer.close()
    return out / "best.npz"


def _pictures(
    network: Trainable, paths: tuple[list[Path], list[Path]], cache: Path, smallest: int
) -> tuple[list[Pair], list[Pair]]:
    """(training, validation) for the task of the network."""
    sigma = network.task.sigma
    if sigma is None:
        fit, held = (load_pairs(part, network.scale, cache, smallest) for part in paths)
        return fit, held
    fit, held = (load_grey(part, smallest) for part in paths)
    with_noise = [
        replace(pair, lr=noisy(pair.hr[..., 0], sigma, seed)[..., None])
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
    write_checkpoint(trainer.state(), out / "last.pt")
    lines = [json.dumps(entry) for entry in trainer.history]
    with whole_file(out / "log.jsonl") as part:
        part.write_text("\n".join(lines) + "\n")
    with whole_file(out / "curve.png") as part:
        _draw_curve(trainer.history, part)


def _draw_curve(history: Sequence[Mapping[str, float]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    steps = [entry["step"] for entry in history]
    axes.plot(steps, [entry["psnr"] for entry in history], color="tab:blue")
    axes.set(xlabel="step", ylabel="validation PSNR, integer program [dB]")
    other = axes.twinx()
    other.plot(steps, [entry["loss"] for entry in history], color="tab:orange", alpha=0.6)
    other.set_ylabel("training loss")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110, format="png")
    plt.close(figure)


def _option(text: str) -> tuple[str, Any]:
    """``name=value`` as a pair; the value is JSON."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        wanted = "OPTION=VALUE with a JSON value, as nodes=3 or residual=false"
        raise InputError(f"--set must be {wanted}, not {text!r}") from None


_EXAMPLES = (
    ("on the photographs below a folder", "lutscale train iqlut-s-x4 --data photos/ --steps 30000"),
    ("go on after an interruption", "lutscale train iqlut-s-x4 --data photos/ --resume"),
    ("another shape", "lutscale train iqlut-s-x4 --data photos/ --set blocks=3 --set nodes=3"),
    (
        "go on from a program of the zoo",
        "lutscale train iqlut-s-x4 --data photos/ --start iqlut-s-x4",
    ),
    ("simulate what came out", "lutscale sim build/train/iqlut-s-x4/best.npz"),
)


_HELP = f"""Train a network and export its integer program.

\b
NAME is one of
{textwrap.fill(", ".join(sorted(SYSTEMS)), 76, break_on_hyphens=False)}.
"""


@click.command(cls=Command, help=_HELP, examples=_EXAMPLES)
@click.argument("name", metavar="NAME", type=click.Choice(sorted(SYSTEMS)))
@photographs
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for program, checkpoint, log and curve.  [default: build/train/NAME]",
)
@click.option("--steps", default=Recipe.steps, show_default=True)
@click.option("--batch", default=Recipe.batch, show_default=True)
@click.option("--patch", default=Recipe.patch, show_default=True)
@click.option("--rate", default=Recipe.rate, show_default=True)
@click.option("--seed", default=Recipe.seed, show_default=True)
@click.option("--check", default=Recipe.check, show_default=True, help="Steps between checks.")
@click.option("--loss", default=Recipe.loss, show_default=True, type=click.Choice(list(LOSSES)))
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
@click.option(
    "--start",
    default="",
    help="Checkpoint (last.pt), or program (a file, or a name of the zoo), whose weights to start "
    "from.",
)
@click.option("--teacher", default="", help="Checkpoint, or a .pt2, of a network to learn from.")
@click.option("--distil", default=Recipe.distil, show_default=True, help="The teacher's share.")
@click.option(
    "--teacher-turns",
    is_flag=True,
    help="Learn from the mean of the teacher's results on each patch turned and mirrored in all "
    "eight ways.",
)
@click.option(
    "--keep",
    default=Recipe.keep,
    show_default=True,
    help="Share of each layer's functions that stay, those that vary most at the start.",
)
@click.option(
    "--optimiser",
    default=Recipe.optimiser,
    show_default=True,
    type=click.Choice(OPTIMISERS),
    help="What moves the tables between the first and the last: muon takes fewer steps.",
)
@click.option(
    "--gradients",
    default=Recipe.gradients,
    show_default=True,
    type=click.Choice(GRADIENTS),
    help="What gradients of interpolated tables are computed in; bfloat16 is faster on "
    "processors that have it.",
)
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
    settings = Recipe(**recipe, options=dict(map(_option, options)))
    folder = out or Path("build/train") / name
    best = train(name, data, folder, settings, resume=resume, compiled=compiled)
    # Of several processes only the first speaks.
    if os.environ.get("RANK", "0") == "0":
        print(best)
