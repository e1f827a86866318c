"""The hand-off folder: complete, whole or not at all, and as its texts say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import lutscale.hw.handoff
from lutscale.golden.colour import Colour
from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.handoff import main, manifest_name, write_handoff
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import parse_readmemh
from lutscale.hw.upscaler import Upscaler, ports
from lutscale.hw.verilog import emit, memory_text
from tests.support.family_programs import FAMILIES
from tests.support.hw.handoffs import SMALL, contents, lint, small_pipeline
from tests.support.random_programs import example_program

MANIFEST = manifest_name(SMALL)
ROOT = Path(__file__).parents[2]
TINY = ROOT / "model" / "zoo" / "iqlut-tiny-x4.npz"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `small_pipeline`, for tests that only read it."""
    out = tmp_path_factory.mktemp("handoff") / "rtl"
    write_handoff(small_pipeline(), out)
    return out


# ---------------------------------------------------------------------------------- its files


def test_a_handoff_holds_all_that_synthesis_needs(tmp_path: Path) -> None:
    made, out = small_pipeline(), tmp_path / "a" / "verilog"
    sources = write_handoff(made, out)
    text, roms = emit(made)
    assert sources == [out / f"{SMALL}.v", out / f"{SMALL}__memory.v"]
    assert [source.read_text() for source in sources] == [text, memory_text(SMALL)]
    for rom in roms:
        parsed = parse_readmemh((out / f"{rom.name}.hex").read_text())
        assert tuple(parsed.words) == rom.words
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["name"] == SMALL
    assert manifest["roms"] == {rom.name: rom.sha256 for rom in roms}
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in contents(out).items()
        if name != MANIFEST
    }
    assert manifest["latency"] == vars(made.latency)
    assert manifest["forms"] == [choice.as_dict() for choice in made.plan.choices.values()]
    assert manifest["latency_bound"] == made.plan.latency_bound(24)
    assert manifest["patience"] == made.build.patience
    others = {f"{SMALL}.{suffix}" for suffix in ("f", "vlt", "vh", "core", "md")}
    images = {f"{rom.name}.hex" for rom in roms}
    assert set(contents(out)) == {MANIFEST, *(path.name for path in sources), *images, *others}
    # Nothing temporary stays beside it.
    assert [path.name for path in out.parent.iterdir()] == ["verilog"]


def test_a_handoff_of_two_scales_states_a_bound_only(tmp_path: Path) -> None:
    made = Pipeline(
        example_program(3, twice=True), Build(clocks_per_pixel=16, pixels_per_beat=1, max_width=24)
    )
    write_handoff(made, tmp_path, "twice")
    manifest = json.loads((tmp_path / "twice.json").read_text())
    bound = made.plan.latency_bound(24)
    assert (manifest["latency"], manifest["latency_bound"]) == (None, bound)
    page = (tmp_path / "twice.md").read_text()
    assert f"at most {bound:,} clocks" in page
    assert "exactly" not in page


def test_an_earlier_handoff_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "verilog"
    earlier = Pipeline(example_program(3, twice=True), Build(16, 4, max_width=24))
    write_handoff(earlier, out, "mine")
    stale = set(contents(out))
    (out / "my_tb.v").write_text("mine")
    write_handoff(small_pipeline(), out, "mine")
    fresh = tmp_path / "fresh"
    write_handoff(small_pipeline(), fresh, "mine")
    assert contents(out) == {**contents(fresh), "my_tb.v": b"mine"}
    assert stale - set(contents(fresh))


def test_another_build_in_the_same_folder_stays(tmp_path: Path) -> None:
    write_handoff(small_pipeline(), tmp_path)
    before = contents(tmp_path)
    write_handoff(small_pipeline(scale=3), tmp_path, "other")
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    added = set(after) - set(before)
    assert added
    assert all(re.match(r"other(\.|__)", name) for name in added)


def test_a_file_of_another_with_the_same_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{SMALL}__memory.v").write_text("mine")
    (tmp_path / "thesis.tex").write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(InputError) as caught:
        write_handoff(small_pipeline(), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/{SMALL}__memory.v must be a file that an earlier run wrote and nobody changed "
        "since: move it, or choose another folder"
    )
    assert contents(tmp_path) == before
    write_handoff(small_pipeline(), tmp_path, "other")
    assert {name: contents(tmp_path)[name] for name in before} == before


