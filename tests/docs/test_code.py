"""Code on the pages runs: Python as it stands, commands of ours unless a comment says why not."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from lutscale.command import main
from lutscale.golden import layers as golden_layers
from lutscale.golden.pictures.image import sample_photo
from lutscale.hw import layers as hw_layers
from tests.support.documents import ROOT, Block, blocks

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# What stands at the beginning of a line that a shell or Python shall run.
_SHELL = re.compile(
    r"^(?:\$ )?(?:\.venv/bin/|bin/)?(?:lutscale|make|python3?|pip|pytest|git|cd|source|apt|ffmpeg|"
    r"verilator|iverilog|from|import)\b"
)
_SLOW = {"tutorial.md"}
_TORCH = {"add-a-layer.md"}


def commands(block: Block) -> list[str]:
    """Its command lines; lines that go on are put together."""
    if block.language not in ("", "sh", "text"):
        return []
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if _SHELL.match(line)]


def page_of(path: Path) -> object:
    marks = [pytest.mark.slow] if path.name in _SLOW else []
    return pytest.param(path, id=path.name, marks=marks)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what pages speak of: a photograph, a folder of them, raw video."""
    monkeypatch.chdir(tmp_path)
    photo = Image.fromarray(sample_photo("chelsea")[100:112, 100:120])
    (tmp_path / "photos").mkdir()
    for path in ("photo.jpg", "photos/a.png"):
        photo.save(tmp_path / path)
    (tmp_path / "in.y4m").write_bytes(b"YUV4MPEG2 W6 H4 F25:1 Ip C420jpeg\nFRAME\n" + bytes(36))
    return tmp_path


@pytest.fixture
def kinds() -> Iterator[None]:
    """Layer kinds that a page registers are gone afterwards."""
    before = [(known, dict(known)) for known in (golden_layers.KINDS, hw_layers.KINDS)]
    with contextlib.suppress(ImportError):
        from lutscale.model import layers as model_layers

        before.append((model_layers.KINDS, dict(model_layers.KINDS)))
    yield
    for known, kept in before:
        known.clear()
        known.update(kept)


@pytest.mark.usefixtures("place", "kinds")
@pytest.mark.parametrize("path", [page_of(path) for path in PAGES])
def test_code_runs(path: Path) -> None:
    if path.name in _TORCH:
        pytest.importorskip("torch")
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(path.read_text()):
        where = f"{path.name}:{block.line}"
        if block.language == "python":
            code = compile("\n" * block.line + block.text, str(path), "exec", dont_inherit=True)
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, scope)
            continue
        for line in commands(block):
            if block.reason:
                continue
            _, *words = shlex.split(line)
            result = CliRunner().invoke(main, words, prog_name="lutscale")
            assert result.exit_code == 0, f"{where}: {line}: {result.output}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_is_not_run_says_why(path: Path) -> None:
    found = [
        f"{path.name}:{block.line}: {line}"
        for block in blocks(path.read_text())
        for line in commands(block)
        if not block.reason and not re.match(r"(\.venv/bin/)?lutscale ", line)
    ]
    assert found == []


def test_blocks_are_found() -> None:
    text = (
        "a\n\n    lutscale zoo\n      more\n\n```python\nx = 1\n\n    y\n```\n\n"
        "<!-- not run: takes\nhours -->\n\n    make train\n\n"
        "1. item\n\n   ```sh\n   lutscale sim\n   ```\n\n- no\n    block\n"
    )
    found = list(blocks(text))
    assert [(block.language, block.text, block.reason) for block in found] == [
        ("", "lutscale zoo\n  more", ""),
        ("python", "x = 1\n\n    y", ""),
        ("", "make train", "takes\nhours"),
        ("sh", "lutscale sim", ""),
    ]
    assert [commands(block) for block in found] == [
        ["lutscale zoo"], [], ["make train"], ["lutscale sim"]
    ]  # fmt: skip
