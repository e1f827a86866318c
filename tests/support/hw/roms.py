"""ROM images by hand and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from lutscale.hw.rom_formats import RomImage

__all__ = ["GOLDEN", "OTHER", "SMALL", "WIDE", "rom_images"]

SMALL = RomImage("gamma", "tone", 10, (0, 0x3FF, 0x2A, 0x155))

OTHER = RomImage("sharpen", "conv 1", 3, (5, 0, 7))

WIDE = RomImage("wide", "conv 2", 257, (1 << 256,))

GOLDEN = {
    "readmemh": "000\n3ff\n02a\n155\n",
    "xilinx_coe": (
        "memory_initialization_radix=16;\nmemory_initialization_vector=\n000,\n3FF,\n02A,\n155;\n"
    ),
    "xilinx_mif": "0000000000\n1111111111\n0000101010\n0101010101\n",
    "intel_mif": (
        "WIDTH=10;\nDEPTH=4;\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\nCONTENT BEGIN\n"
        "0 : 000;\n1 : 3FF;\n2 : 02A;\n3 : 155;\nEND;\n"
    ),
    "lattice_mem": (
        "#Format=Hex\n#Depth=4\n#Width=10\n#AddrRadix=3\n#DataRadix=3\n#Data\n000\n3FF\n02A\n155\n"
    ),
    "gowin_mi": "#File_format=Hex\n#Address_depth=4\n#Data_width=10\n000\n3FF\n02A\n155\n",
}


@st.composite
def rom_images(draw: st.DrawFn) -> RomImage:
    width = draw(st.integers(1, 160))
    word = st.one_of(
        st.integers(0, 2**width - 1), st.sampled_from([0, 1, 2 ** (width - 1), 2**width - 1])
    )
    words = draw(st.lists(word, min_size=1, max_size=70))
    return RomImage("table", "layer", width, tuple(words))
