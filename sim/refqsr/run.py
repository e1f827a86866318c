"""A network on a picture in the simulated tile processor: ``lutscale sim`` of a network's file."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.files import write_whole
from lutscale.golden.origin import origin
from lutscale.golden.pictures.bicubic import upscale
from lutscale.golden.refqsr.network import Network
from lutscale.golden.refqsr.patches import Tiling
from lutscale.hw.build import Build
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.refqsr.schedule import PARTS
from lutscale.sim.faults import TILES, faults
from lutscale.sim.refqsr.job import WAVES, Tile, TileJob
from lutscale.sim.run import REPORT, Subject, score, write_pictures
from lutscale.sim.stalls import PATTERNS, stalls

__all__ = ["Sent", "in_order", "run_network"]

Picture = npt.NDArray[np.uint8]

_QUICK = 2_000_000
"""Clocks. Of fewer, a model that is compiled in the least time is done sooner."""


@dataclass(frozen=True)
class Sent:
    """The tiles of a picture in the order in which they go through the processor.

    Attributes:
        tiling: where they lie; None for a picture that is one tile.
        numbers: of the patches, in that order.
        tiles: what is sent.
    """

    tiling: Tiling | None
    numbers: tuple[int, ...]
    tiles: tuple[Tile, ...]

    def merged(self, pictures: Sequence[Picture], scale: int) -> Picture:
        """The picture of what came out."""
        if self.tiling is None:
            return pictures[0]
        patches = [pictures[self.numbers.index(n)] for n in range(len(self.numbers))]
        return self.tiling.merge(patches, scale)


def in_order(ends: Sequence[int]) -> tuple[int, ...]:
    """Each reference, and behind it the queries that it repairs.

    Args:
        ends: for each patch the number of its reference.
    """
    return tuple(
        n
        for reference, own in enumerate(ends)
        if reference == own
        for n in (reference, *(q for q, end in enumerate(ends) if end == reference and q != end))
    )


def _sent(network: Network, picture: Picture, *, mixed: bool) -> Sent:
    """The tiles of a picture; without ``mixed`` all of them references."""
    if network.dispatch is None:
        return Sent(None, (0,), (Tile(picture, network.run_image(picture)),))
    _, trace = network.run_traced(picture)
    assert trace.tiling is not None
    patches = trace.tiling.cut(picture)
    ends = trace.pointers if mixed else tuple(range(len(patches)))
    made, _ = network.run_patches(patches, ends)
    numbers = in_order(ends)
    tiles = tuple(Tile(patches[n], made[n], ends[n] == n) for n in numbers)
    return Sent(trace.tiling, numbers, tiles)


def run_network(
    network: Network,
    subject: Subject,
    build: Build,
    out: Path,
    *,
    simulator: str,
    stalled: bool,
    waves: bool,
) -> dict[str, Any]:
    """Simulate a picture, mixed and with all tiles at high precision, and compare every pixel.

    Prints as ``lutscale sim`` does, and writes its report and pictures.

    Args:
        subject: the picture.
        build: options of the command; tiles are as large as the picture's patches.
        out: folder for the pictures, and for that of the simulation.
        simulator, stalled, waves: as of ``lutscale sim``.

    Returns:
        the result line; "result" is "fail" where anything differs.

    Raises:
        InputError: the picture is smaller than a patch.
        ValueError: the network is none that the processor runs.
    """
    sent = _sent(network, subject.lr, mixed=True)
    height, width = sent.tiles[0].pixels.shape[:2]
    processor = TileProcessor(network, TileBuild.of(build, (width, height)))
    most = len(sent.tiles) * processor.schedule.most_clocks(width, height)
    key = f"{network.name}-{width}x{height}-{simulator}{'-waves' if waves else ''}"
    folder = out / key
    job = TileJob(
        processor,
        folder,
        simulator=simulator,
        tiles=len(sent.tiles),
        waves=waves,
        quick=waves or most < _QUICK,
    )
    print(f"building {network.name} for {simulator}: tiles of {width}x{height} ...")
    built = job.build()
    references = sum(tile.reference for tile in sent.tiles)
    print(
        f"built in {built:.0f} s; simulating {len(sent.tiles)} tiles, {references} references ..."
    )
    started = time.monotonic()
    runs: dict[str, dict[str, Any]] = {}
    for pattern in PATTERNS if stalled else PATTERNS[:1]:
        runs[pattern] = job.run(sent.tiles, stalls=stalls(pattern, 4))
        if waves:
            name = "waves.fst" if pattern == "none" else f"waves-{pattern}.fst"
            (folder / WAVES).rename(folder / name)
    found = runs["none"]
    if network.dispatch is not None:
        high = _sent(network, subject.lr, mixed=False)
        runs["all_high"] = job.run(high.tiles)
    wrong = [fault for name, run in runs.items() for fault in faults(run, name, **TILES)]
    hardware = sent.merged(found["pictures"], network.scale)
    expected = sent.merged([tile.expected for tile in sent.tiles], network.scale)
    if not np.array_equal(hardware, expected) and not wrong:
        wrong.append("picture: tiles are as golden's, but not the whole")
    bicubic = upscale(subject.lr, network.scale)
    pictures = write_pictures(subject, hardware, bicubic, folder)
    for name in (*pictures.values(), "comparison.png"):
        shutil.copyfile(folder / name, out / name)
    for fault in wrong:
        print(fault)
    result = {
        "program": network.name,
        "frame": f"{subject.lr.shape[1]}x{subject.lr.shape[0]}x3 {subject.name}",
        "tile": f"{width}x{height}",
        "tiles": len(sent.tiles),
        "references": references,
        "clocks": found["clocks"],
        "weight_reads": found["reads"],
        **_saving(processor, runs),
        "pixels": int(hardware.size),
        "mismatches": sum(run["mismatches"] for run in runs.values()),
        "psnr": score(hardware, subject, network.scale),
        "psnr_bicubic": score(bicubic, subject, network.scale),
        "lanes": processor.schedule.tables.lanes,
        "on_chip_bytes": -(-sum(use.bits for use in processor.memories) // 8),
        "simulator": simulator,
        "seconds": round(time.monotonic() - started, 2),
        **(
            {"stalls": {n: r["clocks"] for n, r in runs.items() if n in PATTERNS}}
            if stalled
            else {}
        ),
        "result": "fail" if wrong else "pass",
    }
    about = {
        "format": "lutscale-tile-sim",
        "version": 1,
        "origin": origin(network),
        "build": processor.build.to_json(),
        "faults": wrong,
        "pictures": pictures,
        "tile_clocks": _each(found["ends"], sent),
        "parts": _parts(processor, found),
    }
    write_whole(folder, {REPORT: json.dumps({**about, **result}, indent=1).encode()})
    print(f"pictures: {out}/input.png bicubic.png hardware.png difference.png comparison.png")
    return result


def _parts(processor: TileProcessor, run: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Clocks and reads of each part of the network, and while tiles came in."""
    found = {part: {"clocks": 0, "weight_reads": 0} for part in ("load", *PARTS)}
    for part, (clocks, reads) in zip(
        ("load", *processor.schedule.parts), run["stages"], strict=True
    ):
        found[part]["clocks"] += clocks
        found[part]["weight_reads"] += reads
    return found


