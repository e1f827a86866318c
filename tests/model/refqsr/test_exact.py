"""Golden and torch compute the same integers: of random networks, trained ones, and photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.refqsr.network import Network
from lutscale.golden.refqsr.patches import tiling_of
from lutscale.model.refqsr.exact import flow, probabilities, run_exact, run_patches
from tests.support.refqsr.networks import clust_block, network, picture, refer_block
from tests.support.refqsr.trained import small


def assert_same(made: Network, image: np.ndarray) -> None:
    golden, torchs = made.run_image(image), run_exact(made, image)
    wrong = np.argwhere(golden != torchs)
    assert not len(wrong), (
        f"{len(wrong)} numbers differ, first at y, x, plane = {wrong[0]}: golden "
        f"{golden[tuple(wrong[0])]}, torch {torchs[tuple(wrong[0])]}"
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "options",
    [{}, {"selects": True}, {"dispatched": False}, {"dispatched": False, "selects": True}],
)
def test_random_networks(seed: int, options: dict[str, bool]) -> None:
    made = network(seed, blocks=3 + seed % 2, scale=2 + seed % 3, **options)  # type: ignore[arg-type]
    assert_same(made, picture(seed, 30 + seed, 44))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quantiser": "pams", "high": 4},
        {"quantiser": "cadyq"},
        {"quantiser": "pams", "high": 8, "low": 4},
        {"quantiser": "pams", "high": 4, "low": 2},
        {"quantiser": "cadyq", "low": 4},
    ],
)
def test_exported_networks(options: dict[str, object]) -> None:
    assert_same(small(**options).export("small"), picture(9, 30, 44))  # type: ignore[arg-type]


def test_upsampling_in_two_steps() -> None:
    """EDSR's shape, x4: steps of two, and a last convolution."""
    made = small("edsr", scale=4, quantiser="pams").export("small")
    assert_same(made, picture(9, 24, 26))


def test_a_broken_twin_is_seen() -> None:
    made = small(quantiser="pams", high=8, low=4).export("small")
    assert made.dispatch is not None
    block = made.dispatch.refer[0]
    # Not the last entry, which stands for all that is far away.
    broken = block.exponential.copy()
    broken[1:200] += 1
    image = picture(9, 30, 44)
    wanted = run_exact(made, image)
    object.__setattr__(block, "exponential", broken)
    assert not np.array_equal(made.run_image(image), wanted)


@pytest.mark.parametrize("size", [(24, 24), (96, 96), (28, 44)])
def test_parts_on_patches_of_any_size(size: tuple[int, int]) -> None:
    random = np.random.default_rng(size)
    clust, refer = clust_block(random), refer_block(random, 4)
    patch = picture(1, *size)
    frame = torch.from_numpy(patch).permute(2, 0, 1)[None].long()
    assert probabilities(clust, frame).tolist() == clust.probabilities(patch).tolist()
    query, reference = random.integers(-9000, 9000, (2, 4, *size)).astype(np.int32)
    found = flow(refer, *(torch.from_numpy(x)[None].long() for x in (query, reference)))
    assert np.array_equal(found.numpy(), refer.flow(query, reference))


@pytest.mark.slow
def test_every_patch_of_set5(data_folder: Path) -> None:
    """Each patch at high precision, and as a query of the one before it."""
    made = small(scale=4, quantiser="pams", high=8, low=4).export("small")
    patches = 0
    for path in sorted((data_folder / "test" / "Set5" / "HR").glob("*.png")):
        image = downscale(crop_to_multiple(read_rgb(path), 4), 4)
        cut = tiling_of(*image.shape[:2]).cut(image)
        for first, second in zip(cut, [*cut[1:], cut[0]], strict=True):
            golden, _ = made.run_patches([first, second], (0, 0))
            torchs = run_patches(made, [first, second], (0, 0))
            assert all(map(np.array_equal, golden, torchs)), path
        assert_same(made, image)
        patches += len(cut)
    assert patches > 40
