"""Formats of ROMs: there and back, as documented, what vendors write, what is no such text."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.errors import InputError
from lutscale.hw.flow.yosys import run_yosys
from lutscale.hw.rom_formats import (
    FORMATS,
    MAX_WIDTH,
    RomImage,
    export_roms,
    format_lattice_mem,
    parse_gowin_mi,
    parse_intel_mif,
    parse_lattice_mem,
    parse_readmemh,
    parse_xilinx_coe,
    parse_xilinx_mif,
)
from tests.support.hw.roms import GOLDEN, OTHER, SMALL, WIDE, rom_images


@given(rom=rom_images(), key=st.sampled_from(sorted(FORMATS)))
@settings(max_examples=300, deadline=None)
def test_round_trip(rom: RomImage, key: str) -> None:
    text = FORMATS[key].formatter(rom)
    parsed = FORMATS[key].parser(text)
    assert parsed.words == rom.words
    assert parsed.width == (None if key in ("readmemh", "xilinx_coe") else rom.width)
    assert FORMATS[key].parser(text.replace("\n", "\r\n")) == parsed


@pytest.mark.parametrize("key", FORMATS)
def test_small_rom_is_written_as_documented(key: str) -> None:
    assert FORMATS[key].formatter(SMALL) == GOLDEN[key]


@pytest.mark.parametrize("key", FORMATS)
def test_widest_word_round_trips(key: str) -> None:
    width = min(FORMATS[key].max_width, MAX_WIDTH)
    rom = RomImage("w", "l", width, (2**width - 1, 0))
    assert FORMATS[key].parser(FORMATS[key].formatter(rom)).words == rom.words


def test_paths_never_clash() -> None:
    paths = {entry.path("x") for entry in FORMATS.values()}
    assert paths == {
        "verilog/x.hex",
        "xilinx/x.coe",
        "xilinx/x.mif",
        "intel/x.mif",
        "lattice/x.mem",
        "gowin/x.mi",
    }
    assert all(key == entry.key for key, entry in FORMATS.items())


def test_readmemh_reads_comments_and_underscores() -> None:
    text = "// head\n0_0 FF /* two\nlines */ 7f\t// tail\n"
    assert parse_readmemh(text).words == (0, 0xFF, 0x7F)


def test_coe_reads_vendor_layouts() -> None:
    text = (
        "; a comment\nMEMORY_INITIALIZATION_RADIX = 2 ; radix\n\n"
        "memory_initialization_vector = 1111, 0000\n0101,\n1\n; the end\n"
    )
    assert parse_xilinx_coe(text).words == (15, 0, 5, 1)
    text = "memory_initialization_radix=10;\nmemory_initialization_vector=1 2 30;\n; bye"
    assert parse_xilinx_coe(text).words == (1, 2, 30)


def test_intel_mif_reads_the_vendor_example() -> None:
    text = (
        "%  multiple-line -- comment\n[0..F] : 3; %\n-- single-line % comment\n"
        "DEPTH = 16; -- words\nwidth = 8;\nADDRESS_RADIX = HEX;\nDATA_RADIX = BIN;\n"
        "CONTENT -- start\nBEGIN\n00 : 00000000;--first\n01:00000001 11 101;\n"
        "04 : 100;% inline %\n[05..0E] : 10001111;\nf:\n1\n;\nEND;%% -- done\n"
    )
    parsed = parse_intel_mif(text)
    assert parsed.width == 8
    assert parsed.words == (0, 1, 3, 5, 4, *[0x8F] * 10, 1)


def test_intel_mif_reads_other_radixes() -> None:
    text = (
        "WIDTH=4;DEPTH=12;ADDRESS_RADIX=UNS;DATA_RADIX=DEC;\n"
        "CONTENT BEGIN 0:-8 -1 7; [3..10]:1; 11:15; END;"
    )
    assert parse_intel_mif(text).words == (8, 15, 7, *[1] * 8, 15)
    assert parse_intel_mif("DEPTH=1;WIDTH=8;CONTENT BEGIN 0:f0; END;").words == (0xF0,)


def test_lattice_mem_reads_comments_and_binary() -> None:
    head = "#Format=Bin\n#Depth=2\n#Width=8\n#AddrRadix=3\n#DataRadix=0\n#Data\n"
    parsed = parse_lattice_mem(head + "# for a 2x8 memory\n11011 // first\n\n11111010#\n")
    assert (parsed.width, parsed.words) == (8, (0b11011, 0b11111010))


def test_gowin_mi_reads_binary_and_trailing_space() -> None:
    text = "#File_format=Bin\n#Address_depth=2\n#Data_width=4 \n1010\n0001"
    parsed = parse_gowin_mi(text)
    assert (parsed.width, parsed.words) == (4, (10, 1))


LATTICE = "#Format=Hex\n#Depth=1\n#Width=8\n#AddrRadix=3\n#DataRadix=3\n#Data\n"

GOWIN = "#File_format=Hex\n#Address_depth=1\n#Data_width=8\n"

INTEL = "WIDTH=8;\nDEPTH=2;\nCONTENT BEGIN\n"

COE = "memory_initialization_radix=16;\nmemory_initialization_vector=\n"

MALFORMED = [
    ("readmemh", "", "line 1: file must hold 1 to"),
    ("readmemh", "00\n0g\n", "line 2: word must be hexadecimal digits, not '0g'"),
    ("readmemh", "00\nxx\n", "line 2: word must be hexadecimal"),
    ("readmemh", "@0\n00\n", "line 1: word must be hexadecimal digits, not '@0'"),
    ("readmemh", "00\n0x1\n", "line 2: word must be hexadecimal digits"),
    ("readmemh", "-1\n", "line 1: word must be hexadecimal digits"),
    ("readmemh", "٣\n", "line 1: word must be hexadecimal digits"),
    ("readmemh", "00\n/* 01\n", "line 2: comment must be closed"),
    ("readmemh", "f" * 1025, r"line 1: word must be below 2\*\*4096"),
    ("xilinx_coe", "", "line 1: memory_initialization_radix=...; must follow"),
    ("xilinx_coe", COE[:32], "line 1: memory_initialization_vector=...; must follow"),
    ("xilinx_coe", COE.replace("16", "8"), "line 1: radix must be 2, 10 or 16, not '8'"),
    ("xilinx_coe", COE[32:] + "1;", "line 1: keyword must be memory_initialization_radix"),
    ("xilinx_coe", COE.replace("vector", "vektor") + "1;", "line 2: keyword must be memory_in"),
    ("xilinx_coe", COE + "00,\n01", "line 4: statement must end in ';'"),
    ("xilinx_coe", COE + "00,\n,01;", "line 4: word must be hexadecimal digits, not ','"),
    ("xilinx_coe", COE + "00,\n01,;", "line 4: a word must follow the last comma"),
    ("xilinx_coe", COE + ";", "line 3: file must hold 1 to"),
    ("xilinx_coe", COE + "00,\nzz;", "line 4: word must be hexadecimal digits, not 'zz'"),
    ("xilinx_coe", COE + "00;\n01;", "line 4: text after the vector must be a comment"),
    ("xilinx_coe", "00;", "line 1: statement must be keyword=value;"),
    ("xilinx_mif", "", "line 1: word must be binary digits"),
    ("xilinx_mif", "010\n01\n", "line 2: word must be 3 binary digits as on line 1, not '01'"),
    ("xilinx_mif", "010\n\n010\n", "line 2: word must be 3 binary digits"),
    ("xilinx_mif", "010\n012\n", "line 2: word must be binary digits, not '012'"),
    ("xilinx_mif", "0" * 4097, "line 1: word must be at most 4096 binary digits"),
    ("intel_mif", "", "line 1: more must follow, but the file ends"),
    ("intel_mif", "WIDTH=8;\nCONTENT BEGIN", "line 2: DEPTH=...; must precede CONTENT"),
    ("intel_mif", "WIDTH=8;\nWIDTH=8;", "line 2: keyword must be DEPTH or ADDRESS_RADIX"),
    ("intel_mif", "WIDTH 8;", "line 1: text here must be '=', not '8'"),
    ("intel_mif", INTEL.replace("2", "0") + "END;", "line 2: DEPTH must be 1 to"),
    ("intel_mif", INTEL.replace("2", "99999999") + "END;", "line 2: DEPTH must be 1 to"),
    ("intel_mif", "DATA_RADIX=TEN;" + INTEL + "END;", "line 1: radix must be BIN, OCT"),
    ("intel_mif", INTEL + "0:0;\n1:0;\n", "line 5: more must follow, but the file ends"),
    ("intel_mif", INTEL + "0:0;\nEND;\n", "line 5: address 0x1 must have a word, as DEPTH is 2"),
    ("intel_mif", INTEL + "0:0 1;\n1:0;\nEND;\n", "line 5: address must be given once, not '0x1'"),
    ("intel_mif", INTEL + "0:0 1 2;\nEND;\n", "line 4: address must be below DEPTH, 2, not '0x2'"),
    ("intel_mif", INTEL + "2:0;\nEND;\n", "line 4: address must be below DEPTH, 2, not '2'"),
    ("intel_mif", INTEL + "[1..0]:0;\nEND;\n", "line 4: a range must rise and have one word"),
    ("intel_mif", INTEL + "[0..1]:0 1;\nEND;\n", "line 4: a range must rise and have one word"),
    ("intel_mif", INTEL + "[0.1]:0;\nEND;\n", r"line 4: text here must be '..', not '.'"),
    ("intel_mif", INTEL + "0:100;\nEND;\n", r"line 4: word must be below 2\*\*8, not '100'"),
    ("intel_mif", INTEL + "0:-1;\nEND;\n", "line 4: word must be hexadecimal digits, not '-1'"),
    ("intel_mif", "DATA_RADIX=DEC;" + INTEL + "0:-129;", r"word must be at least -2\*\*7"),
    ("intel_mif", INTEL + "0:0 % open\n", "line 4: comment must be closed"),
    ("intel_mif", INTEL + "0:0 1;\nEND;\nX", "line 6: text after END; must be a comment"),
    ("intel_mif", INTEL + "0:0 1;\nEND", "line 5: ';' must follow, but the file ends"),
    ("lattice_mem", "@0 00 01\n", "line 1: header must be #Format=..., not '@0 00 01'"),
    ("lattice_mem", LATTICE.replace("Hex", "AddrHex") + "0:0", "line 1: #Format must be Hex or"),
    ("lattice_mem", LATTICE.replace("x=3", "x=4"), "line 4: #AddrRadix must be 0, 1, 2 or 3"),
    ("lattice_mem", LATTICE.replace("#Data\n", "") + "00\n", "line 6: end of the header must be"),
    ("lattice_mem", LATTICE.replace("=8", "=257"), "line 3: #Width must be 1 to 256"),
    ("lattice_mem", LATTICE.replace("=1", "=65537"), "line 2: #Depth must be 1 to 65536"),
    ("lattice_mem", LATTICE, "line 6: file must hold 1 words, as its header states, not 0"),
    ("lattice_mem", LATTICE + "00\n01\n", "line 8: file must hold 1 words, .* not 2"),
    ("lattice_mem", LATTICE + "100\n", r"line 7: word must be below 2\*\*8, not '100'"),
    ("lattice_mem", LATTICE + "00 01\n", "line 7: word must be hexadecimal digits, not '00 01'"),
    ("gowin_mi", "", "line 1: header must be #File_format=..., not ''"),
    ("gowin_mi", GOWIN.replace("Hex", "AddrHex"), "line 1: #File_format must be Hex or Bin"),
    ("gowin_mi", GOWIN.replace("=1", "=one"), "line 2: #Address_depth must be decimal digits"),
    ("gowin_mi", GOWIN.replace("=8", "=0"), "line 3: #Data_width must be 1 to 4096"),
    ("gowin_mi", GOWIN + "# note\n00\n", "line 4: word must be hexadecimal digits, not '# note'"),
    ("gowin_mi", GOWIN, "line 3: file must hold 1 words, as its header states, not 0"),
]


@pytest.mark.parametrize(("key", "text", "message"), MALFORMED)
def test_malformed_text_is_refused(key: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        FORMATS[key].parser(text)
    assert "\n" not in str(caught.value)


@given(rom=rom_images(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_truncation_is_found_where_the_depth_is_stated(rom: RomImage, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(["xilinx_coe", "intel_mif", "lattice_mem", "gowin_mi"]))
    lines = FORMATS[key].formatter(rom).splitlines(keepends=True)
    kept = data.draw(st.integers(0, len(lines) - 1))
    with pytest.raises(InputError, match="line "):
        FORMATS[key].parser("".join(lines[:kept]))


@given(text=st.text(alphabet="01fF#;:=[].%-/*, \n@_", max_size=40), data=st.data())
@settings(max_examples=200, deadline=None)
def test_parsers_only_raise_input_errors(text: str, data: st.DataObject) -> None:
    entry = FORMATS[data.draw(st.sampled_from(sorted(FORMATS)))]
    head = entry.formatter(OTHER)
    text = head[: data.draw(st.integers(0, len(head)))] + text
    with contextlib.suppress(InputError):
        assert entry.parser(text).words


def test_lattice_limits() -> None:
    with pytest.raises(InputError, match="at most 256 bits wide and 65536 words deep, not 257"):
        format_lattice_mem(WIDE)
    with pytest.raises(InputError, match="not 1 and 65537"):
        format_lattice_mem(RomImage("deep", "l", 1, (0,) * 65537))


def test_yosys_reads_the_readmemh_text(tmp_path: Path) -> None:
    export_roms([SMALL], tmp_path / "out", ["readmemh"])
    source = tmp_path / "rom.v"
    source.write_text(
        "module rom(input [1:0] a, output [9:0] d);\n  reg [9:0] m [0:3];\n"
        f'  initial $readmemh("{tmp_path}/out/verilog/gamma.hex", m);\n'
        "  assign d = m[a];\nendmodule\n"
    )
    commands = (f"read_verilog {source.name}", "proc", "memory_collect", "write_json rom.json")
    run_yosys(commands, tmp_path)
    cells = json.loads((tmp_path / "rom.json").read_text())["modules"]["rom"]["cells"].values()
    init = next(cell["parameters"]["INIT"] for cell in cells if "INIT" in cell["parameters"])
    assert init == "".join(f"{word:010b}" for word in reversed(SMALL.words))


def test_parsers_keep_leading_zeros_of_the_width() -> None:
    assert parse_xilinx_mif("0000\n0001\n").width == 4
