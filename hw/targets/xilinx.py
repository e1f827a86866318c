"""AMD (Xilinx) 7 series and Zynq UltraScale+. Devices count RAMB18, of which a RAMB36 is two."""

from dataclasses import replace

from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS"]

_RAMB18 = Target(
    name="xilinx-ramb18",
    family="xilinx",
    block=BlockMemory(
        name="RAMB18",
        bits=18432,
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        parity=9,
        widest=18,
    ),
    source="AMD UG473 (memories), UG474 (LUTs), UG479 (DSP48E1)",
    lut_inputs=6,
    multiplier=(25, 18),
)
_RAMB36 = replace(
    _RAMB18,
    name="xilinx-ramb36",
    block=BlockMemory(
        name="RAMB36",
        bits=36864,
        shapes=(
            (32768, 1), (16384, 2), (8192, 4), (4096, 9), (2048, 18), (1024, 36), (512, 72),
        ),
        parity=9,
        widest=36,
    ),
)  # fmt: skip
_ULTRASCALE = replace(
    _RAMB18,
    source="AMD UG573 (memories), UG574 (LUTs), UG579 (DSP48E2)",
    multiplier=(27, 18),
)

TARGETS = (
    _RAMB18,
    _RAMB36,
    _RAMB18.on("7a35t", Device("XC7A35T", 20800, 41600, 100, 90, "AMD DS180")),
    _RAMB18.on("7a100t", Device("XC7A100T", 63400, 126800, 270, 240, "AMD DS180")),
    _ULTRASCALE.on("zu9eg", Device("XCZU9EG", 274080, 548160, 1824, 2520, "AMD DS891")),
)
