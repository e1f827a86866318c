"""What a netlist is made of, by family: cells of Yosys' libraries under one set of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

__all__ = ["FAMILIES", "Cells", "Family", "count_cells"]


@dataclass(frozen=True)
class Cells:
    """What a netlist is made of.

    Attributes:
        lut: lookup tables.
        carry: carry cells: CCU2C (two bits of an adder each, in the place of two LUT4), CARRY4,
            ALU, SB_CARRY.
        ff: flip-flops.
        dsp: multiplier blocks.
        blocks: block memories, as the family's `Target.block` counts them.
        ram: places of a lookup table that are RAM or shift register.
        comb: places of a lookup table that are taken in all: the figure COMB of every report.
    """

    lut: int
    carry: int
    ff: int
    dsp: int
    blocks: int
    ram: int
    comb: int

    def as_dict(self) -> dict[str, int]:
        """Every count by name, ``comb`` first."""
        return {"comb": self.comb, **asdict(self)}


@dataclass(frozen=True)
class Family:
    """How cells of a family count.

    Attributes:
        command: of Yosys, that synthesises for it; ``{top}`` is the top module.
        lut, ff, dsp: cell types, by name or by the beginning of a name that ends in ``*``.
        carry: cell types, and the places of a lookup table that each takes.
        blocks: cell types, and how many of the target's blocks each is.
        ram: cell types, and the places of a lookup table that each takes.
    """

    command: str
    lut: tuple[str, ...]
    ff: tuple[str, ...]
    dsp: tuple[str, ...]
    carry: Mapping[str, int]
    blocks: Mapping[str, int]
    ram: Mapping[str, int]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "ecp5": Family(
            command="synth_ecp5 -top {top}",
            lut=("LUT4",),
            ff=("TRELLIS_FF",),
            dsp=("MULT18X18D",),
            carry={"CCU2C": 2},
            blocks={"DP16KD": 1, "PDPW16KD": 1},
            ram={"TRELLIS_DPR16X4": 4},
        ),
        # A CARRY4 stands beside its four lookup tables, which are counted as such.
        "xilinx": Family(
            command="synth_xilinx -flatten -noiopad -noclkbuf -top {top}",
            lut=("LUT*", "INV"),
            ff=("FD*",),
            dsp=("DSP48*",),
            carry={"CARRY4": 0, "CARRY8": 0},
            blocks={"RAMB18*": 1, "RAMB36*": 2},
            ram={"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "SRL*": 1, "RAM*X1D": 2},
        ),
        "gowin": Family(
            command="synth_gowin -noiopads -top {top}",
            lut=("LUT*",),
            ff=("DFF*",),
            dsp=("MULT*",),
            carry={"ALU": 1},
            blocks={"SDP*": 1, "DP*": 1, "SP": 1, "SPX9": 1, "pROM*": 1},
            ram={"RAM16S1": 1, "RAM16S2": 2, "RAM16S4": 4, "RAM16SDP*": 4},
        ),
        "ice40": Family(
            command="synth_ice40 -dsp -top {top}",
            lut=("SB_LUT4",),
            ff=("SB_DFF*",),
            dsp=("SB_MAC16",),
            # Beside the lookup table that makes its sum.
            carry={"SB_CARRY": 0},
            blocks={"SB_RAM40_4K*": 1},
            ram={},
        ),
    }
)
"""Every family that can be synthesised into cells of an FPGA, by `Target.family`."""


def _is(kind: str, name: str) -> bool:
    return kind.startswith(name[:-1]) if name.endswith("*") else kind == name


def count_cells(by_type: Mapping[str, int], family: str = "ecp5") -> Cells:
    """`Cells` of a number of cells by type, as Yosys counts them.

    Args:
        by_type: with the backslash of escaped names or without.
        family: one of `FAMILIES`.
    """
    rules = FAMILIES[family]
    plain = {kind.removeprefix("\\"): count for kind, count in by_type.items()}

    def counted(names: tuple[str, ...]) -> int:
        found = (n for kind, n in plain.items() if any(_is(kind, name) for name in names))
        return sum(found)

    def weighed(weights: Mapping[str, int]) -> int:
        return sum(n * next((w for name, w in weights.items() if _is(kind, name)), 0)
                   for kind, n in plain.items())  # fmt: skip

    lut, ram = counted(rules.lut), weighed(rules.ram)
    return Cells(
        lut=lut,
        carry=counted(tuple(rules.carry)),
        ff=counted(rules.ff),
        dsp=counted(rules.dsp),
        blocks=weighed(rules.blocks),
        ram=ram,
        comb=lut + weighed(rules.carry) + ram,
    )
