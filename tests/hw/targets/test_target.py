"""Blocks by legal shapes, against counts worked out by hand; and the counts of devices."""

import pytest

from lutscale.hw.targets import TARGETS, BlockMemory

BLOCK = TARGETS["ecp5"].block


@pytest.mark.parametrize(
    ("depth", "width", "count", "shape"),
    [
        # Line buffers: 512 deep holds 480, so 256 / 36 = 7.1; 960 is 1024 deep, 256 / 18 = 14.2.
        (480, 256, 8, (512, 36)),
        (960, 256, 15, (1024, 18)),
        (960, 272, 16, (1024, 18)),
        # A full block in each of its shapes.
        (16384, 1, 1, (16384, 1)),
        (8192, 2, 1, (8192, 2)),
        (4096, 4, 1, (4096, 4)),
        (2048, 9, 1, (2048, 9)),
        (1024, 18, 1, (1024, 18)),
        (512, 36, 1, (512, 36)),
        # One bit or one word more.
        (512, 37, 2, (512, 36)),
        (513, 36, 2, (1024, 18)),
        # Equally many either way: the shape that needs no multiplexer.
        (1024, 36, 2, (1024, 18)),
        (2048, 18, 2, (2048, 9)),
        # Deep and narrow: 3 stacked blocks of 512 x 36 beat 2 * 2 of 1024 x 18.
        (1444, 35, 3, (512, 36)),
        (1, 1, 1, (16384, 1)),
    ],
)
def test_ecp5(depth: int, width: int, count: int, shape: tuple[int, int]) -> None:
    assert BLOCK.needed(depth, width) == (count, shape)


