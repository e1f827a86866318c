"""Whose results a network learns from besides the photographs (knowledge distillation)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.checkpoint import read_checkpoint
from lutscale.model.systems import Trainable, build

__all__ = ["load_teacher", "turned_mean"]


def load_teacher(path: str, pupil: Trainable, batch: tuple[int, int]) -> nn.Module:
    """The network to learn from; InputError when it does not suit the pupil.

    Args:
        path: a checkpoint, whose averaged network it is, or any network saved by
            ``torch.export.save`` (``.pt2``) that takes and gives what the pupil does.
        batch: (frames in a batch, side of a frame).
    """
    if path.endswith(".pt2"):
        return _load_exported(path, pupil, batch)
    state = read_checkpoint(Path(path))
    network = build(state["name"], state["recipe"].get("options"))
    if (network.scale, network.task) != (pupil.scale, pupil.task):
        raise InputError(
            f"{path}: must be a teacher of scale {pupil.scale} {pupil.task}, not of scale "
            f"{network.scale} {network.task}"
        )
    if network.planes != pupil.planes:
        raise InputError(
            f"{path}: must be a teacher of pictures of {pupil.planes} planes, not of "
            f"{network.planes}"
        )
    network.load_state_dict(state["averaged"])
    return network.requires_grad_(False).eval()


def _load_exported(path: str, pupil: Trainable, batch: tuple[int, int]) -> nn.Module:
    if not Path(path).is_file():
        raise InputError(f"{path}: must be a network (.pt2), but is no file")
    try:
        network = torch.export.load(path).module()
    except Exception as error:  # The reader promises no types.
        raise InputError(
            f"{path}: must be saved by torch.export.save, not {_first(error)}"
        ) from None
    count, side = batch
    frame = torch.zeros(count, pupil.planes, side, side)
    wanted = (count, pupil.planes, side * pupil.scale, side * pupil.scale)
    try:
        with torch.no_grad():
            found = tuple(network(frame).shape)
    except Exception as error:  # It is anybody's code.
        raise InputError(
            f"{path}: must take {tuple(frame.shape)}, not fail: {_first(error)}"
        ) from None
    if found != wanted:
        raise InputError(f"{path}: must make {wanted} of {tuple(frame.shape)}, not {found}")
    return network


def _first(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def turned_mean(network: Callable[[Tensor], Tensor], frames: Tensor) -> Tensor:
    """The mean of the results of square frames turned and mirrored in all eight ways, each turned
    back (self-ensemble; Timofte et al., CVPR 2016).

    Args:
        network: (batch, planes, h, h) -> (batch, planes, h * r, h * r).
    """
    results = []
    for mirrored in (False, True):
        seen = frames.flip(-1) if mirrored else frames
        for quarters in range(4):
            result = network(seen.rot90(quarters, (-2, -1))).rot90(-quarters, (-2, -1))
            results.append(result.flip(-1) if mirrored else result)
    return torch.stack(results).mean(0)
