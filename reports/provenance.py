"""What a program's provenance says of its making, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lutscale.golden.layers import PatternTables
from lutscale.golden.program import Program

__all__ = ["how_made", "imported_family", "trained_on"]

_LOSSES = {"l1": "L1 loss", "l2": "Squared error", "psnr": "Negative PSNR"}
_OPTIONS = ("steps", "batch", "patch", "rate", "seed", "check", "loss", "tables")
# Said only where they are in use.
_EXTRAS = {"late_patch": 0, "candidates": 1, "start": "", "teacher": ""}


def imported_family(program: Program) -> str:
    """The family whose released tables a program holds; "" for our own."""
    made = program.provenance
    return str(made.get("family", "unknown")) if "imported" in made else ""


def trained_on(program: Program) -> str:
    """The training pictures in a few words; whether DIV2K is among them is always said."""
    made = program.provenance
    if family := imported_family(program):
        return f"tables released by the authors of {family}"
    if "images" not in made:
        return "training pictures not recorded"
    sets = [str(name) for name in made.get("sets", ())]
    which = f" of {', '.join(sets)}" if sets else ""
    return f"{made['images']} photographs{which} ({'with' if 'DIV2K' in sets else 'no'} DIV2K)"


def how_made(program: Program) -> list[str]:
    """Markdown lines for a program's card: the command, the pictures, the recipe."""
    made = program.provenance
    if family := imported_family(program):
        return [
            "## Where it is from",
            "",
            f"Tables released by the authors of {family}, read from `{made['imported']}` by "
            "`python -m lutscale.model.released.import_tables`. "
            "They stay under their authors' licence.",
        ]
    if "steps" not in made:
        return ["## How it was trained", "", "Not recorded in the program."]
    lines = ["## How it was trained", "", f"    {_command(program.name, made)}", ""]
    seconds = made.get("seconds")
    minutes = f", {seconds / 60:.0f} minutes into the run" if isinstance(seconds, int) else ""
    lines.append(
        f"{made.get('images', '?')} photographs of {', '.join(made.get('sets', ['FOLDER']))}; "
        f"every 20th file by name held out for validation. DIV2K, which papers train on, is "
        f"{'among' if 'DIV2K' in made.get('sets', ()) else 'not among'} them. {_recipe(program)} "
        f"The checkpoint of step {made.get('step', '?')} did best on the validation split"
        f"{minutes} ({made.get('machine', 'machine not recorded')})."
    )
    run: Mapping[str, Any] = made
    while started := run.get("started"):
        lines += [
            "",
            f"`{run['start']}` is what step {started['step']} of this run had left:",
            "",
            f"    {_command(started['name'], started)}",
        ]
        run = started
    return [*lines, *(["", str(made["note"])] if "note" in made else [])]


def _command(name: str, made: Mapping[str, Any]) -> str:
    words = [f"--{option} {made[option]}" for option in _OPTIONS if option in made]
    used = [extra for extra, idle in _EXTRAS.items() if made.get(extra, idle) != idle]
    words += [f"--{extra.replace('_', '-')} {made[extra]}" for extra in used]
    if "teacher" in used:
        words.append(f"--distil {made['distil']}")
    for option, value in made.get("options", {}).items():
        words.append(f"--set {option}={json.dumps(value, separators=(',', ':'))}")
    if "compiled" in str(made.get("machine", "")):
        words.append("--compile")
    return " ".join([f"python -m lutscale.model.train {name} --data FOLDER", *words])


def _recipe(program: Program) -> str:
    made = program.provenance
    loss = _LOSSES.get(str(made.get("loss", "l1")), f"{made.get('loss')} loss")
    if any(isinstance(layer, PatternTables) for layer in program.layers):
        last = made.get("tables")
        share = f" for the last {last:.0%} of the steps" if isinstance(last, float) else " later"
        return f"{loss}, Adam; tables are enumerated from small networks, then trained{share}."
    return f"{loss}, Adam, codes and entries quantised as deployed from the first step."
