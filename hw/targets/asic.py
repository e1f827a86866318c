"""Standard cells with SRAM macros. A macro in place of a mask ROM is an upper bound of its area."""

from lutscale.hw.targets.target import BlockMemory, Target

__all__ = ["TARGETS"]

TARGETS = (
    Target(
        name="asic",
        family="asic",
        block=BlockMemory(
            name="sky130_sram_2kbyte_1rw1r_32x512_8",
            bits=16384,
            shapes=((512, 32),),
            ports=2,
            widest=32,
            initial_data=False,
        ),
        source="OpenRAM's macros for SKY130: 0.285 mm2 each",
        lut_inputs=0,
        multiplier=(0, 0),
    ),
)
