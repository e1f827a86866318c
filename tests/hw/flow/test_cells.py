"""Cells of Yosys' libraries under one set of names."""

from __future__ import annotations

from lutscale.hw.flow.cells import FAMILIES, Cells, count_cells
from lutscale.hw.targets import TARGETS


def test_ecp5() -> None:
    by_type = {
        "LUT4": 7, "CCU2C": 3, "TRELLIS_FF": 5, "PDPW16KD": 1, "DP16KD": 2, "PFUMX": 9,
        "TRELLIS_DPR16X4": 2, "MULT18X18D": 4, "$scopeinfo": 22,
    }  # fmt: skip
    cells = count_cells(by_type)
    assert cells == Cells(lut=7, carry=3, ff=5, dsp=4, blocks=3, ram=8, comb=7 + 6 + 8)
    assert next(iter(cells.as_dict())) == "comb"


def test_xilinx() -> None:
    by_type = {
        "LUT2": 3, "LUT6": 4, "CARRY4": 5, "FDRE": 6, "FDSE": 1, "DSP48E1": 2, "RAMB18E1": 3,
        "RAMB36E1": 2, "SRL16E": 8, "RAM32M": 1, "MUXF7": 9,
    }  # fmt: skip
    found = count_cells(by_type, "xilinx")
    # A RAMB36 is two of the blocks that our devices count.
    assert found == Cells(lut=7, carry=5, ff=7, dsp=2, blocks=7, ram=12, comb=19)


def test_gowin() -> None:
    by_type = {"LUT1": 1, "LUT4": 2, "ALU": 3, "DFFRE": 4, "DPX9B": 5, "pROM": 6, "MUX2_LUT5": 7}
    found = count_cells(by_type, "gowin")
    assert found == Cells(lut=3, carry=3, ff=4, dsp=0, blocks=11, ram=0, comb=6)


def test_escaped_names_count_alike() -> None:
    assert count_cells({"\\SB_LUT4": 2, "\\SB_DFFESR": 1}, "ice40").as_dict() == {
        "comb": 2, "lut": 2, "carry": 0, "ff": 1, "dsp": 0, "blocks": 0, "ram": 0
    }  # fmt: skip


def test_families_are_those_of_targets() -> None:
    assert set(FAMILIES) <= {target.family for target in TARGETS.values()}
