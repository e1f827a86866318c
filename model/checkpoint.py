"""What a run leaves to go on from, and to start others from."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.model.growth import grow
from lutscale.model.systems import Trainable, build

__all__ = ["read_checkpoint", "start_from", "write_checkpoint"]


def start_from(path: str, network: Trainable) -> dict[str, Any]:
    """Take over the averaged weights of a checkpoint, and say which run they are from, and under
    "started" which one that had started from. What the network does not take is its own to say;
    weights of a smaller network are grown.

    Raises:
        InputError: they are of a shape that does not nest in the network's.
    """
    state = read_checkpoint(Path(path))
    options = dict(state["recipe"].get("options", {}))
    earlier = build(state["name"], options)
    rescaled = earlier.scale != network.scale
    try:
        network.load_state_dict(network.lent(state["averaged"], rescaled=rescaled))
    except RuntimeError:
        earlier.load_state_dict(state["averaged"])
        try:
            grow(earlier, network)
        except ValueError as error:
            raise InputError(
                f"{path}: must be a checkpoint of the same shape, or of a smaller one, not of "
                f"{state['name']} with options {options}: {error}"
            ) from None
    before = {"started": state["started"]} if state.get("started") else {}
    return {"name": state["name"], "step": state["step"], **state["recipe"], **before}


def read_checkpoint(path: Path) -> dict[str, Any]:
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


def write_checkpoint(state: Mapping[str, Any], path: Path) -> None:
    """Replace the checkpoint at once, or leave the old one whole."""
    # Not torch.save to the file itself: on a full disk its error is no OSError.
    whole = io.BytesIO()
    torch.save(dict(state), whole)
    with whole_file(path) as part:
        part.write_bytes(whole.getbuffer())
