"""Lattice ECP5."""

from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["ECP5", "TARGETS"]

_SOURCE = "Lattice FPGA-DS-02012; LUTs as nextpnr-ecp5 counts TRELLIS_COMB"

ECP5 = Target(
    name="ecp5",
    family="ecp5",
    block=BlockMemory(
        name="DP16KD",
        bits=18432,
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        parity=9,
        widest=18,
    ),
    source="Lattice FPGA-DS-02012 (family), FPGA-TN-02204 (memories), FPGA-TN-02205 (MULT18X18D)",
)

TARGETS = (
    ECP5,
    ECP5.on("25f", Device("LFE5U-25F", 24288, 24288, 56, 28, _SOURCE)),
    ECP5.on("45f", Device("LFE5U-45F", 43848, 43848, 108, 72, _SOURCE)),
    ECP5.on("85f", Device("LFE5U-85F", 83640, 83640, 208, 156, _SOURCE)),
)
