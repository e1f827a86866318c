"""Pareto fronts as pictures: PSNR against what a design takes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from lutscale.reports.explore.front import front

__all__ = ["picture"]

_LEAST = 3
"""Trials of a series that are worth a panel."""


def picture(records: Sequence[Mapping[str, Any]], figure: str, label: str, title: str) -> bytes:
    """A PNG: Set5 on the left, filled for programs of the zoo and hollow for trials; on the right
    the series of trials, each with its own axis of validation PSNR.

    Args:
        records: of designs of one build, each with its "psnr".
        figure: its name in the records.
        label: of the axis.
        title: of the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    there = [r for r in records if r[figure] is not None]
    series = _series(there)
    panels = Figure(figsize=(8 + 4 * bool(series), 5.5), dpi=110, layout="constrained")
    FigureCanvasAgg(panels)
    grid = panels.add_gridspec(max(len(series), 1), 3 if series else 2)
    main = panels.add_subplot(grid[:, :2])
    _set5(main, there, figure, label)
    for k, (name, rows) in enumerate(series.items()):
        _trials(panels.add_subplot(grid[k, 2]), name, rows, figure)
    panels.suptitle(title)
    data = io.BytesIO()
    panels.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()


def _series(
    records: Sequence[Mapping[str, Any]],
) -> dict[str, list[tuple[Mapping[str, Any], float]]]:
    found: dict[str, list[tuple[Mapping[str, Any], float]]] = {}
    for record in records:
        for trial in record["psnr"]["trials"]:
            if trial["validation_db"] is not None:
                name = f"{trial['series']}, {trial['steps']:,} steps"
                found.setdefault(name, []).append((record, trial["validation_db"]))
    return {name: rows for name, rows in found.items() if len(rows) >= _LEAST}


def _set5(axes: Any, records: Sequence[Mapping[str, Any]], figure: str, label: str) -> None:
    scored = [r for r in records if r["psnr"]["set5_db"] is not None]
    for kind, face in (("zoo", "tab:blue"), ("trial", "none")):
        own = [r for r in scored if r["psnr"]["from"] == kind]
        points = [(r[figure], r["psnr"]["set5_db"]) for r in own]
        name = "trained, of the zoo" if kind == "zoo" else "short trial"
        if points:
            axes.scatter(*zip(*points, strict=True), color="tab:blue", facecolor=face, label=name)
    points = [(r[figure], r["psnr"]["set5_db"]) for r in scored]
    best = front(points)
    if best:
        axes.step(
            *zip(*(points[k] for k in best), strict=True),
            where="post", color="tab:orange", label="Pareto front",
        )  # fmt: skip
    for k in best:
        axes.annotate(
            scored[k]["name"], points[k], xytext=(4, -11), textcoords="offset points", fontsize=7
        )
    unknown = [r[figure] for r in records if r["psnr"]["set5_db"] is None]
    if unknown and scored:
        low = min(y for _, y in points) - 0.1
        axes.plot(unknown, [low] * len(unknown), "|", color="grey", label="PSNR not known")
    axes.set(xlabel=label, ylabel="Set5, luma PSNR [dB]", xscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)


def _trials(
    axes: Any, name: str, rows: Sequence[tuple[Mapping[str, Any], float]], figure: str
) -> None:
    axes.set_title(name, fontsize=8)
    points = [(record[figure], db) for record, db in rows]
    axes.scatter(*zip(*points, strict=True), s=10, color="tab:green")
    axes.step(
        *zip(*(points[k] for k in front(points)), strict=True), where="post", color="tab:orange"
    )
    axes.set_ylabel("validation [dB]", fontsize=7)
    axes.tick_params(labelsize=6, which="both")
    axes.set_xscale("log")
    axes.grid(alpha=0.3, which="both")
