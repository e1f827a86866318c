"""The page of errors has every message that is in the code, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.site.messages import GAP, messages, messages_of
from lutscale.command import COMMANDS, main
from tests.support.documents import ROOT, table_rows

PAGE = (ROOT / "docs" / "errors.md").read_text()
ROWS = [(row[0].strip("`").strip().replace("\\|", "|"), row[1]) for row in table_rows(PAGE)]


def test_every_message_is_there_and_no_other() -> None:
    assert sorted(message for message, _ in ROWS) == sorted(messages())


def test_none_is_there_twice() -> None:
    assert [text for text, count in Counter(text for text, _ in ROWS).items() if count > 1] == []


def test_commands_have_their_sections() -> None:
    sections = [line.removeprefix("## ") for line in PAGE.splitlines() if line.startswith("## ")]
    named = [line.removeprefix("lutscale ") for line in sections if line.startswith("lutscale ")]
    assert set(named) <= set(COMMANDS)


def test_messages_are_found_in_code(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'raise InputError(f"{path}: must be {a}{b!r}, " "not it")\n'
        "raise InputError(str(error))\n"
        'warnings.warn(f"{n} left out", InputWarning, stacklevel=2)\n'
        'warnings.warn("old", DeprecationWarning)\n'
        'raise ValueError("another")\n'
    )
    found = sorted(messages_of(tmp_path / "a.py"))
    assert found == [GAP, f"{GAP} left out", f"{GAP}: must be {GAP}, not it"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sim iqlut-tiny-x4 --image nobody", "image must be a file or one of …, not …"),
        ("report nothing", "… must be a program file (.npz) or a program of the zoo, …"),
        ("benchmark --data .", "…: must hold folders of images, such as Set5, but holds none"),
        ("fpga iqlut-tiny-x4 --liberty a.lib", "target must be an ASIC for --liberty, not …"),
        ("upscale a.png", "OUT must be given for …: a file or folder to write to"),
        ("import hklut none a.npz", "…: must be a folder of released tables, but is none"),
    ],
)
def test_some_of_them_are_raised(
    words: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert message in dict(ROWS)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, words.split(), prog_name="lutscale")
    assert result.exit_code == 2
    pattern = ".+".join(map(re.escape, message.split(GAP)))
    assert re.fullmatch(f"error: {pattern}\n", result.stderr), result.stderr
