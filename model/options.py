"""Options that commands of the trainer have in common."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["photographs"]


def _training_part(context: click.Context, parameter: click.Parameter, folder: Path) -> Path:
    inner = folder / "train"
    return inner if inner.is_dir() else folder


photographs = click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="LUTSCALE_DATA",
    required=True,
    callback=_training_part,
    help="Folder of training photographs (searched below; its train/ when there is one).",
)
"""``--data FOLDER``: a folder of photographs, or its train/."""
