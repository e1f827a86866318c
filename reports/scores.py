"""PSNR and SSIM of integer programs on folders of images, as the papers measure.

To enlarge: LR is the exact bicubic of the HR image cropped to a multiple of r; R, G and B run
separately; PSNR is that of the luma (BT.601, 16-235) with r pixels shaved on each side, SSIM is
without shaving. To denoise: Gaussian noise on the grey image, rounded and clipped; PSNR and SSIM
of the grey result, nothing shaved. Both are means over the images.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale, upscale
from lutscale.golden.pictures.folder import few, holds_images, list_images
from lutscale.golden.pictures.image import read_grey, read_rgb
from lutscale.golden.pictures.noise import noisy
from lutscale.golden.pictures.quality import psnr, ssim
from lutscale.golden.program import Program
from lutscale.golden.task import ENLARGE, Task

__all__ = [
    "GREY_SETS",
    "SetJob",
    "Trial",
    "each_set",
    "find_sets",
    "measure",
    "pair",
    "score",
    "suitable",
    "trial_of",
]

GREY_SETS = ("Set12", "BSD68")
"""The sets of denoising; every other folder is one to enlarge."""

_FIRST = ("Set5", "Set14", "B100", "Urban100", "Manga109", *GREY_SETS)

_SSIM_WINDOW = 11

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Trial:
    """How a program is measured.

    Attributes:
        scale: r; 1 to denoise.
        task: what is asked of the program.
        seed: of the noise on the first image of a set; the next has the next seed.
    """

    scale: int
    task: Task = ENLARGE
    seed: int = 0

    @property
    def sigma(self) -> float | None:
        """Of the noise; None to enlarge."""
        return self.task.sigma

    @property
    def baseline(self) -> str:
        """What the program is compared with."""
        return "bicubic" if self.sigma is None else "noisy input"

    @property
    def text(self) -> str:
        """The trial as a heading names it."""
        return f"x{self.scale}" if self.sigma is None else f"denoising, sigma {self.sigma:g}"


def trial_of(program: Program, *, sigma: float | None = None, seed: int = 0) -> Trial:
    """How a program is measured: by its task; at scale 1 there is nothing but noise to take off.

    Args:
        sigma: of the noise; None is what the program's task says.

    Raises:
        InputError: at scale 1 nobody says a sigma, or it is none.
    """
    if program.scale > 1:
        return Trial(program.scale)
    named = program.task.sigma if sigma is None else sigma
    try:
        return Trial(1, Task("denoise", named), seed)
    except (TypeError, ValueError):
        got = "missing" if named is None else repr(named)
        raise InputError(
            f"{program.name}: sigma must be a number above 0, at most 255, in the program's task "
            f"or by --sigma, not {got}"
        ) from None


def find_sets(data: Path, names: Sequence[str] = ()) -> dict[str, list[Path]]:
    """The images of every set below ``data``, or below its ``test/`` where there is one.

    A set is a folder that holds images, or whose ``HR/`` does. The well-known come first. What
    else lies there is named in an InputWarning.

    Args:
        names: only these.

    Raises:
        InputError: there is no set, or none of a name.
    """
    root = data / "test" if (data / "test").is_dir() else data
    entries = sorted(root.iterdir()) if root.is_dir() else []
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    # Where both hold images, those of HR/ count: it comes last.
    found = {
        entry.name: place
        for entry in shown
        for place in (entry, entry / "HR")
        if holds_images(place)
    }
    if not found:
        raise InputError(f"{root}: must hold folders of images, such as Set5, but holds none")
    order = [name for name in _FIRST if name in found]
    order += [name for name in found if name not in _FIRST]
    for name in names:
        if name not in order:
            raise InputError(f"--set must be one of {', '.join(order)} in {root}, not {name!r}")
    if not names and (others := [entry.name for entry in shown if entry.name not in found]):
        warnings.warn(f"{root}: skipped, as no sets: {few(others)}", InputWarning, stacklevel=2)
    return {name: list_images(found[name]) for name in order if not names or name in names}


def suitable(trial: Trial, sets: Mapping[str, list[Path]]) -> dict[str, list[Path]]:
    """The sets that a program is measured on."""
    grey = trial.sigma is not None
    return {name: images for name, images in sets.items() if (name in GREY_SETS) == grey}


class SetJob(NamedTuple):
    """A set to measure: how, which files, its name, its images."""

    trial: Trial
    paths: Sequence[Path]
    name: str
    images: Sequence[Path]


def each_set(
    jobs: Sequence[SetJob],
    kind: str,
    measured: Callable[[SetJob, Callable[[], object]], Sequence[dict[str, Any]]],
) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Measure set after set, with a progress bar: (file, set, its row).

    Args:
        kind: what is measured, in the plural.
        measured: rows of a job's files, in order; is given what to call after each image of each.
    """
    total = sum(len(job.paths) * len(job.images) for job in jobs)
    with tqdm(total=total, unit="img", leave=False, disable=None) as bar:
        for job in jobs:
            what = f"{job.name}, {job.trial.text}"
            bar.set_description(what)
            if bar.disable:
                # No terminal: a line for each set, so that a log stays readable.
                counts = f"{kind} {len(job.paths)}, images {len(job.images)}"
                click.echo(f"{what}: {counts}", err=True)
            for path, row in zip(job.paths, measured(job, bar.update), strict=True):
                yield path, job.name, row


