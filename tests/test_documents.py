"""README and docs/ are true: commands parse, links lead somewhere, figures are the zoo's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from lutscale.command import COMMANDS
from lutscale.golden import zoo
from lutscale.golden.pictures.image import read_rgb, sample_photo
from lutscale.golden.program_file import load
from lutscale.reports.zoo import listing, networks

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CARDS = sorted(zoo.folder().rglob("*.md"))


def lines_of(path: Path, command: str) -> Iterator[str]:
    """Lines in indented blocks that begin with a command; lines that go on are put together."""
    text = path.read_text().replace("\\\n", " ")
    for line in text.splitlines():
        words = line.strip().removeprefix(".venv/bin/").removeprefix("$ ")
        if line.startswith("    ") and words.startswith(f"{command} "):
            yield words


def parse(line: str) -> None:
    """Parse a command line as `lutscale` does, without running it."""
    _, name, *words = shlex.split(line)
    if name == "train":
        pytest.importorskip("torch")
    import_module(COMMANDS[name][0]).main.make_context(name, words)


@pytest.mark.parametrize("path", [*PAGES, *CARDS], ids=lambda path: path.name)
def test_commands_parse(path: Path) -> None:
    for line in lines_of(path, "lutscale"):
        parse(line)


def test_readme_has_commands() -> None:
    found = list(lines_of(ROOT / "README.md", "lutscale"))
    assert "upscale photo.jpg large.png" in " ".join(found)
    assert len(found) > 5


def test_a_wrong_command_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text: lutscale no.\n\n    lutscale sim iqlut-tiny-x4 \\\n        --imgae a.png\n"
    )
    (line,) = lines_of(page, "lutscale")
    with pytest.raises(Exception, match="No such option"):
        parse(line)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_targets_of_make_are_there(path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name in re.findall(r"(?:^ {4}|`)make ([a-z-]+)", path.read_text(), re.MULTILINE):
        assert name in targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"`[^`]*`", "", path.read_text())
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        file, _, heading = target.partition("#")
        page = path.parent / file if file else path
        assert page.exists(), target
        headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE) if heading else [""]
        slugs = {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}
        assert heading in slugs, target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_named_files_are_there(path: Path) -> None:
    for name in re.findall(
        r"`((?:golden|hw|model|sim|reports|tests|docs)/[\w./-]+)`", path.read_text()
    ):
        # The parts of a new layer kind are called by a placeholder.
        assert "NAME" in name or (ROOT / name).exists(), name


def test_tables_show_the_figures_of_the_zoo() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "measured.md"]
    rows = [line for path in pages for line in path.read_text().splitlines() if line[:3] == "| `"]
    entries = {entry["name"]: entry for entry in listing(zoo.programs())}
    shown = set()
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        name = cells[0].split("`")[1]
        if name not in entries or "bytes" in row:
            continue
        entry = entries[name]
        scores = [f"{score['psnr']:.3f}" for score in entry["scores"].values()]
        assert cells[-len(scores) :] == scores, name
        assert f"{entry['table_bytes']:,}" in cells, name
        if len(cells) > 6:
            assert f"{entry['reads']:,}" in cells, name
        shown.add(name)
    assert shown == set(entries)


def test_the_table_of_mixed_precision_shows_the_figures_of_the_zoo() -> None:
    text = (ROOT / "docs" / "refqsr.md").read_text()
    shown = {}
    for line in text.splitlines():
        if line.startswith("| `srresnet-"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            shown[name.strip("`")] = cells
    entries = networks(zoo.networks())
    for entry in entries:
        last = entry["costs"]["B100"]
        wanted = [entry["body"], *(f"{row['psnr']:.3f}" for row in entry["scores"].values())]
        saved = last["body_saved"]
        more = f"none: {1 - saved:.0f} times as many"
        wanted += [f"{100 * last['share']:.1f} %", f"{100 * saved:.1f} %" if saved >= 0 else more]
        assert shown[entry["name"]] == wanted
    assert shown.keys() == {entry["name"] for entry in entries}


def test_the_example_in_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sample_photo("chelsea")[100:112, 100:120]).save("photo.jpg", quality=95)
    exec(compile(code, "README.md", "exec"), {})
    program = load(zoo.find("iqlut-s-x4"))
    assert f"{program.table_bytes:,} bytes of tables" in capsys.readouterr().out
    assert (read_rgb("large.png") == program.run_image(read_rgb("photo.jpg"))).all()
