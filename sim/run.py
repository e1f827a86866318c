"""Upscale a photograph in simulated hardware and compare every pixel: ``lutscale sim``."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.errors import InputError
from lutscale.golden.files import write_whole
from lutscale.golden.model_file import load
from lutscale.golden.origin import origin
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale, upscale
from lutscale.golden.pictures.image import SAMPLE_PHOTOS, read_rgb, sample_photo, write_png
from lutscale.golden.pictures.noise import noisy
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program_file import load as load_program
from lutscale.golden.refqsr.network import Network
from lutscale.hw.boards import BOARDS
from lutscale.hw.boards.command import refuse_beside_board
from lutscale.hw.build import Build, build_options
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.board import simulate_board
from lutscale.sim.faults import faults
from lutscale.sim.frames import frames_of, picture_of
from lutscale.sim.job import Job
from lutscale.sim.simulators import SIMULATORS, WAVES
from lutscale.sim.stalls import PATTERNS, stalls

__all__ = ["REPORT", "SHORT", "Subject", "is_short", "main", "score", "write_pictures"]

Picture = npt.NDArray[np.uint8]

REPORT = "sim.json"
"""In the folder of a simulation, beside its pictures: the result line, and of what it is."""

SHORT = 500_000
"""Clocks. Of fewer, a model that is compiled in the least time is done sooner, though each takes
ten times as long: `iqlut-hd-x4` compiles in 46 s of processor instead of 236."""


def is_short(pipeline: Pipeline, width: int, height: int) -> bool:
    """Whether three planes of this size take fewer clocks than `SHORT`."""
    return 3 * pipeline.plan.frame_clocks(width, height) < SHORT


@dataclass(frozen=True)
class Subject:
    """What is upscaled.

    Attributes:
        name: as the result line shows it.
        lr: uint8 (height, width, 3); what a denoiser is given: the same with noise.
        hr: what it was made from, or None when the image given was the LR itself.
    """

    name: str
    lr: Picture
    hr: Picture | None


def choose(
    image: str,
    scale: int,
    crop: int,
    is_lr: bool,
    sigma: float = 0,
    frame: tuple[int, int] | None = None,
) -> Subject:
    """A built-in photograph by name, or a file; its centre, at most ``crop`` LR pixels a side.

    Args:
        sigma: of the noise that each plane gets, with seeds 0, 1 and 2.
        frame: width and height of the LR frame instead of ``crop``; where the picture is smaller,
            it goes on mirrored.
    """
    named = image in SAMPLE_PHOTOS
    if not named and not Path(image).suffix and not Path(image).exists():
        choices = ", ".join(SAMPLE_PHOTOS)
        raise InputError(f"image must be a file or one of {choices}, not {image!r}")
    whole = sample_photo(image) if named else read_rgb(image)
    if frame is not None:
        whole, crop = _filling(whole, *(n * (1 if is_lr else scale) for n in frame)), 0
    side = crop * (1 if is_lr else scale)
    height, width = whole.shape[:2]
    y, x = (max((n - side) // 2, 0) if crop else 0 for n in (height, width))
    part = whole[y : y + side, x : x + side] if crop else whole
    if min(part.shape[:2]) < (1 if is_lr else scale):
        raise InputError(f"{image}: must be at least {scale}x{scale} pixels, not {width}x{height}")
    name = f"{image}[{y}:{y + part.shape[0]},{x}:{x + part.shape[1]}]"
    if is_lr:
        return Subject(name, part, None)
    hr = crop_to_multiple(part, scale)
    if sigma:
        planes = [noisy(np.ascontiguousarray(hr[..., c]), sigma, c) for c in range(3)]
        return Subject(name, np.stack(planes, axis=-1), hr)
    return Subject(name, downscale(hr, scale) if scale > 1 else hr, hr)


def _filling(picture: Picture, width: int, height: int) -> Picture:
    """The middle of a picture, mirrored at its borders as often as it takes to be so large."""
    missing = [(max(n - side, 0) // 2, -(-max(n - side, 0) // 2))
               for n, side in zip((height, width), picture.shape, strict=False)]  # fmt: skip
    larger = np.pad(picture, [*missing, (0, 0)], mode="symmetric")
    y, x = (larger.shape[0] - height) // 2, (larger.shape[1] - width) // 2
    return larger[y : y + height, x : x + width]


def _frame_size(frame: str | None) -> tuple[int, int] | None:
    """Width and height of ``--frame``."""
    if frame is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", frame)
    if not found:
        raise InputError(f"frame must be WIDTHxHEIGHT, as 960x540, not {frame!r}")
    return int(found[1]), int(found[2])


def write_pictures(
    subject: Subject, hardware: Picture, bicubic: Picture, out: Path
) -> dict[str, str]:
    """input, bicubic, hardware and difference, and the original where there is one, as PNG.

    The difference shows 4 * (hardware - bicubic) around middle grey: what the network adds. A
    denoiser's "bicubic" is its input.

    Returns:
        names of the files, by what they show.
    """
    difference = np.clip(128 + 4 * (hardware.astype(int) - bicubic), 0, 255).astype(np.uint8)
    pictures = {
        "input": subject.lr,
        "bicubic": bicubic,
        "hardware": hardware,
        "difference": difference,
        **({} if subject.hr is None else {"original": subject.hr}),
    }
    for name, picture in pictures.items():
        write_png(out / f"{name}.png", picture)
    columns = [np.kron(subject.lr, np.ones((hardware.shape[0] // len(subject.lr),) * 2 + (1,)))]
    columns += [bicubic, hardware] + ([] if subject.hr is None else [subject.hr])
    gap = np.full((hardware.shape[0], 6, 3), 255)
    parts = [part for column in columns for part in (column, gap)][:-1]
    write_png(out / "comparison.png", np.concatenate(parts, axis=1).astype(np.uint8))
    return {name: f"{name}.png" for name in pictures}


def simulate(job: Job, subject: Subject, stalled: bool = False) -> tuple[dict[str, Any], Picture]:
    """Run three frames back to back, at full speed and, if asked, under every stall pattern.

    They are the colour planes, or where the build has a colour, three times the picture.

    Returns:
        the measurements at full speed, with "steady", clocks a pixel; "mismatches" of all runs;
        "stalls", the clocks of each run; "waves", the file of each; and "faults", a line for each.
        And the picture that came out at full speed.
    """
    planes, expected, channels = frames_of(job.pipeline, subject.lr)
    fold = job.pipeline.build.clocks_per_pixel
    runs, waves = {}, []
    for pattern in PATTERNS if stalled else PATTERNS[:1]:
        runs[pattern] = job.run(planes, expected, channels=channels, stalls=stalls(pattern, fold))
        if job.waves:
            name = "waves.fst" if pattern == "none" else f"waves-{pattern}.fst"
            waves.append((job.folder / WAVES).rename(job.folder / name))
    found = runs["none"]
    size = planes[0].size
    steady = (found["steady_to"] - found["steady_from"]) / (2 * size - 1)
    hardware = picture_of(job.pipeline, found["planes"], *expected[0].shape)
    summary = {
        "steady": steady,
        "mismatches": sum(run["mismatches"] for run in runs.values()),
        "stalls": {name: run["clocks"] for name, run in runs.items()},
        "waves": waves,
        "faults": [fault for name, run in runs.items() for fault in faults(run, name)],
    }
    return {**found, **summary}, hardware


_EXAMPLES = (
    ("a built-in photograph, three colour planes", "lutscale sim iqlut-hd-x4"),
    ("your own, the middle 96x96 of its LR", "lutscale sim iqlut-tiny-x4 --image me.jpg --crop 96"),
    (
        "4K, a whole frame, as it is synthesised",
        "lutscale sim lutscale-4k-x4 --max-width 960 --target ecp5-85f --frame 960x540",
    ),
    ("another folding", "lutscale sim iqlut-tiny-x4 --clocks-per-pixel 8 --pixels-per-beat 2"),
    ("all components in one stream", "lutscale sim iqlut-tiny-x4 --colour ycbcr422"),
    ("a board, up to the bits for its display", "lutscale sim iqlut-tiny-x4 --board ulx3s"),
    ("both streams held up, waves recorded", "lutscale sim iqlut-tiny-x4 --stalls --waves"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@click.option(
    "--image",
    default="astronaut",
    show_default=True,
    help=f"A file, or a built-in photograph ({', '.join(SAMPLE_PHOTOS)}).",
)
@click.option(
    "--crop",
    default=-1,
    help="Side of the centre used, in LR pixels; 0 for all.  [default: 64 of a built-in, else 0]",
)
@click.option(
    "--frame",
    metavar="WIDTHxHEIGHT",
    help="The LR frame instead of --crop: the middle, mirrored where the image is smaller.",
)
@click.option("--lr", "is_lr", is_flag=True, help="The image is the LR itself (no PSNR then).")
@build_options
@click.option(
    "--sim",
    type=click.Choice(SIMULATORS),
    default="verilator",
    show_default=True,
    help="The simulator.",
)
@click.option("--stalls", "stalled", is_flag=True, help="Again under every stall pattern.")
@click.option("--waves", is_flag=True, help="Record waves, as FST; small frames only.")
@click.option(
    "--board",
    metavar="NAME",
    help=f"The design of a board ({', '.join(BOARDS)}) on a small display; --crop 0: on its own.",
)
@out_option("build/sim", "the pictures and the simulation")
@one_line_errors
def main(
    program: Path,
    image: str,
    crop: int,
    frame: str | None,
    is_lr: bool,
    sim: str,
    stalled: bool,
    waves: bool,
    board: str | None,
    out: Path,
    build: Build,
) -> None:
    """Simulate the hardware on a picture and compare every pixel.

    The picture is made small, its three colour planes go through the simulated hardware of
    PROGRAM, and the result is compared with the golden model. With --colour, the picture goes
    through as one stream of its components, three times. A network with dispatch gets the patches
    of the picture, then all of them at high precision; its clocks, beats and lines are its own. The
    last line is JSON. Exit codes: 0; 1 when a pixel differs; 2 for bad input.
    """
    if board is not None:
        refuse_beside_board(("program", "board", "crop", "out"))
        if crop > 0:
            raise InputError(f"--crop must be 0 beside --board, or left out, not {crop}")
        _simulate_board(program, board, whole=crop == 0, out=out)
        return
    size_asked = _frame_size(frame)
    if crop < 0:
        crop = 64 if image in SAMPLE_PHOTOS else 0
    network = load(program)
    if isinstance(network, Network):
        # It reads this module.
        from lutscale.sim.refqsr.run import run_network

        subject = choose(image, network.scale, crop, is_lr, frame=size_asked)
        result = run_network(
            network, subject, build, out, simulator=sim, stalled=stalled, waves=waves
        )
        _finish(result)
        return
    sigma = network.task.sigma or 0
    subject = choose(image, network.scale, crop, is_lr, sigma, size_asked)
    height, width = subject.lr.shape[:2]
    if width > build.max_width or height > build.max_height:
        raise InputError(
            f"{image}: LR frame must be at most {build.max_width}x{build.max_height} "
            f"(MAX_WIDTH, MAX_HEIGHT), not {width}x{height}"
        )
    if build.colour:
        build.colour.check_size(width, height, f"{image}: LR frame ")
    pipeline = Pipeline(network, build)
    key = f"{network.name}-f{build.clocks_per_pixel}-b{build.pixels_per_beat}"
    what, planes = "3 planes", "x3"
    if build.colour:
        key = f"{key}-{'-'.join(vars(build.colour).values())}"
        what, planes = build.colour.format, f" {build.colour.format}"
    folder = out / f"{key}-{sim}{'-waves' if waves else ''}"
    # Memory of the bench for small frames as well: a size fits many images, and one build.
    size = max(128 * 128, width * height)
    quick = waves or is_short(pipeline, width, height)
    job = Job(pipeline, folder, simulator=sim, frame_size=size, waves=waves, quick=quick)
    print(f"building {network.name} for {sim}: {build.clocks_per_pixel} clocks a pixel ...")
    print(f"built in {job.build():.0f} s; simulating {width}x{height}, {what} ...")
    found, hardware = simulate(job, subject, stalled)
    bicubic = upscale(subject.lr, network.scale) if network.scale > 1 else subject.lr
    pictures = write_pictures(subject, hardware, bicubic, folder)
    for name in (*pictures.values(), "comparison.png"):
        shutil.copyfile(folder / name, out / name)
    for fault in found["faults"]:
        print(fault)
    result = {
        "program": network.name,
        "frame": f"{width}x{height}{planes} {subject.name}",
        "clocks": found["clocks"],
        "clocks_per_pixel": build.clocks_per_pixel,
        "clocks_per_pixel_measured": round(found["steady"], 4),
        "pixels": int(hardware.size),
        "mismatches": found["mismatches"],
        "psnr": score(hardware, subject, network.scale),
        "psnr_noisy" if sigma else "psnr_bicubic": score(bicubic, subject, network.scale),
        "table_bytes": network.table_bytes,
        "on_chip_bytes": pipeline.plan.on_chip_bytes,
        "line_width": build.max_width,
        "pixels_per_beat": build.pixels_per_beat,
        "simulator": sim,
        "seconds": round(found["seconds"], 2),
        **({"stalls": found["stalls"]} if stalled else {}),
        "result": "fail" if found["faults"] else "pass",
    }
    about = {
        "format": "lutscale-sim",
        "version": 1,
        "origin": origin(network),
        "build": build.to_json(),
        "image": {"name": image, "crop": crop, "frame": frame, "lr": is_lr},
        "faults": found["faults"],
        "pictures": pictures,
    }
    write_whole(folder, {REPORT: json.dumps({**about, **result}, indent=1).encode()})
    for path in found["waves"]:
        print(f"waves: {path}, {path.stat().st_size / 1e6:.1f} MB")
    print(f"pictures: {out}/input.png bicubic.png hardware.png difference.png comparison.png")
    _finish(result)


def _finish(result: dict[str, Any]) -> None:
    print(json.dumps(result))
    if result["result"] == "fail":
        raise SystemExit(1)


def _simulate_board(program: Path, board: str, *, whole: bool, out: Path) -> None:
    network = load_program(program)
    print(f"building {board} with {network.name} for verilator, and simulating its display ...")
    result = simulate_board(network, board, whole=whole, frames=1 if whole else 2, out=out)
    for fault in result.pop("faults"):
        print(fault)
    print(f"what the display shows: {out}/display.png")
    print(json.dumps(result))
    if result["result"] == "fail":
        raise SystemExit(1)


def score(picture: Picture, subject: Subject, scale: int) -> float | None:
    """PSNR in dB against what the LR was made from; None where there is no such picture."""
    if subject.hr is None:
        return None
    return round(psnr(picture, subject.hr, shave=scale if scale > 1 else 0), 3)
