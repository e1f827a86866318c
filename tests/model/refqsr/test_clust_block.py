"""Clusters of features, and ClustBlock's way to them."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F

from lutscale.model.refqsr.clust_block import ClustBlock, Clusters, pointers
from lutscale.model.refqsr.parts import ClustShape
from tests.support.refqsr.trained import batch


def test_pointers_are_goldens() -> None:
    probabilities = torch.tensor([[0.6, 0.4], [0.98, 0.02], [0.0, 1.0], [0.4, 0.6]])
    assert pointers(probabilities, torch.tensor([0.1, 0.3, 0.2, 0.2])) == [1, 1, 2, 2]
    assert pointers(probabilities, torch.tensor([0.3, 0.1, 0.2, 0.5])) == [0, 0, 3, 3]


def test_patches_that_are_nearly_alike_have_a_reference() -> None:
    """Where products of floats, each rounded its own way, may point in a circle."""
    random = torch.Generator().manual_seed(1)
    for _ in range(200):
        near = torch.rand(8, 1, generator=random) * 1e-7
        probabilities = torch.cat([0.3 + near, 0.7 - near], 1)
        assert len(set(pointers(probabilities, torch.zeros(8)))) == 1


def kinds(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of two kinds: around 0 and around 5, and which is which."""
    random = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, 2, (count,), generator=random)
    noise = torch.randn(count, 3, 4, 4, generator=random)
    return noise + 5.0 * kind[:, None, None, None], kind


def test_centres_come_from_the_first_patches_and_stay() -> None:
    clusters = Clusters(3, 2)
    for start in range(0, Clusters.SAMPLES, 100):
        assert not clusters.ready
        assert clusters.labels(kinds(100, start)[0]) is None
    assert clusters.ready
    features, kind = kinds(50, 1000)
    centres = clusters.centres.clone()
    labels = clusters.labels(features)
    assert labels is not None
    # The same cluster for the same kind, one way or the other.
    assert torch.equal(labels, kind) or torch.equal(labels, 1 - kind)
    assert torch.equal(centres, clusters.centres)


def test_a_resumed_run_has_the_same_clusters() -> None:
    clusters, other = Clusters(3, 2), Clusters(3, 2)
    clusters.labels(kinds(300, 1)[0])
    other.load_state_dict(clusters.state_dict())
    for each in (clusters, other):
        each.labels(kinds(300, 2)[0])
    assert torch.equal(clusters.centres, other.centres)


def test_clust_block_learns_to_tell_pictures_apart() -> None:
    torch.manual_seed(0)
    block = ClustBlock(ClustShape(channels=4, classes=2))
    # Smooth ones, and ones with noise.
    smooth = torch.zeros(8, 3, 24, 24) + torch.linspace(-1, 1, 8)[:, None, None, None]
    given = torch.cat([smooth, smooth + 0.3 * torch.randn(8, 3, 24, 24)])
    wanted = torch.arange(16) // 8
    optimiser = torch.optim.Adam(block.parameters(), lr=0.02)
    for _ in range(60):
        loss = F.cross_entropy(block(given), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float((block(given).argmax(1) == wanted).float().mean()) > 0.9


def test_logits_do_not_depend_on_the_side_of_flat_patches() -> None:
    block = ClustBlock(ClustShape())
    block(batch(2) / 128 - 1)
    block.eval()
    small, large = (block(torch.full((1, 3, side, side), 0.3)) for side in (24, 48))
    assert torch.allclose(small, large, atol=1e-5)
