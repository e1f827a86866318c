"""Networks of mixed precision in the benchmark: figures, tables, and PSNR against BitOPs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lutscale.golden import zoo
from lutscale.golden.refqsr.network import Network
from lutscale.reports.markdown import markdown_table
from lutscale.reports.provenance import trained_on
from lutscale.reports.refqsr.bitops import FULL_BITS
from lutscale.reports.refqsr.card import COSTS, network_costs, precision
from lutscale.reports.refqsr.measure import BASELINE_BITS, measure_networks
from lutscale.reports.scores import SetJob, Trial, each_set, suitable

__all__ = ["NOTES", "benchmark_networks", "curve", "lines"]

NOTES = (
    "BitOPs are 2 * weight bits * activation bits for each multiplication, with 8 bits of weights "
    f"in the body and {FULL_BITS} by {FULL_BITS} bits at full precision; ClustBlock and RefER, at "
    "8 by 8 bits, belong to the body; pixels in two patches count twice. Saved is what a body of "
    f"{BASELINE_BITS} by {BASELINE_BITS} bits on whole pictures would have more.",
    "FAB is the mean activation bits of the body's layers, then of patches, then of pictures, as "
    "CADyQ's code counts; a layer that does not run has none.",
)


def benchmark_networks(
    networks: Mapping[Path, Network], sets: Mapping[str, list[Path]]
) -> list[dict[str, Any]]:
    """Scores and costs of networks on the sets of enlargement, in the order given.

    Raises:
        InputError: an image cannot be measured.
    """
    entries = {
        path: {
            "name": network.name,
            "file": zoo.word_for(path),
            "scale": network.scale,
            "body": precision(network),
            "refers": network.dispatch is not None,
            "trained_on": trained_on(network),
            "sets": {},
        }
        for path, network in networks.items()
    }
    jobs = [
        SetJob(
            Trial(scale), [path for path in networks if networks[path].scale == scale], name, images
        )
        for scale in sorted({network.scale for network in networks.values()})
        for name, images in suitable(Trial(scale), sets).items()
    ]
    for path, name, row in each_set(
        jobs,
        "networks",
        lambda job, tick: measure_networks(
            [networks[path] for path in job.paths], job.images, job.trial, tick=tick
        ),
    ):
        entries[path]["sets"][name] = row  # type: ignore[index]
    return list(entries.values())


def lines(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The networks as Markdown: a table for each set."""
    found = ["## Networks of mixed precision", ""]
    sets = dict.fromkeys(name for entry in entries for name in entry["sets"])
    for name in sets:
        own = [entry for entry in entries if name in entry["sets"]]
        rows = []
        for entry in own:
            row = entry["sets"][name]
            scores = [f"{row['psnr']:.3f}", f"{row['ssim']:.4f}"]
            rows.append([f"`{entry['name']}`", entry["body"], *scores, *network_costs(row)])
        head = ["network", "body, bits", "PSNR, dB", "SSIM", *COSTS.values()]
        found += [f"### {name}", "", *markdown_table(head, rows, texts=2), ""]
    return [*found, "BitOPs are those of an LR pixel.", ""]


def curve(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """A PNG: PSNR against the body's BitOPs for each set, with and without RefQSR, where both
    fall together joined by an arrow. Bodies of full precision are lines.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    sets = list(dict.fromkeys(name for entry in entries for name in entry["sets"]))
    figure, rows = plt.subplots(
        1, len(sets), figsize=(4.2 * len(sets), 3.8), layout="constrained", squeeze=False
    )
    for axes, name in zip(rows[0], sets, strict=True):
        places: dict[str, tuple[float, float]] = {}
        for entry in entries:
            if name not in entry["sets"]:
                continue
            row = entry["sets"][name]
            if entry["body"] == "full":
                axes.axhline(row["psnr"], color="#888888", linestyle=":", linewidth=1)
                axes.annotate(
                    "full precision", (0.98, row["psnr"]), ha="right", va="bottom", fontsize=7,
                    xycoords=("axes fraction", "data"), color="#666666",
                )  # fmt: skip
                continue
            x, y = row["body"] / 1e6, row["psnr"]
            places[entry["name"]] = (x, y)
            colour = "#b8321f" if entry["refers"] else "#1f5fa8"
            axes.scatter([x], [y], s=46, color=colour, zorder=3)
            axes.annotate(
                entry["body"], (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7
            )
        for plain, (x, y) in places.items():
            head, _, scale = plain.rpartition("-")
            if (other := places.get(f"{head}-refqsr-{scale}")) is not None:
                axes.annotate(
                    "", other, (x, y), arrowprops={"arrowstyle": "->", "color": "#999999"}
                )
        axes.set(xlabel="body, millions of BitOPs an LR pixel", title=name)
        axes.grid(alpha=0.3)
        axes.margins(0.15)
    rows[0][0].set_ylabel("luma PSNR [dB]")
    figure.suptitle("Without (blue) and with (red) RefQSR; activation bits of the body", fontsize=9)
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=110)
    plt.close(figure)
    return made.getvalue()
