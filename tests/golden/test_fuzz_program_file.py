"""Two thousand damaged files are refused in one line, or work; and the check itself can fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load, save
from tests.support.golden import fuzz_program_file
from tests.support.golden.fuzz_program_file import check, main
from tests.support.golden.program_mutants import MUTATIONS, mutant
from tests.support.golden.small_programs import small

PART = 200


@pytest.mark.parametrize(
    "part", [pytest.param(k, marks=pytest.mark.slow if k else ()) for k in range(10)]
)
def test_two_thousand_damaged_files(tmp_path: Path, part: int) -> None:
    path = tmp_path / "mutant.npz"
    verdicts: Counter[tuple[str, str]] = Counter()
    for number in range(part * PART, (part + 1) * PART):
        damage, content = mutant(1, number)
        path.write_bytes(content)
        verdicts[damage, check(path)] += 1
    # Damage is done, and not so much that nothing gets past the first check.
    kinds = {damage.__name__ for damage in MUTATIONS}
    assert {damage for damage, verdict in verdicts if verdict == "refused"} == kinds
    assert len({damage for damage, verdict in verdicts if verdict == "taken in"}) >= 3


def test_a_file_can_be_made_again() -> None:
    for number in range(2 * len(MUTATIONS)):
        assert mutant(3, number) == mutant(3, number)
    assert mutant(3, 0) != mutant(4, 0)


def raising(error: Exception) -> Callable[[Path], Any]:
    """A reader that raises this."""

    def read(path: Path) -> Any:
        raise error

    return read


@pytest.mark.parametrize(
    "reason",
    ["is wrong", "must be\nright", "must be \x1b[31mright", f"must be {'right' * 99}"],
    ids=["no must", "two lines", "not printable", "long"],
)
def test_a_bad_line_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    path = tmp_path / "a.npz"
    monkeypatch.setattr(fuzz_program_file, "load", raising(InputError(f"{path}: must be so")))
    assert check(path) == "refused"
    monkeypatch.setattr(fuzz_program_file, "load", raising(InputError(f"{path}: {reason}")))
    with pytest.raises(AssertionError):
        check(path)


def test_another_exception_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_program_file, "load", raising(KeyError("entries")))
    with pytest.raises(KeyError):
        check(tmp_path / "a.npz")
    result = CliRunner().invoke(main, ["--files", "1", "--seed", "5", "--folder", str(tmp_path)])
    assert isinstance(result.exception, KeyError)
    assert f"{tmp_path}/mutant.npz: raw, made by --seed 5 --first 0 --files 1" in result.output
    assert (tmp_path / "mutant.npz").read_bytes() == mutant(5, 0)[1]


def test_a_program_that_does_not_work_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    save(small(), path)
    assert check(path) == "taken in"
    program = load(path)
    wrong = program.layers[0].fast

    def off_by_one(values: Any) -> Any:
        return wrong(values) + np.int32(1)

    object.__setattr__(program.layers[0], "fast", off_by_one)
    monkeypatch.setattr(fuzz_program_file, "load", lambda _: program)
    with pytest.raises(AssertionError):
        check(path)


def test_the_command_counts(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--files", "14", "--folder", str(tmp_path)])
    assert result.exit_code == 0
    assert "14 files of seed 1, none broke out: " in result.output
