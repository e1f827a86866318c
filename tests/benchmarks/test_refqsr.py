"""The ways in which a network with references is run, and how they differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.refqsr import main, ways, without_refer
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.refqsr import network_file
from tests.support.refqsr.networks import network, picture


def test_ways_differ_where_they_should() -> None:
    made, lr = network(3, blocks=4), picture(5, 60, 70)
    found = dict(ways(made, lr))
    assert list(found) == [
        "whole, high",
        "patches, all high",
        "queries at high precision",
        "as it is",
        "without RefER",
        "references as pointed to",
    ]
    assert np.array_equal(found["as it is"], made.run_image(lr))
    # In the middle of a patch the whole and the parts see the same.
    corner = (slice(0, 24), slice(0, 24))
    assert np.array_equal(found["whole, high"][corner], found["patches, all high"][corner])
    for way in set(found) - {"as it is", "references as pointed to"}:
        assert not np.array_equal(found[way], found["as it is"])


def test_an_idle_refer_adds_nothing() -> None:
    made = without_refer(network(1))
    assert made.dispatch is not None
    query, reference = np.random.default_rng(1).integers(-999, 999, (2, 4, 24, 24))
    assert np.array_equal(made.dispatch.refer[0].run(query, reference), query)


def test_lines(tmp_path: Path) -> None:
    network_file.save(network(1), tmp_path / "n.npz")
    write_png(tmp_path / "data" / "a.png", sample_photo("chelsea")[:60, :80])
    words = [str(tmp_path / "n.npz"), "--data", str(tmp_path / "data")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["way"] for line in lines][-1] == "references as pointed to"
    with pytest.raises(InputError, match="must have references and queries, but has none"):
        without_refer(replace(network(1), dispatch=None))
