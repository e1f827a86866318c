"""Pattern tables: enumerated, exported, trained as tables."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.model.layers import PatternTablesTwin
from lutscale.model.layers.pattern_tables import PatternShape

SHAPES = (
    PatternShape(((0, 0), (0, 1)), shift=4, gain=2, border="reflect"),
    PatternShape(((0, 0), (2, -1)), code_bits=3, gain=3),
    PatternShape(((1, 1),), code_bits=8),
)


@pytest.mark.parametrize("rotations", [1, 4])
@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("direct", [False, True])
def test_pattern_tables_are_the_exported_layer(rotations: int, scale: int, direct: bool) -> None:
    twin = PatternTablesTwin(SHAPES, scale, rotations=rotations, width=8, depth=1)
    if direct:
        twin.to_tables()
        with torch.no_grad():
            for entries in twin.entries:
                entries.add_(torch.randn_like(entries))
    layer, unit = twin.export(np.ones(1))
    assert isinstance(layer, PatternTables)
    assert unit.tolist() == [1] * scale**2
    frame = torch.randint(0, 256, (2, 1, 5, 6))
    expected = np.stack([layer.reference([plane]) for plane in frame.numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([frame.float()]).detach(), expected)
    np.testing.assert_array_equal(PatternTablesTwin.exact(layer, [frame]), expected)


def test_a_word_is_the_network_run_on_its_codes() -> None:
    twin = PatternTablesTwin([PatternShape(((0, 0), (0, 1)))], 2, width=8, depth=2)
    codes = torch.tensor([[3.0, 11.0]]) / 7.5 - 1
    expected = torch.floor(127 * twin.networks[0](codes)[0] + 0.5)
    torch.testing.assert_close(twin.words()[0][3 * 16 + 11], expected)


@pytest.mark.parametrize("pixels", [1, 2, 3, 4])
@pytest.mark.parametrize("fraction_bits", [0, 2])
def test_exact_pattern_tables(pixels: int, fraction_bits: int) -> None:
    random = np.random.default_rng(pixels)
    offsets = tuple((int(i), int(j)) for i, j in random.integers(-3, 4, (pixels, 2)))
    nodes = 4 + (fraction_bits > 0)
    words = random.integers(-128, 128, (nodes**pixels, 4))
    pattern = Pattern(offsets, words, 2, 1, fraction_bits, gain=3, border="reflect")
    layer = PatternTables((pattern,))
    frame = random.integers(0, 1 << pattern.input_bits, (1, 6, 4)).astype(np.int32)
    exact = PatternTablesTwin.exact(layer, [torch.from_numpy(frame)[None].long()])
    np.testing.assert_array_equal(exact[0], layer.reference([frame]))


def test_entries_train_once_they_are_tables() -> None:
    twin = PatternTablesTwin(SHAPES[:2], 2, width=8, depth=1)
    frame = torch.randint(0, 256, (1, 1, 9, 9)).float()
    twin([frame]).sum().backward()
    assert all(entries.grad is None for entries in twin.entries)
    assert all(p.grad is not None for p in twin.networks.parameters())
    twin.zero_grad()
    twin.to_tables()
    twin([frame]).sum().backward()
    assert all(entries.grad is not None for entries in twin.entries)
    assert all(p.grad is None for p in twin.networks.parameters())


def test_pattern_tables_want_codes() -> None:
    twin = PatternTablesTwin(SHAPES, 2, width=8)
    with pytest.raises(ValueError, match="pattern_tables input must be codes, not an accum"):
        twin.export(np.array([0.5]))
