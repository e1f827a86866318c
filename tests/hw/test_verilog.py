"""The hand-off: the same bytes every time, whole or not at all, and clean under lint."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lutscale.hw.verilog
from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import parse_readmemh
from lutscale.hw.verilog import MANIFEST, TOP, emit, write_handoff
from lutscale.sim.verilator import verilator_command
from tests.support.family_programs import FAMILIES
from tests.support.random_programs import example_program

ROOT = Path(__file__).parents[2]


def pipeline(seed: int = 3, scale: int = 2) -> Pipeline:
    """Small, with a bilinear residual."""
    program = example_program(seed, scale, max_taps=1, max_channels=2, frame_residual="bilinear")
    return Pipeline(
        program, Build(clocks_per_pixel=scale**2, pixels_per_beat=1, max_width=24, max_height=16)
    )


def digest(made: Pipeline) -> str:
    text, roms = emit(made)
    return hashlib.sha256("".join([text, *map(repr, roms)]).encode()).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_program_gives_the_same_text_and_roms() -> None:
    # Another pipeline of the program, and one that is elaborated again.
    first, second = pipeline(), pipeline()
    assert emit(first) == emit(second) == emit(first)


def test_another_process_gives_the_same_bytes() -> None:
    code = "from tests.hw.test_verilog import digest, pipeline; print(digest(pipeline()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest(pipeline())


def test_every_rom_is_an_image_and_no_memory_is_listed_word_by_word() -> None:
    made = pipeline()
    text, roms = emit(made)
    assert {rom.name for rom in roms} == {rom.name for rom in made.roms}
    assert {rom.name: rom.words for rom in roms} == {rom.name: rom.words for rom in made.roms}
    assert f"module {TOP}(" in text
    for rom in roms:
        assert f'.FILE("{rom.name}.hex")' in text
    # Yosys would declare a memory of its own as `reg [7:0] name [15:0];`, then list its words.
    registers = [line.strip() for line in text.splitlines() if line.strip().startswith("reg ")]
    assert registers
    assert not [line for line in registers if line.endswith("];")]
    memory = Path(lutscale.hw.verilog.__file__).with_name("lutscale_memory.v").read_text()
    assert memory.count("$readmemh(FILE, words)") == 2


def test_the_top_has_the_ports_of_axi_stream_video() -> None:
    text, _ = emit(pipeline())
    head = text[text.index(f"module {TOP}(") :]
    ports = head[head.index("(") + 1 : head.index(")")].replace("\n", " ").split(",")
    assert sorted(port.strip() for port in ports) == sorted(
        [
            *("aclk", "aresetn", "width", "height", "malformed"),
            *(f"s_axis_{name}" for name in ("tdata", "tvalid", "tready", "tuser", "tlast")),
            *(
                f"m_axis_{name}"
                for name in ("tdata", "tkeep", "tvalid", "tready", "tuser", "tlast")
            ),
        ]
    )


# ------------------------------------------------------------------------------ the folder


def test_a_handoff_holds_all_that_synthesis_needs(tmp_path: Path) -> None:
    made, out = pipeline(), tmp_path / "a" / "verilog"
    sources = write_handoff(made, out)
    text, roms = emit(made)
    assert sources == [out / "lutscale_upscaler.v", out / "lutscale_memory.v"]
    assert sources[0].read_text() == text
    for rom in roms:
        parsed = parse_readmemh((out / f"{rom.name}.hex").read_text())
        assert tuple(parsed.words) == rom.words
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["roms"] == {rom.name: rom.sha256 for rom in roms}
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in contents(out).items()
        if name != MANIFEST
    }
    assert manifest["latency"] == vars(made.latency)
    assert manifest["forms"] == [choice.as_dict() for choice in made.plan.choices.values()]
    assert manifest["latency_bound"] == made.plan.latency_bound(24)
    expected = {MANIFEST, *(path.name for path in sources), *(f"{rom.name}.hex" for rom in roms)}
    assert set(contents(out)) == expected
    # Nothing temporary stays beside it.
    assert [path.name for path in out.parent.iterdir()] == ["verilog"]


def test_a_handoff_of_two_scales_states_a_bound_only(tmp_path: Path) -> None:
    made = Pipeline(
        example_program(3, twice=True), Build(clocks_per_pixel=16, pixels_per_beat=1, max_width=24)
    )
    write_handoff(made, tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert (manifest["latency"], manifest["latency_bound"]) == (None, made.plan.latency_bound(24))


def test_an_earlier_handoff_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "verilog"
    write_handoff(Pipeline(example_program(3, twice=True), Build(16, 4, max_width=24)), out)
    stale = set(contents(out))
    (out / "my_tb.v").write_text("mine")
    write_handoff(pipeline(), out)
    fresh = tmp_path / "fresh"
    write_handoff(pipeline(), fresh)
    assert contents(out) == {**contents(fresh), "my_tb.v": b"mine"}
    assert stale - set(contents(fresh))


def test_a_folder_with_other_files_is_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    write_handoff(pipeline(), tmp_path)
    assert contents(tmp_path)["thesis.tex"] == b"mine"
    assert MANIFEST in contents(tmp_path)


def test_a_file_of_another_with_the_same_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lutscale_memory.v").write_text("mine")
    with pytest.raises(InputError) as caught:
        write_handoff(pipeline(), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/lutscale_memory.v must be a file that an earlier run wrote and nobody changed "
        "since: move it, or choose another folder"
    )
    assert contents(tmp_path) == {"lutscale_memory.v": b"mine"}


@pytest.mark.parametrize("before", [False, True])
def test_a_failure_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    out = tmp_path / "verilog"
    if before:
        write_handoff(pipeline(5), out)
    earlier = contents(out) if before else None

    def full_disk(rom: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(lutscale.hw.verilog, "format_readmemh", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_handoff(pipeline(), out)
    assert [path.name for path in tmp_path.iterdir()] == (["verilog"] if before else [])
    assert (contents(out) if before else None) == earlier


# ------------------------------------------------------------------------------------- lint


def lint(folder: Path, *sources: Path) -> str:
    """What Verilator has to say; empty when all is well."""
    rules = ROOT / "hw" / "lutscale.vlt"
    done = subprocess.run(
        [
            *verilator_command(),
            "--lint-only",
            "-Wall",
            str(rules),
            *map(str, sources),
            "--top",
            TOP,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


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
    said = lint(tmp_path, *write_handoff(made, tmp_path / "verilog"))
    assert "%Warning" not in said, said
    assert "%Error" not in said, said


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [0, 3])
def test_lint_of_the_families(tmp_path: Path, family: str, seed: int) -> None:
    made = Pipeline(
        FAMILIES[family](seed), Build(clocks_per_pixel=16, pixels_per_beat=4, max_width=24)
    )
    said = lint(tmp_path, *write_handoff(made, tmp_path / "verilog"))
    assert "%Warning" not in said, said
    assert "%Error" not in said, said


@pytest.mark.slow
def test_lint_would_say_something(tmp_path: Path) -> None:
    """The check above is not blind: an unconnected wire is reported."""
    sources = write_handoff(pipeline(), tmp_path / "verilog")
    text = sources[1].read_text().replace("data <= words[addr]", "data <= words[addr + 1'b1] + x")
    sources[1].write_text(text)
    assert "%Error" in lint(tmp_path, *sources)
