"""The networks of the papers have the papers' sizes; PyTorch is not needed to know them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lutscale.model.refqsr.architecture import ARCHITECTURES, Architecture
from lutscale.model.refqsr.parts import ClustShape, ReferShape, check_blocks


@pytest.mark.parametrize(
    ("name", "macs", "body"),
    [
        ("srresnet", 2_218_176, 1_179_648),
        ("carn", 1_577_664, 663_552),
        ("edsr", 1_983_168, 1_179_648),
        # 24 blocks of 4 c^2, 3 c^2 around the attention, and 32 c of it; ends of 3x3.
        ("elan", 1620 + 24 * (14_400 + 10_800 + 1920) + 32_400 + 25_920, 345_600),
    ],
)
def test_sizes_of_the_papers(name: str, macs: int, body: int) -> None:
    made = ARCHITECTURES[name](4)
    assert (made.macs, made.body_macs) == (macs, body)


def test_blocks_are_two_3x3_each() -> None:
    made = ARCHITECTURES["carn"](4)
    assert [c.name for c in made.block(8)] == ["block8_first", "block8_second"]
    assert all((c.inputs, c.outputs, c.kernel) == (64, 64, 3) for c in made.body)
    assert len(made.body) == 18
    names = [c.name for c in made.convolutions]
    assert len(set(names)) == len(names)


def test_scales() -> None:
    assert [ARCHITECTURES["edsr"](scale).steps for scale in (2, 3, 4)] == [(2,), (3,), (2, 2)]
    small = Architecture("srresnet", 3, 16, 4, direct=True)
    assert small.steps == ()
    assert small.convolutions[-1].outputs == 27


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"family": "vdsr"}, "family must be one of carn, edsr, elan, srresnet, not 'vdsr'"),
        ({"scale": 5}, "scale must be in 2..4, not 5"),
        ({"family": "carn"}, "blocks must be a multiple of 3 in CARN, not 16"),
        ({"head_kernel": 4}, "head_kernel must be 3 or 5 or 7 or 9, not 4"),
    ],
)
def test_what_cannot_be_built(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Architecture(**{"family": "srresnet", **given})  # type: ignore[arg-type]


def test_a_body_too_short_for_refqsr() -> None:
    check_blocks(Architecture("srresnet", blocks=3))
    with pytest.raises(ValueError, match="blocks must be at least 3 for RefQSR, not 2"):
        check_blocks(Architecture("srresnet", blocks=2))


def test_what_clust_block_costs() -> None:
    # 3x3 of 3 -> 8 on 96x96, 8 -> 8 on 48x48 and 24x24, then 8 means to 8 classes.
    wanted = 9 * 24 * 9216 + 9 * 64 * 2304 + 9 * 64 * 576 + 64
    assert ClustShape().macs(96, 96) == wanted


def test_what_refer_costs() -> None:
    # 24x24 descriptors of 16 numbers for a patch of 96x96 and 64 channels.
    shape = ReferShape(64)
    assert dict(shape.query_macs(96, 96)) == {
        "descriptors": 576 * 64 * 16,
        "cost volume": 576 * 576 * 16,
        "soft-argmax": 576 * 576 * 2,
        "warp": 9216 * 64 * 4,
        "fusion": 9216 * 64 * 128,
    }
    assert shape.reference_macs(96, 96) == 576 * 64 * 16


def test_no_pytorch_is_needed() -> None:
    code = "import sys, lutscale.reports.refqsr.bitops; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
