"""Networks with dispatch: what runs where, and what cannot run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr import network_file
from lutscale.golden.refqsr.mixed import MixedConvolution, ResidualBlock
from tests.support.refqsr.networks import network, picture


def test_a_reference_runs_as_the_plain_network_does() -> None:
    """A patch that leads is what the same network without dispatch makes of it."""
    made = network(1)
    patch = picture(1, 24, 24)
    blocks = tuple(
        ResidualBlock(*(MixedConvolution({8: part.chains[8]}) for part in (b.first, b.second)))
        for b in made.blocks
    )
    plain = replace(made, dispatch=None, blocks=blocks)
    assert np.array_equal(made.run_image(patch), plain.run_image(patch))


def test_the_trace_says_what_ran() -> None:
    made = network(1, blocks=4)
    result, trace = made.run_traced(picture(1, 60, 90))
    assert result.shape == (120, 180, 3)
    assert trace.tiling is not None
    assert len(trace.pointers) == len(trace.tiling.corners) == len(trace.bits)
    # The picture's squares come again: there are both.
    assert 0 < len(trace.references) < len(trace.pointers)
    for n, bits in enumerate(trace.bits):
        if n in trace.references:
            assert bits == ((8, 8),) * 4
        else:
            assert bits == ((8, 8), (4, 4))


def test_queries_read_their_reference() -> None:
    """Another reference gives another result, and low precision is not high precision."""
    made = network(2, blocks=4)
    patches = [picture(k, 24, 24) for k in range(3)]
    first, _ = made.run_patches(patches, (0, 1, 0))
    second, _ = made.run_patches(patches, (0, 1, 1))
    high, _ = made.run_patches(patches, (0, 1, 2))
    assert np.array_equal(first[0], second[0])
    assert not np.array_equal(first[2], second[2])
    assert not np.array_equal(first[2], high[2])


def test_a_network_that_chooses_its_bits() -> None:
    made = network(3, dispatched=False, selects=True)
    _, trace = made.run_traced(picture(5, 30, 40))
    assert trace.tiling is None
    used = {bits for pair in trace.bits[0] for bits in pair}
    assert used <= {4, 6, 8}
    seen = set()
    for seed in range(6):
        _, trace = made.run_traced(picture(seed, 30, 40))
        seen.add(trace.bits)
    assert len(seen) > 1


def test_a_query_without_a_reference() -> None:
    made = network(1)
    patches = [picture(k, 24, 24) for k in range(2)]
    message = "a cluster must have a reference, but patch 1, to which 0 refers, is none"
    with pytest.raises(ValueError, match=message):
        made.run_patches(patches, (1, 0))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (picture(1, 23, 50), "picture must be at least 24x24, one patch of RefQSR, not 50x23"),
        (picture(1, 30, 30)[..., :1], "image must be (height, width, 3) and not empty"),
        (picture(1, 30, 30)[..., 0], "image must be a uint8 array (height, width, 3), not uint8"),
        (picture(1, 30, 30) / 1.0, "image must be a uint8 array (height, width, 3), not float64"),
    ],
)
def test_pictures_that_cannot_run(image: np.ndarray, message: str) -> None:
    with pytest.raises((InputError, TypeError, ValueError)) as error:
        network(1).run_image(image)
    assert message in str(error.value)


def test_what_is_no_network() -> None:
    made = network(1)
    assert made.dispatch is not None
    with pytest.raises(ValueError, match="name must be letters"):
        replace(made, name="a b")
    with pytest.raises(ValueError, match="blocks must be at least 3 for RefQSR, not 2"):
        replace(made, blocks=made.blocks[:2])
    with pytest.raises(ValueError, match="block 0: must run at 7 bits, but does not"):
        replace(made, dispatch=replace(made.dispatch, high=7))
    with pytest.raises(ValueError, match="low must be in 2..8, not 1"):
        replace(made.dispatch, low=1)
    with pytest.raises(ValueError, match="high must be in 4..8, not 3"):
        replace(made.dispatch, high=3)
    with pytest.raises(ValueError, match="head: must give 4 channels of -32768..32767"):
        replace(made, head=replace(made.head, layers=made.head.layers[:1]))
    with pytest.raises(ValueError, match="tail: inputs must be"):
        replace(made, tail=made.head)
    with pytest.raises(ValueError, match="refer must be two blocks, not 1"):
        replace(made.dispatch, refer=made.dispatch.refer[:1])  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"selects": True}, {"dispatched": False}])
def test_a_file_gives_the_same_network(tmp_path: Path, options: dict[str, bool]) -> None:
    made = network(4, **options)  # type: ignore[arg-type]
    network_file.save(made, tmp_path / "a.npz")
    read = network_file.load(tmp_path / "a.npz")
    image = picture(2, 30, 50)
    assert np.array_equal(read.run_image(image), made.run_image(image))
    assert (read.name, read.scale, read.provenance) == ("random", 2, {"seed": 4})
    network_file.save(read, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
