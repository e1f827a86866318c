"""What a report is of: a program's tables and what it computes, not how it was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lutscale
from lutscale.golden.origin import origin
from lutscale.golden.program_file import digest, load, save
from tests.support.golden.small_programs import small


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