@pytest.mark.parametrize("before", [False, True])
def test_a_failure_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    out = tmp_path / "verilog"
    if before:
        write_handoff(small_pipeline(5), out)
    earlier = contents(out) if before else None

    def full_disk(rom: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(lutscale.hw.handoff, "format_readmemh", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_handoff(small_pipeline(), out)
    assert [path.name for path in tmp_path.iterdir()] == (["verilog"] if before else [])
    assert (contents(out) if before else None) == earlier


def test_the_command_names_the_build(tmp_path: Path) -> None:
    def run(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, [str(TINY), "--out", str(tmp_path), *options])
        return result.exit_code, result.output

    named = run("--name", "hd", "--patience", "1000")
    assert named == (0, f"{tmp_path}/hd.v\n{tmp_path}/hd__memory.v\n")
    assert json.loads((tmp_path / "hd.json").read_text())["patience"] == 1000
    code, said = run("--name", "4k")
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("error: name must be at most 64 letters, digits and single '_'")


@pytest.mark.parametrize(
    ("variables", "options"),
    [((), ()), (("MAX_WIDTH=64", "BUILD_NAME=hd"), ("--max-width", "64", "--name", "hd"))],
)
def test_make_asks_for_the_same(variables: tuple[str, ...], options: tuple[str, ...]) -> None:
    # Below another make it would say where it is, and take over what that one was given.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    command = ["make", "-n", "verilog", *variables]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    _, words = done.stdout.splitlines()[-1].split(" -m lutscale verilog ")
    asked = main.make_context("verilog", shlex.split(words)).params
    assert asked == main.make_context("verilog", ["iqlut-hd-x4", *options]).params
    assert asked["max_width"] == (64 if options else Build.max_width)


# ---------------------------------------------------------------------------------- its texts


def verilog_ports(text: str, top: str) -> dict[str, tuple[str, int]]:
    """Direction and width of each port that the Verilog of a top declares."""
    body = text[text.index(f"module {top}(") :]
    body = body[: body.index("endmodule")]
    found = re.findall(r"^  (in|out)put (?:\[(\d+):0\] )?(\w+);", body, re.MULTILINE)
    return {name: (way, int(high or 0) + 1) for way, high, name in found}


@pytest.mark.parametrize("beat", [1, 2, 4])
def test_the_ports_of_page_and_template_are_those_of_the_verilog(tmp_path: Path, beat: int) -> None:
    made = small_pipeline(beat=beat)
    write_handoff(made, tmp_path)
    expected = verilog_ports((tmp_path / f"{SMALL}.v").read_text(), SMALL)
    assert len(expected) == len(ports(made.build)) == 16
    page = (tmp_path / f"{SMALL}.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (in|out) \| (\d+) \| .+ \|$", page, re.MULTILINE)
    assert {name: (way, int(bits)) for name, way, bits in rows} == expected
    template = (tmp_path / f"{SMALL}.vh").read_text()
    lines = re.findall(r"\.(\w+) +\(\1\),? +// (in|out), (\d+) bits?$", template, re.MULTILINE)
    assert {name: (way, int(bits)) for name, way, bits in lines} == expected
    assert template[template.index(f"{SMALL} u_") :] in page


def test_the_page_lists_every_file(written: Path) -> None:
    page = (written / f"{SMALL}.md").read_text()
    files = page[page.index("## Files") :]
    patterns = re.findall(r"^\| `(\S+)` \|", files, re.MULTILINE)
    found = [{path.name for path in written.glob(pattern)} for pattern in patterns]
    assert all(found)
    assert set.union(*found) | {f"{SMALL}.md"} == set(contents(written))


def test_the_page_names_the_timing_and_the_macro(written: Path) -> None:
    page = (written / f"{SMALL}.md").read_text()
    latency = small_pipeline().latency
    assert latency is not None
    assert f"({latency.rows} * width + {latency.slots}) * 4 + {latency.clocks}" in page
    assert "1,048,576 clocks" in page
    macro = f"{SMALL}__ROM_DIR"
    assert f'{macro}="' in page
    assert f"`ifdef {macro}" in (written / f"{SMALL}__memory.v").read_text()


def test_a_source_that_may_be_silent_for_ever(tmp_path: Path) -> None:
    program = small_pipeline().program
    build = Build(4, 1, max_width=24, max_height=16, patience=0)
    write_handoff(Pipeline(program, build), tmp_path)
    page = (tmp_path / f"{SMALL}.md").read_text()
    assert "A source may be\nsilent inside a frame for any time." in page


def test_the_core_lists_all_that_tools_read(written: Path) -> None:
    core = (written / f"{SMALL}.core").read_text()
    assert core.startswith("CAPI=2:\n")
    listed = re.findall(r"^      - (\S+?)(?:: \{copyto: (\S+)\})?$", core, re.MULTILINE)
    read = {path.name for path in written.iterdir() if path.suffix in (".v", ".hex", ".vlt")}
    assert {name for name, _ in listed} == read
    assert all(copied in ("", name) for name, copied in listed)


@pytest.mark.skipif(
    None in (shutil.which("fusesoc"), shutil.which("verilator")), reason="needs fusesoc, verilator"
)
@pytest.mark.slow
def test_fusesoc_lints_the_core(written: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["fusesoc", "--cores-root", str(written), "run", "--target", "lint", SMALL],
        cwd=tmp_path,
        check=True,
    )


# ----------------------------------------------------------------------------------- its tools


def test_the_ports_declare_what_the_top_has() -> None:
    top = Upscaler(small_pipeline(beat=4))
    widths = {name: member.shape for name, member in top.signature.members.items()}
    assert widths == {port.name: port.bits for port in ports(top.pipeline.build)}


def lint_folder(folder: Path, name: str = SMALL) -> str:
    return lint(folder, name, f"{name}.vlt", "-f", f"{name}.f")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scale", "beat", "twice"),
    [(2, 2, False), (3, 4, False), (4, 4, False), (1, 2, False), (2, 1, False), (4, 4, True)],
)
def test_lint_has_nothing_to_say(tmp_path: Path, scale: int, beat: int, twice: bool) -> None:
    residual = "bilinear" if scale > 1 else "same"
    program = example_program(3, scale, max_taps=3, frame_residual=residual, twice=twice)
    made = Pipeline(
        program, Build(clocks_per_pixel=4, pixels_per_beat=beat, max_width=24, max_height=16)
    )
    write_handoff(made, tmp_path, "mine")
    assert lint_folder(tmp_path, "mine") == ""


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [0, 3])
def test_lint_of_the_families(tmp_path: Path, family: str, seed: int) -> None:
    made = Pipeline(
        FAMILIES[family](seed), Build(clocks_per_pixel=16, pixels_per_beat=4, max_width=24)
    )
    write_handoff(made, tmp_path, "mine")
    assert lint_folder(tmp_path, "mine") == ""


