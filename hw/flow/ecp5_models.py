"""What an ECP5 netlist needs to be simulated: Verilog of the netlist, and of its cells.

Lookup tables, carries and flip-flops are Yosys' own models. Yosys has none of the block memory and
of the multiplier, so these are ours, after Lattice FPGA-TN-02204 (memories) and FPGA-TN-02205
(multipliers), as far as Yosys and `flow.block_registers` use the cells: one clock, and registers
that are never reset. A word that one port reads as the other writes it is unspecified there: here
its complement.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from lutscale.golden.errors import InputError
from lutscale.hw.flow.tools import YOSYS, require_tool
from lutscale.hw.flow.yosys import run_yosys

__all__ = ["block_models", "cell_models", "netlist_verilog"]

_YOSYS_MODELS = {
    "common_sim.vh": ("LUT4", "LUT2", "L6MUX21", "PFUMX", "TRELLIS_DPR16X4", "TRELLIS_FF"),
    "ccu2c_sim.vh": ("CCU2C",),
}
"""Files of Yosys, and which of their modules are taken."""

_ABOVE = {1: 0, 2: 1, 4: 2, 9: 3, 18: 4, 36: 5}
"""Bits of an address that choose within a word, by its width."""


def _bits(name: str, count: int) -> list[str]:
    return [f"{name}{k}" for k in range(count)]


def _bundle(name: str, count: int) -> str:
    """A wire of the single ports of that name."""
    ports = ", ".join(reversed(_bits(name, count)))
    return f"    wire [{count - 1}:0] {name} = {{{ports}}};"


def _ports(direction: str, names: Iterable[str]) -> str:
    return f"    {direction} wire {', '.join(names)}"


def _memory() -> str:
    """DP16KD: 1024 x 18 bits, each port at a width of its own; at 36 bits A writes and B reads."""
    inputs, outputs = [], []
    for port in "AB":
        inputs += _bits(f"DI{port}", 18) + _bits(f"AD{port}", 14) + _bits(f"CS{port}", 3)
        inputs += [f"{pin}{port}" for pin in ("CE", "OCE", "CLK", "WE", "RST")]
        outputs += _bits(f"DO{port}", 18)
    texts = ("REGMODE", "CSDECODE", "WRITEMODE", "CLK{}MUX")
    values = ("NOREG", "0b000", "NORMAL", "CLK{}")
    parameters = [
        f"    parameter {(text if '{' in text else text + '_{}').format(port)} = "
        f'"{value.format(port)}";'
        for text, value in zip(texts, values, strict=True)
        for port in "AB"
    ]
    parameters += [f"    parameter DATA_WIDTH_{port} = 18;" for port in "AB"]
    parameters += [
        f'    parameter {name} = "{value}";'
        for name, value in (
            ("RESETMODE", "SYNC"),
            ("ASYNC_RESET_RELEASE", "SYNC"),
            ("GSR", "ENABLED"),
        )
    ]
    parameters += [f"    parameter [319:0] INITVAL_{k:02X} = 320'b0;" for k in range(64)]
    initial = [
        f"        for (k = 0; k < 16; k = k + 1) words[{16 * n} + k] = INITVAL_{n:02X}[20*k +: 18];"
        for n in range(64)
    ]
    inside = "".join(_port(port, other) for port, other in ("AB", "BA"))
    bundles = [_bundle(f"{pin}{port}", n) for port in "AB" for pin, n in (("DI", 18), ("AD", 14))]
    return "\n".join(
        [
            "module DP16KD (",
            _ports("input", inputs) + ",",
            _ports("output", outputs),
            ");",
            *parameters,
            *bundles,
            "    reg [17:0] words [0:1023];",
            "    reg [35:0] got_a = 0, got_b = 0;",
            "    reg [17:0] kept_a = 0, kept_b = 0, kept_ab = 0;",
            "    integer k;",
            "    initial begin",
            *initial,
            _REFUSE,
            "    end",
            "    wire [17:0] now_a = DATA_WIDTH_B == 36 ? got_b[17:0] : got_a[17:0];",
            "    wire [17:0] now_b = DATA_WIDTH_B == 36 ? got_b[35:18] : got_b[17:0];",
            _REGISTERS,
            inside + "endmodule",
        ]
    )


# At 36 bits the registers of both halves are those of the port that reads.
_REGISTERS = f"""\
    always @(posedge CLKA) if (OCEA) kept_a <= got_a[17:0];
    always @(posedge CLKB) if (OCEB) begin
        kept_b <= now_b;
        kept_ab <= now_a;
    end
    assign {{{", ".join(reversed(_bits("DOA", 18)))}}} =
        REGMODE_A != "OUTREG" ? now_a : DATA_WIDTH_B == 36 ? kept_ab : kept_a;
    assign {{{", ".join(reversed(_bits("DOB", 18)))}}} = REGMODE_B == "OUTREG" ? kept_b : now_b;"""

_REFUSE = """\
        if ((REGMODE_A != "NOREG" && REGMODE_A != "OUTREG") || CLKAMUX != "CLKA"
            || (REGMODE_B != "NOREG" && REGMODE_B != "OUTREG") || CLKBMUX != "CLKB"
            || CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
            $fatal(1, "DP16KD: a mode of which there is no model");"""


def _chain(cases: Iterable[tuple[int, str]], port: str, last: str) -> str:
    """What the port's width selects."""
    tests = "".join(f"DATA_WIDTH_{port} == {width} ? {value} : " for width, value in cases)
    return tests + last


def _port(port: str, other: str) -> str:
    """Reading and writing of one port."""
    p, low, a = port, port.lower(), f"AD{port}"
    above = [_chain(((w, str(n)) for w, n in _ABOVE.items()), name, "5") for name in port + other]
    bits = [(1, f"byte_{low}[{a}[2:0]]"), (2, f"byte_{low}[2*{a}[2:1] +: 2]")]
    bits += [(4, f"byte_{low}[4*{a}[2] +: 4]"), (9, f"byte_{low}"), (18, f"word_{low}")]
    return f"""\
    wire [35:0] pair_{low} = {{words[{{{a}[13:5], 1'b1}}], words[{{{a}[13:5], 1'b0}}]}};
    wire [17:0] word_{low} = {a}[4] ? pair_{low}[35:18] : pair_{low}[17:0];
    wire [8:0] byte_{low} = {a}[3] ? word_{low}[17:9] : word_{low}[8:0];
    wire [35:0] read_{low} = {_chain(bits, p, f"pair_{low}")};
    localparam ABOVE_{p} = {above[0]};
    localparam ABOVE_{other}_OF_{p} = {above[1]};
    localparam DROP_{p} = ABOVE_{p} > ABOVE_{other}_OF_{p} ? ABOVE_{p} : ABOVE_{other}_OF_{p};
    wire some_{low} = DATA_WIDTH_{other} == 36 ? |AD{other}[3:0]
        : DATA_WIDTH_{other} == 18 ? |AD{other}[1:0] : 1'b1;
    wire hit_{low} = CE{other} && WE{other} && some_{low} && ((ADA ^ ADB) >> DROP_{p}) == 0;
    always @(posedge CLK{p})
        if (RST{p}) got_{low} <= 0;
        else if (CE{p} && (!WE{p} || DATA_WIDTH_{p} == 36))
            got_{low} <= hit_{low} ? ~read_{low} : read_{low};
    integer j_{low};
    always @(posedge CLK{p})
        if (CE{p} && WE{p})
            case (DATA_WIDTH_{p})
                1: words[{a}[13:4]][9*{a}[3] + {a}[2:0]] <= DI{p}[0];
                2: words[{a}[13:4]][9*{a}[3] + 2*{a}[2:1] +: 2] <= DI{p}[1:0];
                4: words[{a}[13:4]][9*{a}[3] + 4*{a}[2] +: 4] <= DI{p}[3:0];
                9: words[{a}[13:4]][9*{a}[3] +: 9] <= DI{p}[8:0];
                18: for (j_{low} = 0; j_{low} < 2; j_{low} = j_{low} + 1)
                    if ({a}[j_{low}]) words[{a}[13:4]][9*j_{low} +: 9] <= DI{p}[9*j_{low} +: 9];
                default: for (j_{low} = 0; j_{low} < 2; j_{low} = j_{low} + 1) begin
                    if ({a}[j_{low}])
                        words[{{{a}[13:5], 1'b0}}][9*j_{low} +: 9] <= DIA[9*j_{low} +: 9];
                    if ({a}[2 + j_{low}])
                        words[{{{a}[13:5], 1'b1}}][9*j_{low} +: 9] <= DIB[9*j_{low} +: 9];
                end
            endcase
"""


def _multiplier() -> str:
    """MULT18X18D: each operand signed or not, with registers around the product or without."""
    inputs = [name for pin in "ABC" for name in _bits(pin, 18)]
    inputs += ["SIGNEDA", "SIGNEDB", "SOURCEA", "SOURCEB", "CLK0", "CE0", "RST0"]
    outputs = _bits("P", 36)
    stages = ("INPUTA", "INPUTB", "OUTPUT")
    # By pin, what a stage that is registered or is not has for it.
    pins = {"CLK": "NONE", "CE": "CE0", "RST": "RST0"}
    return "\n".join(
        [
            "module MULT18X18D (",
            _ports("input", inputs) + ",",
            _ports("output", outputs),
            ");",
            *(
                f'    parameter REG_{stage}_{pin} = "{value}";'
                for stage in stages
                for pin, value in pins.items()
            ),
            '    parameter GSR = "ENABLED";',
            _bundle("A", 18),
            _bundle("B", 18),
            "    reg [17:0] kept_a = 0, kept_b = 0;",
            "    reg [35:0] kept_p = 0;",
            '    wire [17:0] a = REG_INPUTA_CLK == "CLK0" ? kept_a : A;',
            '    wire [17:0] b = REG_INPUTB_CLK == "CLK0" ? kept_b : B;',
            "    wire signed [18:0] left = {SIGNEDA & a[17], a};",
            "    wire signed [18:0] right = {SIGNEDB & b[17], b};",
            "    wire signed [37:0] product = left * right;",
            "    always @(posedge CLK0) if (CE0) begin",
            "        kept_a <= A;",
            "        kept_b <= B;",
            "        kept_p <= product[35:0];",
            "    end",
            f"    assign {{{', '.join(reversed(outputs))}}} =",
            '        REG_OUTPUT_CLK == "CLK0" ? kept_p : product[35:0];',
            "    initial",
            *(
                f'        if (REG_{stage}_CLK != "NONE" && REG_{stage}_CLK != "CLK0"'
                f' || REG_{stage}_CE != "CE0")\n'
                '            $fatal(1, "MULT18X18D: a mode of which there is no model");'
                + ("\n        else" if stage != stages[-1] else "")
                for stage in stages
            ),
            "endmodule",
        ]
    )


def block_models() -> str:
    """Verilog of DP16KD and MULT18X18D."""
    return f"{_memory()}\n\n{_multiplier()}\n"


def cell_models() -> str:
    """Verilog of all cells that a netlist for ECP5 is made of.

    Raises:
        InputError: Yosys is not installed, or has its models at another place.
    """
    require_tool(YOSYS)
    spec = importlib.util.find_spec(YOSYS[0])
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "share" / "lattice"
    models = []
    for file, names in _YOSYS_MODELS.items():
        try:
            text = (folder / file).read_text()
        except OSError as error:
            raise InputError(f"{YOSYS[1]} must have models of ECP5, but: {error}") from None
        for name in names:
            found = re.search(rf"^module {name} ?\(.*?^endmodule$", text, re.MULTILINE | re.DOTALL)
            if found is None:
                raise InputError(f"{YOSYS[1]} must have a model of {name} in {folder / file}")
            # Delays are nothing for a simulation by clocks.
            models.append(re.sub(r"\bspecify\b.*?\bendspecify\b", "", found[0], flags=re.DOTALL))
    return "`timescale 1ns / 1ps\n" + "\n\n".join([*models, block_models()])


def netlist_verilog(netlist: Path, top: str, out: Path, name: str) -> None:
    """Write a netlist as Verilog.

    Args:
        netlist: of `flow.yosys.synthesise`.
        top: its top module.
        out: the file to write, in a folder without spaces in its name.
        name: what the top module is called there.

    Raises:
        InputError: Yosys is not installed, or refuses.
    """
    commands = [
        f"read_json {netlist.name}",
        "delete t:$scopeinfo",
        *([f"rename {top} {name}"] if top != name else []),
        f"write_verilog -noattr {out.resolve()}",
    ]
    run_yosys(commands, netlist.parent, out.with_suffix(".log"))
