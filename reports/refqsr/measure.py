"""Quality and BitOPs of integer networks on folders of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr.network import Network
from lutscale.reports.refqsr.bitops import BitOps, Patch, count, everywhere, fab
from lutscale.reports.refqsr.counted import architecture_of, patches_of, weight_bits
from lutscale.reports.scores import Trial, pair, score

__all__ = ["BASELINE_BITS", "Measured", "measure_networks"]

BASELINE_BITS = 8
"""Activation bits (and weight bits) of the body that shares saved are shares of: the picture as a
whole, without patches."""


@dataclass(frozen=True)
class Measured:
    """One picture through one network.

    Attributes:
        psnr, ssim: of the result.
        references, patches: how many; a picture that runs as a whole is one of one.
        parts: what ran, for `bitops.fab`.
        cost: of the picture.
        baseline: of the picture with a body of 8 by 8 bits.
    """

    psnr: float
    ssim: float
    references: int
    patches: int
    parts: list[Patch]
    cost: BitOps
    baseline: BitOps
    pixels: int


def measure_networks(
    networks: Sequence[Network],
    images: Sequence[Path],
    trial: Trial,
    *,
    tick: Callable[[], object] = lambda: None,
) -> list[dict[str, Any]]:
    """Mean scores and costs of networks of one scale on the images of a set.

    Returns:
        for each network "images", "psnr", "ssim", "psnr_baseline" and "ssim_baseline" (of
        bicubic), as `reports.scores.measure` has them; "patches" and "references" of a picture,
        "share" of references (the mean of the pictures' own), "fab", "body" and "whole" BitOPs of
        an LR pixel, and the shares "body_saved" and "whole_saved" of a body of 8 by 8 bits.

    Raises:
        InputError: an image cannot be read or measured; its file is named.
    """
    found: list[list[Measured]] = [[] for _ in networks]
    below = []
    for number, path in enumerate(images):
        try:
            wanted, given, baseline = pair(path, trial, number)
            below.append(score(baseline, wanted, trial.scale))
            for own, network in zip(found, networks, strict=True):
                result, trace = network.run_traced(given)
                height, width = given.shape[:2]
                shape = architecture_of(network)
                parts = patches_of(network, trace, height, width)
                plain = everywhere(shape, height * width, BASELINE_BITS)
                own.append(
                    Measured(
                        *score(result, wanted, trial.scale),
                        len(trace.references),
                        len(trace.pointers),
                        parts,
                        count(shape, parts, weight_bits(network)),
                        count(shape, [plain], BASELINE_BITS),
                        height * width,
                    )
                )
                tick()
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
    before = {
        "psnr_baseline": round(fmean(psnr for psnr, _ in below), 4),
        "ssim_baseline": round(fmean(ssim for _, ssim in below), 4),
    }
    return [
        {"images": len(images), **_row(network, own), **before}
        for network, own in zip(networks, found, strict=True)
    ]


def _row(network: Network, own: Sequence[Measured]) -> Mapping[str, Any]:
    pixels = sum(m.pixels for m in own)
    body, whole, plain_body, plain_whole = (
        sum(figure(m) for m in own)
        for figure in (
            lambda m: m.cost.body,
            lambda m: m.cost.whole,
            lambda m: m.baseline.body,
            lambda m: m.baseline.whole,
        )
    )
    return {
        "psnr": round(fmean(m.psnr for m in own), 4),
        "ssim": round(fmean(m.ssim for m in own), 4),
        "patches": fmean(m.patches for m in own),
        "references": fmean(m.references for m in own),
        "share": fmean(m.references / m.patches for m in own),
        "fab": fab(architecture_of(network), [m.parts for m in own]),
        "body": body / pixels,
        "whole": whole / pixels,
        "body_saved": 1 - body / plain_body,
        "whole_saved": 1 - whole / plain_whole,
    }
