"""Programs of the zoo by name, in a checkout and elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.golden.refqsr import network_file

ROOT = Path(__file__).parents[2]


def test_the_zoo_is_the_folder_of_the_checkout() -> None:
    assert zoo.folder().samefile(ROOT / "model" / "zoo")
    names = sorted(path.stem for path in (ROOT / "model" / "zoo").glob("*.npz"))
    assert list(zoo.programs()) == names
    assert "iqlut-tiny-x4" in names


def test_every_program_is_called_as_its_file() -> None:
    for name, path in zoo.programs().items():
        assert load(path).name == name
    for name, path in zoo.networks().items():
        assert network_file.load(path).name == name
        assert zoo.find(name) == path
        assert zoo.word_for(path) == name
    assert not set(zoo.networks()) & set(zoo.programs())


def test_a_name_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert zoo.find("iqlut-tiny-x4").samefile(ROOT / "model" / "zoo" / "iqlut-tiny-x4.npz")
    # A name of the zoo means the same in every folder.
    (tmp_path / "iqlut-tiny-x4").write_text("another")
    assert zoo.find("iqlut-tiny-x4").parent == zoo.folder()
    assert zoo.find("./iqlut-tiny-x4") == Path("iqlut-tiny-x4")


@pytest.mark.parametrize("word", ["mine.npz", "no/such/file", "./iqlut-s-x4", "iqlut-s-x4.npz"])
def test_a_path_stays_a_path(word: str) -> None:
    assert zoo.find(word) == Path(word)


def test_a_file_needs_no_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_bytes(b"")
    assert zoo.find("mine") == Path("mine")


def test_a_wrong_name_lists_near_ones() -> None:
    with pytest.raises(InputError) as caught:
        zoo.find("iqlut-tiny-x5")
    text = str(caught.value)
    assert text.startswith("'iqlut-tiny-x5' must be a program file (.npz) or a program of the zoo")
    assert "such as iqlut-tiny-x4, " in text
    assert "\n" not in text
    with pytest.raises(InputError, match="program of the zoo, which `lutscale zoo` lists$"):
        zoo.find("zzzz")


def test_the_shortest_word_for_a_program(tmp_path: Path) -> None:
    for name, path in zoo.programs().items():
        assert zoo.word_for(path) == name
        assert zoo.find(zoo.word_for(path)) == path
    assert zoo.word_for(ROOT / "model" / "zoo" / "iqlut-s-x4.npz") == "iqlut-s-x4"
    other = tmp_path / "iqlut-s-x4.npz"
    assert zoo.word_for(other) == str(other)
    other.write_bytes(b"another")
    assert zoo.word_for(other) == str(other)


def test_names_are_found_without_the_libraries_of_training_and_golden() -> None:
    script = (
        "import sys; from lutscale.golden import zoo; zoo.find('iqlut-tiny-x4'); "
        "print([name for name in ('torch', 'numpy', 'lutscale.model') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