@pytest.mark.slow
@pytest.mark.parametrize(("format", "scale", "beat"), [("ycbcr420", 2, 2), ("rgb", 3, 1)])
def test_a_handoff_of_colour(tmp_path: Path, format: str, scale: int, beat: int) -> None:
    build = Build(
        clocks_per_pixel=9, pixels_per_beat=beat, max_width=24, max_height=16, colour=Colour(format)
    )
    write_handoff(Pipeline(example_program(3, scale, max_taps=1), build), tmp_path, "mine")
    assert lint_folder(tmp_path, "mine") == ""
    page = (tmp_path / "mine.md").read_text()
    assert f"A frame is {format}, bt709, video range." in page
    assert ("on lines" not in page) == (format == "rgb")
    assert f"| `s_axis_tdata` | in | {build.pixel_bits} |" in page
    assert json.loads((tmp_path / manifest_name("mine")).read_text())["colour"] == format


@pytest.mark.slow
def test_lint_would_say_something(tmp_path: Path) -> None:
    """The check above is not blind: what is not declared, and widths that differ, are reported."""
    _, memory = write_handoff(small_pipeline(), tmp_path)
    good = memory.read_text()
    read = "data <= words[addr]"
    memory.write_text(good.replace(read, "data <= words[addr + 1'b1] + x"))
    assert "%Error" in lint_folder(tmp_path)
    memory.write_text(good.replace(read, "data <= {1'b0, words[addr]}"))
    assert "%Warning-WIDTHTRUNC" in lint_folder(tmp_path)
    memory.write_text(good)
    assert lint_folder(tmp_path) == ""
    assert "%Warning" in lint(tmp_path, SMALL, "-f", f"{SMALL}.f")


@pytest.mark.slow
def test_the_template_connects_the_top(tmp_path: Path) -> None:
    made = small_pipeline(beat=4)
    write_handoff(made, tmp_path)
    declared = ", ".join(
        f"{'output' if port.output else 'input'} wire [{port.bits - 1}:0] {port.name}"
        for port in ports(made.build)
    )
    around = f'`timescale 1ns / 1ps\nmodule around({declared});\n`include "{SMALL}.vh"\nendmodule\n'
    (tmp_path / "around.v").write_text(around)
    arguments = ("around.v", f"{SMALL}.vlt", "-f", f"{SMALL}.f")
    assert lint(tmp_path, "around", *arguments) == ""
    (tmp_path / "around.v").write_text(around.replace("[31:0] m_axis_tdata", "[30:0] m_axis_tdata"))
    assert "%Warning-WIDTH" in lint(tmp_path, "around", *arguments)
