"""Intel (Altera): MAX 10 has M9K blocks, Cyclone V M10K, larger families M20K."""

from dataclasses import replace

from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS"]

_M9K = Target(
    name="intel-m9k",
    family="intel",
    block=BlockMemory(
        name="M9K",
        bits=9216,
        shapes=((8192, 1), (4096, 2), (2048, 4), (1024, 9), (512, 18), (256, 36)),
        parity=9,
        widest=18,
    ),
    source="Intel UG-M10MEMORY (memories), UG-M10DSP (18x18 multipliers)",
    # MAX 10 has no LUT RAM: outside blocks a RAM takes a flip-flop a bit.
    least_ram_bits=256,
)
_M10K = Target(
    name="intel-m10k",
    family="intel",
    block=BlockMemory(
        name="M10K",
        bits=10240,
        shapes=((8192, 1), (4096, 2), (2048, 5), (1024, 10), (512, 20), (256, 40)),
        parity=5,
        widest=20,
    ),
    source="Intel CV-5V2, chapters 1 (ALM: any 6 inputs, or two LUTs of 4), 2 (M10K), 3 (DSP)",
    lut_inputs=6,
    multiplier=(18, 19),
)
_M20K = replace(
    _M10K,
    name="intel-m20k",
    block=BlockMemory(
        name="M20K",
        bits=20480,
        shapes=((16384, 1), (8192, 2), (4096, 5), (2048, 10), (1024, 20), (512, 40)),
        parity=5,
        widest=20,
    ),
    source="Intel A10-HANDBOOK, chapters 1 (ALM), 2 (M20K), 3 (DSP)",
)

TARGETS = (
    _M9K,
    _M10K,
    _M20K,
    _M9K.on("10m50", Device("10M50", 49760, 49760, 182, 144, "Intel M10-OVERVIEW")),
    _M10K.on("5csea6", Device("5CSEA6", 41910, 167640, 553, 224, "Intel CV-51001")),
)