def _saving(processor: TileProcessor, runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What all tiles at high precision take, and the share that the mixture saves.

    Of the body RefER is a part where tiles are mixed; alone, high precision needs none.
    """
    if "all_high" not in runs:
        return {}
    found: dict[str, Any] = {}
    for name, key in (("clocks", "clocks"), ("weight_reads", "reads")):
        high = runs["all_high"][key]
        found[f"{name}_all_high"] = high
        found[f"{name}_saved"] = round(1 - runs["none"][key] / high, 4)
    mixed, high = (_parts(processor, runs[name]) for name in ("none", "all_high"))
    for name in ("clocks", "weight_reads"):
        taken = mixed["body"][name] + mixed["refer"][name]
        found[f"body_{name}_saved"] = round(1 - taken / high["body"][name], 4)
    return found


def _each(ends: Sequence[tuple[int, int]], sent: Sent) -> list[dict[str, Any]]:
    """Clocks and reads of each tile, in the order sent, from the end of the one before."""
    rows, before = [], (0, 0)
    for number, tile, end in zip(sent.numbers, sent.tiles, ends, strict=True):
        rows.append(
            {
                "patch": number,
                "reference": tile.reference,
                "clocks": end[0] - before[0],
                "weight_reads": end[1] - before[1],
            }
        )
        before = end
    return rows
