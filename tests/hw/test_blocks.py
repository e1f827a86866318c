"""Blocks by legal shapes, against counts worked out by hand."""

import pytest

from lutscale.hw.blocks import TARGETS, BlockKind, blocks_needed, utilisation

ECP5 = TARGETS["ecp5"]


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
    assert blocks_needed(ECP5, depth, width) == (count, shape)


def test_bytes_waste_the_parity_bits() -> None:
    """100 KB: 50 blocks of 8-bit words, 45 when nine bits are packed."""
    bits = 100 * 1024 * 8
    assert blocks_needed(ECP5, bits // 8, 8)[0] == 50
    assert blocks_needed(ECP5, 2048, bits // 2048)[0] == 45
    assert utilisation(ECP5, 50, bits) == pytest.approx(8 / 9)


def test_a_byte_wide_word_fills_eight_ninths() -> None:
    count, shape = blocks_needed(ECP5, 2048, 8)
    assert (count, shape) == (1, (2048, 9))
    assert utilisation(ECP5, count, 2048 * 8) == pytest.approx(8 / 9)


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
    assert blocks_needed(TARGETS[target], depth, width) == (count, shape)


@pytest.mark.parametrize("target", TARGETS)
def test_never_fewer_blocks_than_the_bits_need(target: str) -> None:
    kind = TARGETS[target]
    for depth in (1, 7, 256, 480, 513, 960, 1920, 5000):
        for width in (1, 5, 8, 9, 16, 36, 264):
            count, (deep, wide) = blocks_needed(kind, depth, width)
            assert (deep, wide) in kind.shapes
            assert count * deep * wide >= depth * width
            assert 0 < utilisation(kind, count, depth * width) <= 1
            for shape in kind.shapes:
                assert count <= -(-depth // shape[0]) * -(-width // shape[1])


def test_no_blocks_are_not_used() -> None:
    assert utilisation(ECP5, 0, 0) == 0.0


def test_refusals() -> None:
    with pytest.raises(ValueError, match="depth must be in"):
        blocks_needed(ECP5, 0, 8)
    with pytest.raises(TypeError, match="width must be an integer"):
        blocks_needed(ECP5, 8, 8.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be at least one"):
        BlockKind("X", 8, ())
    with pytest.raises(ValueError, match="shape 4x4 of X must be in 1..8"):
        BlockKind("X", 8, ((4, 4),))