def test_bytes_waste_the_parity_bits() -> None:
    """100 KB: 50 blocks of 8-bit words, 45 when nine bits are packed."""
    bits = 100 * 1024 * 8
    assert BLOCK.needed(bits // 8, 8)[0] == 50
    assert BLOCK.needed(2048, bits // 2048)[0] == 45
    assert BLOCK.fill(bits // 8, 8) == pytest.approx(8 / 9)


def test_a_byte_wide_word_fills_eight_ninths() -> None:
    count, shape = BLOCK.needed(2048, 8)
    assert (count, shape) == (1, (2048, 9))
    assert BLOCK.fill(2048, 8) == pytest.approx(8 / 9)


@pytest.mark.parametrize(
    ("target", "depth", "width", "count", "shape"),
    [
        ("xilinx-ramb18", 480, 256, 8, (512, 36)),
        ("xilinx-ramb36", 480, 256, 4, (512, 72)),
        ("xilinx-ramb36", 960, 256, 8, (1024, 36)),
        ("ice40", 480, 256, 32, (512, 8)),
        ("ice40", 256, 16, 1, (256, 16)),
        ("gowin", 960, 256, 15, (1024, 18)),
        ("intel-m9k", 480, 256, 15, (512, 18)),
        ("intel-m10k", 480, 256, 13, (512, 20)),
        ("intel-m20k", 480, 256, 7, (512, 40)),
        ("intel-m20k", 960, 256, 13, (1024, 20)),
    ],
)
def test_other_families(
    target: str, depth: int, width: int, count: int, shape: tuple[int, int]
) -> None:
    assert TARGETS[target].block.needed(depth, width) == (count, shape)


@pytest.mark.parametrize("target", TARGETS)
def test_never_fewer_blocks_than_the_bits_need(target: str) -> None:
    block = TARGETS[target].block
    for depth in (1, 7, 256, 480, 513, 960, 1920, 5000):
        for width in (1, 5, 8, 9, 16, 36, 264):
            count, (deep, wide) = block.needed(depth, width)
            assert (deep, wide) in block.shapes
            assert count * deep * wide >= depth * width
            assert 0 < block.fill(depth, width) <= 1
            for shape in block.shapes:
                assert count <= -(-depth // shape[0]) * -(-width // shape[1])


def test_refusals() -> None:
    with pytest.raises(ValueError, match="depth must be in"):
        BLOCK.needed(0, 8)
    with pytest.raises(TypeError, match="width must be an integer"):
        BLOCK.needed(8, 8.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be at least one"):
        BlockMemory("X", 8, ())


@pytest.mark.parametrize(
    ("shape", "parity", "says"),
    [
        ((4, 4), 0, "shape 4x4 of X must be in 18..18, not 16"),
        # Eight bits of a byte use no parity bit, nine use one each.
        ((2, 8), 9, None),
        ((2, 9), 9, None),
        ((1, 18), 9, None),
        ((1, 17), 9, "shape 1x17 of X must be in 16..16, not 17"),
        ((4, 4), 9, None),
        ((1, 9), 9, "shape 1x9 of X must be in 18..18, not 9"),
    ],
)
def test_shapes_keep_to_the_rule_of_parity(
    shape: tuple[int, int], parity: int, says: str | None
) -> None:
    if says is None:
        assert BlockMemory("X", 18, (shape,), parity).shapes == (shape,)
        return
    with pytest.raises(ValueError, match=says):
        BlockMemory("X", 18, (shape,), parity)


@pytest.mark.parametrize(
    ("depth", "width", "pays"),
    [
        # Too few bits for a block, however square.
        (127, 16, False),
        (128, 16, False),
        # A quarter of 18432 bits is the least use.
        (127, 36, False),
        (128, 36, True),
        (512, 9, True),
        (511, 9, False),
        (512, 36, True),
        # One word more takes another row of blocks.
        (513, 36, True),
    ],
)
def test_a_rom_in_a_block_pays(depth: int, width: int, pays: bool) -> None:
    assert TARGETS["ecp5"].rom_pays(depth, width) is pays


@pytest.mark.parametrize(
    ("target", "depth", "width", "rom", "ram"),
    [
        ("ice40", 255, 8, False, True),
        ("ice40", 256, 8, True, True),
        ("ice40", 16, 15, False, False),
        ("ecp5", 256, 8, False, True),
        ("ecp5", 255, 8, False, False),
        ("intel-m9k", 32, 8, False, True),
        ("asic", 511, 8, False, True),
        ("asic", 512, 8, True, True),
    ],
)
def test_blocks_of_other_sizes_pay_elsewhere(
    target: str, depth: int, width: int, rom: bool, ram: bool
) -> None:
    made = TARGETS[target]
    assert (made.rom_pays(depth, width), made.ram_pays(depth, width)) == (rom, ram)


@pytest.mark.parametrize(
    ("target", "part", "blocks", "multipliers", "lut_inputs"),
    [
        ("ecp5-25f", "LFE5U-25F", 56, 28, 4),
        ("ecp5-45f", "LFE5U-45F", 108, 72, 4),
        ("ecp5-85f", "LFE5U-85F", 208, 156, 4),
        ("ice40-up5k", "iCE40UP5K", 30, 8, 4),
        ("ice40-hx8k", "iCE40HX8K", 32, 0, 4),
        ("gowin-gw1nr-9", "GW1NR-9", 26, 20, 4),
        ("gowin-gw2a-18", "GW2A-18", 46, 48, 4),
        ("xilinx-7a35t", "XC7A35T", 2 * 50, 90, 6),
        ("xilinx-7a100t", "XC7A100T", 2 * 135, 240, 6),
        ("xilinx-zu9eg", "XCZU9EG", 2 * 912, 2520, 6),
        ("intel-10m50", "10M50", 1638 // 9, 144, 4),
        ("intel-5csea6", "5CSEA6", 553, 224, 6),
    ],
)
def test_devices(target: str, part: str, blocks: int, multipliers: int, lut_inputs: int) -> None:
    made = TARGETS[target]
    assert made.device is not None
    assert (made.device.part, made.device.blocks) == (part, blocks)
    assert (made.device.multipliers, made.lut_inputs) == (multipliers, lut_inputs)
    # Nothing is said of a multiplier that is not there.
    assert (made.multiplier == (0, 0)) is (multipliers == 0)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_says_where_its_figures_are_from(name: str) -> None:
    target = TARGETS[name]
    assert target.name == name
    assert name == target.family or name.startswith(f"{target.family}-")
    assert target.source
    assert target.device is None or target.device.source
    assert target.block.widest <= max(width for _, width in target.block.shapes)
