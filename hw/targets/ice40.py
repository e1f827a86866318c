"""Lattice iCE40. A block has one read port and one write port, and there is no LUT RAM."""

from dataclasses import replace

from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS"]

_ICE40 = Target(
    name="ice40",
    family="ice40",
    block=BlockMemory(
        name="EBR", bits=4096, shapes=((2048, 2), (1024, 4), (512, 8), (256, 16)), ports=2
    ),
    source="Lattice FPGA-TN-02002 (memories), FPGA-TN-02007 (SB_MAC16)",
    multiplier=(16, 16),
    # A RAM outside blocks takes a flip-flop a bit, and a multiplexer as deep.
    least_ram_bits=256,
)

TARGETS = (
    _ICE40,
    _ICE40.on("up5k", Device("iCE40UP5K", 5280, 5280, 30, 8, "Lattice FPGA-DS-02008")),
    replace(_ICE40, multiplier=(0, 0)).on(
        "hx8k", Device("iCE40HX8K", 7680, 7680, 32, 0, "Lattice FPGA-DS-02029")
    ),
)
