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
from lutscale.golden.model_file import load
from lutscale.golden.program import Program
from lutscale.golden.zoo import find, networks, programs
from lutscale.model.growth import grow, keep_sizes
from lutscale.model.network import Network
from lutscale.model.systems import Trainable, build

__all__ = ["read_checkpoint", "start_from", "write_checkpoint"]


def start_from(path: str, network: Trainable) -> dict[str, Any]:
    """Take over the averaged weights of a checkpoint, or those of a program that was trained, and
    say which run they are from, and under "started" which one that had started from. What the
    network does not take is its own to say; weights of a smaller network are grown.

    Args:
        path: of a checkpoint, or of a program (.npz), or a program's name in the zoo.

    Raises:
        InputError: they are of a shape that does not nest in the network's.
    """
    earlier, made = _earlier(path)
    rescaled = earlier.scale != network.scale
    try:
        network.load_state_dict(network.lent(earlier.state_dict(), rescaled=rescaled))
        keep_sizes(earlier, network, rescaled=rescaled)
    except RuntimeError:
        try:
            grow(earlier, network)
        except ValueError as error:
            raise InputError(
                f"{path}: must be weights of the same shape, or of a smaller one, not of "
                f"{made['name']} with options {made.get('options', {})}: {error}"
            ) from None
    return made


def _earlier(path: str) -> tuple[Trainable, dict[str, Any]]:
    """The network of a checkpoint or of a program, and the run it is from."""
    if path in programs() or path in networks() or Path(path).suffix == ".npz":
        return _of_program(find(path))
    state = read_checkpoint(Path(path))
    network = build(state["name"], state["recipe"].get("options", {}))
    try:
        network.load_state_dict(state["averaged"])
    except RuntimeError:
        raise InputError(
            f"{path}: must be a checkpoint of a shape that {state['name']} still has, not of an "
            f"earlier one"
        ) from None
    before = {"started": state["started"]} if state.get("started") else {}
    return network, {"name": state["name"], "step": state["step"], **state["recipe"], **before}


def _of_program(path: Path) -> tuple[Network, dict[str, Any]]:
    program = load(path)
    made = {"name": program.name, **program.provenance}
    try:
        if "steps" not in made:
            raise ValueError("it does not say how it was trained")
        network = build(program.name, made.get("options"))
        if not isinstance(program, Program) or not isinstance(network, Network):
            raise ValueError("networks of mixed precision start from checkpoints only")
        network.restore(program)
    except (InputError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: must be a program of tables that `lutscale train` made, of a shape it still "
            f"has: {error}"
        ) from None
    return network, made


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
