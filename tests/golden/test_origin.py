"""What a report is of: a program's tables and what it computes, not how it was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lutscale
from lutscale.golden.origin import origin
from lutscale.golden.program_file import digest, load, save
from tests.support.golden.small_programs import small
from tests.support.refqsr.networks import network


def test_a_program_is_known_again(tmp_path: Path) -> None:
    save(small(), tmp_path / "a.npz")
    found = origin(load(tmp_path / "a.npz"))
    assert found == origin(small()) == origin(replace(small(), provenance={"seed": 2}))
    assert found["lutscale"] == lutscale.__version__
    assert len(found["program_sha256"]) == 64


def test_any_change_is_another_program() -> None:
    program = small()
    entries = program.layers[0].entries.copy()  # type: ignore[attr-defined]
    entries[0, 0, 0, 0, 0] ^= 1
    first = replace(program.layers[0], entries=entries)  # type: ignore[type-var]
    others = [
        replace(program, name="other"),
        replace(program, layers=(first, *program.layers[1:])),
        replace(
            program, layers=(replace(program.layers[0], border="reflect"), *program.layers[1:])
        ),  # type: ignore[type-var]
    ]
    assert len({digest(p) for p in (program, *others)}) == 4


def test_networks_are_told_apart_by_what_they_compute() -> None:
    found = origin(network(1))
    assert found == origin(replace(network(1), provenance={"seed": 2}))
    others = (network(2), replace(network(1), name="other"), network(1, dispatched=False))
    assert found["program_sha256"] not in {origin(other)["program_sha256"] for other in others}
