"""What a program's provenance says of its making, in words.

Provenance is free JSON, which nothing vouches for: whatever stands there is printed, cut to a
length, or left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lutscale.golden.errors import printable
from lutscale.golden.layers import PatternTables
from lutscale.golden.model_file import AnyProgram
from lutscale.golden.refqsr.network import Network

__all__ = ["how_made", "imported_family", "trained_on"]

_LOSSES = {"l1": "L1 loss", "l2": "Squared error", "psnr": "Negative PSNR"}
_OPTIONS = ("steps", "batch", "patch", "rate", "seed", "check", "loss", "tables")
# Said only where they are in use.
_EXTRAS = {
    "late_patch": 0,
    "candidates": 1,
    "keep": 1.0,
    "gradients": "float32",
    "optimiser": "adam",
    "start": "",
    "teacher": "",
}
_LONGEST = 1000


def imported_family(program: AnyProgram) -> str:
    """The family whose released tables a program holds; "" for our own."""
    made = program.provenance
    return _word(made.get("family", "unknown")) if "imported" in made else ""


def trained_on(program: AnyProgram) -> str:
    """The training pictures in a few words; whether DIV2K is among them is always said."""
    made = program.provenance
    if family := imported_family(program):
        return f"tables released by the authors of {family}"
    if "images" not in made:
        return "training pictures not recorded"
    sets = _words(made.get("sets"))
    which = f" of {', '.join(sets)}" if sets else ""
    div2k = "with DIV2K" if "DIV2K" in sets else "no DIV2K"
    return f"{_word(made['images'])} photographs{which} ({div2k})"


def how_made(program: AnyProgram) -> list[str]:
    """Markdown lines for a program's card: the command, the pictures, the recipe."""
    made = program.provenance
    if family := imported_family(program):
        return [
            "## Where it is from",
            "",
            f"Tables released by the authors of {family}, read from `{_word(made['imported'])}` by "
            "`lutscale import`. "
            "They stay under their authors' licence.",
        ]
    if "steps" not in made:
        return ["## How it was trained", "", "Not recorded in the program."]
    lines = ["## How it was trained", "", f"    {_command(program.name, made)}", ""]
    sets = _words(made.get("sets")) or ["FOLDER"]
    lines.append(
        f"{_word(made.get('images', '?'))} photographs of {', '.join(sets)}; "
        f"every 20th file by name held out for validation. DIV2K, which papers train on, is "
        f"{'among' if 'DIV2K' in sets else 'not among'} them. {_recipe(program)} "
        f"The checkpoint of step {_word(made.get('step', '?'))} did best on the validation split"
        f"{_minutes(made.get('seconds'))} ({_word(made.get('machine', 'machine not recorded'))})."
    )
    run = made
    while started := _object(run.get("started")):
        start, step = _word(run.get("start", "?")), _word(started.get("step", "?"))
        left = start.endswith(".pt")
        what = f"what step {step} of this run had left" if left else f"step {step} of this run"
        who = f"The `{start}` before this one" if start == program.name else f"`{start}`"
        lines += [
            "",
            f"{who} is {what}:",
            "",
            f"    {_command(_word(started.get('name', '?')), started)}",
        ]
        run = started
    return [*lines, *(["", _word(made["note"])] if "note" in made else [])]


def _command(name: str, made: Mapping[str, Any]) -> str:
    words = [f"--{option} {_word(made[option])}" for option in _OPTIONS if option in made]
    used = [extra for extra, idle in _EXTRAS.items() if made.get(extra, idle) != idle]
    words += [f"--{extra.replace('_', '-')} {_word(made[extra])}" for extra in used]
    if "teacher" in used:
        words.append(f"--distil {_word(made.get('distil', '?'))}")
        if made.get("teacher_turns") is True:
            words.append("--teacher-turns")
    for option, value in _object(made.get("options")).items():
        word = f"{_word(option)}={_word(json.dumps(value, separators=(',', ':')))}"
        # A shell would take the quotes of JSON for its own.
        words.append(f"--set '{word}'" if '"' in word else f"--set {word}")
    if "compiled" in _word(made.get("machine", "")):
        words.append("--compile")
    return " ".join([f"lutscale train {name} --data FOLDER", *words])


def _recipe(program: AnyProgram) -> str:
    made = program.provenance
    named = _word(made.get("loss", "l1"))
    loss = _LOSSES.get(named, f"{named} loss")
    mover = "Muon and Adam" if made.get("optimiser") == "muon" else "Adam"
    if isinstance(program, Network):
        return f"{loss}, Adam, codes and weights of the body quantised as deployed."
    portion = made.get("tables")
    of_all = isinstance(portion, float) and 0 <= portion <= 1
    share = f" for the last {portion:.0%} of the steps" if of_all else " later"
    if any(isinstance(layer, PatternTables) for layer in program.layers):
        return f"{loss}, Adam; tables are enumerated from small networks, then trained{share}."
    if portion != 1 and (nodes := _object(made.get("options")).get("lines")):
        return (
            f"{loss}, {mover}, codes quantised as deployed from the first step; tables are broken "
            f"lines of {_word(nodes)} nodes, then entries as deployed{share}."
        )
    return f"{loss}, {mover}, codes and entries quantised as deployed from the first step."


def _word(value: object) -> str:
    """A value as it may stand in a line."""
    return printable(" ".join(str(value).split()), _LONGEST)


def _words(values: object) -> list[str]:
    """The items of a list; none of anything else."""
    return [_word(value) for value in values] if isinstance(values, list | tuple) else []


def _object(value: object) -> Mapping[str, Any]:
    """An object; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def _minutes(seconds: object) -> str:
    """How far into the run, where that is a number of seconds."""
    if not isinstance(seconds, int) or abs(seconds) >= 1 << 40:
        return ""
    return f", {seconds / 60:.0f} minutes into the run"
