"""Two programs, and two builds of one, in one folder and one design."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.flow.yosys import run_yosys
from lutscale.hw.handoff import write_handoff
from lutscale.hw.pipeline import Pipeline
from tests.support.family_programs import tinylut_like
from tests.support.hw.handoffs import SMALL, contents, lint, small_program
from tests.support.random_programs import example_frame

pytestmark = pytest.mark.slow

FOLDS = {SMALL: 4, "slow": 9, "tinylut": 16}
"""Clocks a pixel of each build, by name."""


def programs() -> dict[str, Program]:
    """One at two folds, and another."""
    return {SMALL: small_program(), "slow": small_program(), "tinylut": tinylut_like(3)}


def built() -> dict[str, Pipeline]:
    return {
        name: Pipeline(program, Build(FOLDS[name], 1, max_width=24, max_height=16))
        for name, program in programs().items()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All in one."""
    out = tmp_path_factory.mktemp("design")
    for name, pipeline in built().items():
        write_handoff(pipeline, out, name)
    return out


def player(name: str, pixels: int, width: int, height: int) -> str:
    """Verilog that sends one frame through a build and writes down all pixels that come out."""
    return f"""
module play_{name};
    reg clk = 0, running = 0;
    always #5 clk = !clk;
    reg [7:0] pixels [0:{pixels}];
    integer sent = 0, got = 0, file;
    wire taken, valid, malformed;
    wire [7:0] pixel;
    initial begin
        $readmemh("frame.hex", pixels);
        file = $fopen("{name}.out");
        repeat (4) @(posedge clk);
        running <= 1;
    end
    {name} dut (
        .aclk(clk), .aresetn(running), .width(5'd{width}), .height(5'd{height}),
        .s_axis_tdata(pixels[sent]), .s_axis_tvalid(running && sent < {pixels}),
        .s_axis_tready(taken), .s_axis_tuser(sent == 0),
        .s_axis_tlast(sent % {width} == {width - 1}),
        .m_axis_tdata(pixel), .m_axis_tvalid(valid), .m_axis_tready(1'b1),
        .malformed(malformed), .m_axis_tkeep(), .m_axis_tuser(), .m_axis_tlast()
    );
    always @(posedge clk) if (running) begin
        if (taken && sent < {pixels}) sent <= sent + 1;
        if (valid) $fdisplay(file, "%h", pixel);
        if (valid) got <= got + 1;
    end
endmodule
"""


def simulate(folder: Path, work: Path, *options: str) -> dict[str, list[str]]:
    """The pixels that each build gives, in hexadecimal, in one simulation of all by Icarus.

    Args:
        work: where the simulation runs; it gets a file of pixels from each.
        options: for the compiler.
    """
    frame = example_frame(5, 4, 6)
    (work / "frame.hex").write_text("".join(f"{pixel:02x}\n" for pixel in [*frame.flat, 0]))
    counts = {name: frame.size * program.scale**2 for name, program in programs().items()}
    done = " && ".join(f"{name}.got == {count}" for name, count in counts.items())
    bench = "`timescale 1ns / 1ps\n" + "".join(
        player(name, frame.size, frame.shape[1], frame.shape[0]) for name in counts
    )
    instances = " ".join(f"play_{name} {name} ();" for name in counts)
    bench += f"""
module bench;
    {instances}
    initial begin
        #1000 wait ({done});
        #2000 $finish;
    end
    initial #1000000 $finish;
endmodule
"""
    (work / "bench.v").write_text(bench)
    lists = [word for name in counts for word in ("-f", f"{name}.f")]
    compiled = ("iverilog", "-g2005", *options, "-s", "bench", "-o", str(work / "bench.vvp"))
    subprocess.run([*compiled, str(work / "bench.v"), *lists], cwd=folder, check=True)
    subprocess.run(["vvp", "bench.vvp"], cwd=work, check=True, capture_output=True)
    return {name: (work / f"{name}.out").read_text().split() for name in counts}


def expected() -> dict[str, list[str]]:
    """What each must give."""
    frame = example_frame(5, 4, 6)
    return {
        name: [f"{pixel:02x}" for pixel in program.run(frame).flat]
        for name, program in programs().items()
    }


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")
def test_each_computes_its_own_program(folder: Path, tmp_path: Path) -> None:
    for image in folder.glob("*.hex"):
        shutil.copy(image, tmp_path)
    got = simulate(folder, tmp_path)
    assert got == expected()
    assert got[SMALL] == got["slow"] != got["tinylut"]


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")
def test_a_macro_names_the_folder_of_the_roms(folder: Path, tmp_path: Path) -> None:
    """Of each build its own, as the page of the hand-off folder says."""
    macros = [f'-D{name}__ROM_DIR="{folder}"' for name in FOLDS]
    assert simulate(folder, tmp_path, *macros) == expected()
    # Without its macro a build does not find its ROMs.
    got = simulate(folder, tmp_path, *macros[1:])
    assert {name for name, pixels in got.items() if pixels != expected()[name]} == {SMALL}
    assert "xx" in got[SMALL]


def around(folder: Path) -> str:
    """A design with all of them, their templates included; its top is ``around``."""
    templates = [f'module around_{name};\n`include "{name}.vh"\nendmodule\n' for name in FOLDS]
    wires = "".join(f"    around_{name} u_{name} ();\n" for name in FOLDS)
    return f"`timescale 1ns / 1ps\n{''.join(templates)}module around;\n{wires}endmodule\n"


def sources() -> list[str]:
    return [f"{name}{part}.v" for name in FOLDS for part in ("", "__memory")]


def test_lint_finds_no_name_twice(folder: Path, tmp_path: Path) -> None:
    waivers = [f"{name}.vlt" for name in FOLDS]
    (tmp_path / "around.v").write_text(around(folder))
    # The templates connect to wires that nobody declares here.
    quiet = (
        "-Wno-IMPLICIT",
        "-Wno-UNDRIVEN",
        "-Wno-UNUSEDSIGNAL",
        "-Wno-WIDTH",
        "-Wno-DECLFILENAME",
    )
    arguments = (*quiet, *waivers, str(tmp_path / "around.v"), *sources())
    assert lint(folder, "around", *arguments) == ""
    # Two builds under one name would be found.
    write_handoff(Pipeline(small_program(), Build(4, 1, max_width=24)), tmp_path, "slow")
    said = lint(folder, "around", *arguments, str(tmp_path / "slow.v"))
    assert "%Warning-MODDUP" in said


def test_yosys_elaborates_them_with_all_their_roms(folder: Path, tmp_path: Path) -> None:
    for name, content in contents(folder).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "around.v").write_text(around(folder))
    read = f"read_verilog -sv {' '.join(sources())} around.v"
    checks = ("hierarchy -check -top around", "proc", "memory -nomap", "check -assert")
    run_yosys((read, *checks, "tee -q -o memories.txt select -list t:$mem_v2"), tmp_path)
    memories = (tmp_path / "memories.txt").read_text().split()
    assert len(memories) > sum(len(pipeline.roms) for pipeline in built().values())
    for name in FOLDS:
        image = next(tmp_path.glob(f"{name}__*.hex"))
        image.rename(tmp_path / "away")
        with pytest.raises(InputError, match="^Yosys refuses "):
            run_yosys((read, "hierarchy -check -top around"), tmp_path)
        assert f"Can not open file `{image.name}`" in (tmp_path / "yosys.log").read_text()
        (tmp_path / "away").rename(image)
