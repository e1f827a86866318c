"""ELAN's shifts and attention, against plain loops; the network around them."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.model.refqsr.architecture import WINDOW, Convolution
from lutscale.model.refqsr.attention import WindowAttention, shifted
from tests.support.refqsr.trained import batch, small


def test_a_fifth_of_the_channels_goes_each_way() -> None:
    x = torch.arange(5 * 9.0).reshape(1, 5, 3, 3)
    made = shifted(x)
    for channel, (row, column) in enumerate(((0, -1), (0, 1), (-1, 0), (1, 0), (0, 0))):
        for y in range(3):
            for z in range(3):
                at = (min(max(y + row, 0), 2), min(max(z + column, 0), 2))
                assert made[0, channel, y, z] == x[0, channel, at[0], at[1]]


@pytest.mark.parametrize("size", [(8, 12), (5, 4)])
def test_attention_by_windows(size: tuple[int, int]) -> None:
    torch.manual_seed(1)
    block = WindowAttention(Convolution("a", 3, 6, 1), Convolution("b", 3, 3, 1))
    x = torch.randn(2, 3, *size)
    with torch.no_grad():
        made = block(x)
        # Rows and columns beyond the edge are the last ones again.
        rows, columns = (torch.arange(-(-n // WINDOW) * WINDOW).clamp(max=n - 1) for n in size)
        both = block.project(x)[:, :, rows][..., columns]
        joined = torch.zeros_like(both[:, :3])
        for n in range(2):
            for y in range(0, len(rows), WINDOW):
                for z in range(0, len(columns), WINDOW):
                    window = (slice(y, y + WINDOW), slice(z, z + WINDOW))
                    query, value = both[(n, slice(0, 3), *window)], both[(n, slice(3, 6), *window)]
                    flat = query.reshape(3, -1)
                    share = torch.softmax(flat.T @ flat, 1)
                    joined[(n, slice(None), *window)] = (value.reshape(3, -1) @ share.T).reshape(
                        3, WINDOW, WINDOW
                    )
        wanted = x + block.join(joined[..., : size[0], : size[1]])
    assert torch.allclose(made, wanted, atol=1e-5)


def test_elan_with_references_learns_and_is_not_exported() -> None:
    network = small("elan", quantiser="pams", high=8, low=4)
    network.train()
    loss = (network(batch(4)) - 128).abs().mean() + network.penalty(None)
    loss.backward()
    assert network.attentions[0].project.weight.grad.abs().sum() > 0  # type: ignore[union-attr]
    with pytest.raises(InputError, match="srresnet or edsr to be exported, not elan"):
        network.export("elan")