def measure(
    programs: Sequence[Program],
    images: Sequence[Path],
    trial: Trial,
    *,
    tick: Callable[[], object] = lambda: None,
) -> list[dict[str, Any]]:
    """Mean scores of programs with one trial, and of what they are compared with.

    Args:
        tick: called after each image of each program.

    Returns:
        for each program "images", "psnr", "ssim", "psnr_baseline" and "ssim_baseline".

    Raises:
        InputError: an image cannot be read or measured; its file is named.
    """
    shave = trial.scale if trial.scale > 1 else 0
    scores: list[list[tuple[float, float]]] = [[] for _ in (None, *programs)]
    for k, path in enumerate(images):
        try:
            wanted, given, baseline = pair(path, trial, k)
            if min(wanted.shape[:2]) < max(_SSIM_WINDOW, 2 * shave + 1):
                size = f"{wanted.shape[1]}x{wanted.shape[0]}"
                raise ValueError(f"the image must be large enough to be scored, not {size}")
            scores[0].append(score(baseline, wanted, shave))
            for own, program in zip(scores[1:], programs, strict=True):
                result = program.run(given) if given.ndim == 2 else program.run_image(given)
                own.append(score(result, wanted, shave))
                tick()
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
    baseline_row, *rows = (_means(own) for own in scores)
    before = {f"{name}_baseline": score for name, score in baseline_row.items()}
    return [{"images": len(images), **row, **before} for row in rows]


def pair(path: Path, trial: Trial, number: int) -> tuple[Image, Image, Image]:
    """What is wanted, what the program is given, and what it is compared with."""
    if trial.sigma is not None:
        clean = read_grey(path)
        given = noisy(clean, trial.sigma, trial.seed + number)
        return clean, given, given
    hr = crop_to_multiple(read_rgb(path), trial.scale)
    lr = downscale(hr, trial.scale)
    return hr, lr, upscale(lr, trial.scale)


def score(result: Image, wanted: Image, shave: int) -> tuple[float, float]:
    level = psnr(result, wanted, shave)
    if math.isinf(level):
        raise ValueError("the image must have detail that gets lost, but is rebuilt exactly")
    return level, ssim(result, wanted)


def _means(scores: Sequence[tuple[float, float]]) -> dict[str, float]:
    means = np.mean(scores, axis=0)
    return {name: round(float(m), 4) for name, m in zip(("psnr", "ssim"), means, strict=True)}
