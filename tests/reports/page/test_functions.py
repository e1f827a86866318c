"""The functions that are drawn are the program's, the most bent first, and drawn where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import PixelShuffle, Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.reports.page.drawing import HEIGHT, WIDTH, curve, reach
from lutscale.reports.page.functions import SHOWN, functions_json
from tests.support.golden.small_programs import small


def direct(entries: np.ndarray) -> Program:
    """A program of direct tables (inputs, kh, kw, 256, 4)."""
    last = (Requantise(np.ones(4, np.int32), 4, 0, 255), PixelShuffle(2))
    return Program("direct", 2, (TapTables(entries), *last))


def test_values_are_those_of_the_layer() -> None:
    program = small()
    (drawn,) = functions_json(program)
    layer: Any = program.layers[0]
    curves = layer.curves
    assert (drawn["layer"], drawn["count"], drawn["kernel"]) == (0, layer.functions, [2, 2])
    assert len(drawn["taps"]) == 4
    assert len(drawn["bent"]) == 4
    for function in (*drawn["taps"], *drawn["bent"]):
        i, j = np.argwhere(
            [[layer.offset(i, j) == tuple(function["offset"]) for j in range(2)] for i in range(2)]
        )[0]
        codes, values = curves.values(function["input"], i, j, function["output"])
        assert function["first"] == codes[0]
        assert function["values"] == pytest.approx(values.tolist(), abs=1e-4)
        table = layer.entries[function["input"], i, j, :, function["output"]]
        assert [entry for _, entry in function["nodes"]] == table.tolist()
        assert [code for code, _ in function["nodes"]] == curves.nodes(0).tolist()


def test_the_most_bent_come_first_one_of_a_table() -> None:
    entries = np.zeros((1, 4, 4, 256, 4), np.int32)
    heights = np.random.default_rng(3).permutation(64).reshape(4, 4, 4)
    entries[0, :, :, 128, :] = heights
    (drawn,) = functions_json(direct(entries))
    assert len(drawn["bent"]) == SHOWN
    found = [max(function["values"]) for function in drawn["bent"]]
    best = sorted(heights.max(axis=2).ravel().tolist(), reverse=True)
    assert found == best[:SHOWN]
    bends = [function["bend"] for function in drawn["bent"]]
    assert bends == sorted(bends, reverse=True)
    # Every code has an entry: none is marked.
    assert not any(function["nodes"] for function in drawn["bent"])


def test_a_line_is_drawn_as_a_line() -> None:
    entries = np.zeros((1, 1, 1, 256, 4), np.int32)
    entries[0, 0, 0, :, 0] = np.arange(256) // 2 - 64
    entries[0, 0, 0, 128:, 1] = 100
    (drawn,) = functions_json(direct(entries))
    assert drawn["taps"] == []
    (function,) = drawn["bent"]
    assert function["output"] == 1
    shape = curve(function, reach([function]))
    # Flat, a step, flat: four corners, from the left edge to the right one.
    points = [tuple(map(float, p.split())) for p in shape["path"][1:].split("L")]
    step = (WIDTH - 12) / 255
    assert [x for x, _ in points] == [
        6,
        round(6 + 127 * step, 1),
        round(6 + 128 * step, 1),
        WIDTH - 6,
    ]
    assert [y for _, y in points] == [HEIGHT / 2, HEIGHT / 2, 6, 6]
    assert shape["line"][1] > shape["line"][3]


def test_nodes_lie_on_their_curve() -> None:
    (drawn,) = functions_json(small())
    for function in drawn["bent"]:
        shape = curve(function, reach(drawn["bent"]))
        points = [tuple(map(float, p.split())) for p in shape["path"][1:].split("L")]
        assert shape["nodes"][0] == points[0]
        for x, y in shape["nodes"]:
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def test_shared_tables_are_shown_once() -> None:
    layer = TapTables(np.zeros((4, 1, 1, 256, 4), np.int32))
    layers = (
        TapTables(np.zeros((1, 1, 1, 256, 4), np.int32)),
        Requantise(np.ones(4, np.int32), 1, 0, 255),
        layer,
        Requantise(np.ones(4, np.int32), 1, 0, 255),
        layer,
        Requantise(np.ones(4, np.int32), 1, 0, 255),
        PixelShuffle(2),
    )
    program = Program("twice", 2, layers, shared={4: 2})
    assert [drawn["layer"] for drawn in functions_json(program)] == [0, 2]
