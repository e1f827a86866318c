"""Which designs are looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.reports.explore.design import Network, whole_options
from lutscale.reports.explore.space import DEFAULT, Space, read_space


def test_networks_are_distinct_and_fewer_are_among_more() -> None:
    few, many = DEFAULT.networks(40), DEFAULT.networks(400)
    assert (len(set(few)), len(set(many))) == (40, 400)
    assert set(few) < set(many)
    assert DEFAULT.size > 5000


def test_a_whole_grid() -> None:
    space = Space(4, ({"channels": [4, 8], "blocks": [1, 2, 3]}, {"channels": [12]}))
    networks = space.networks(100)
    assert space.size == len(set(networks)) == 7
    wanted = [Network.shape(4, {"channels": c, "blocks": b}) for c in (4, 8) for b in (1, 2, 3)]
    assert networks[:6] == wanted


def test_few_networks_are_spread_over_every_option() -> None:
    options = [json.loads(network.options) for network in DEFAULT.networks(100)]
    for name in ("channels", "code_bits", "symmetry", "residual", "blocks"):
        assert len({str(own[name]) for own in options}) > 1, name


def test_three_numbers_are_first_middle_and_last() -> None:
    whole = whole_options({"blocks": 3, "nodes": [5, 3, 2], "entry_bits": 6})
    assert (whole["nodes"], whole["entry_bits"]) == ([5, 3, 3, 3, 2], [6] * 5)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("{", "must be JSON"),
        ([], "must be an object with scale and grids"),
        ({"scale": 5, "grids": [{}]}, "scale must be 1 to 4, not 5"),
        ({"scale": 4, "grids": []}, "grids must be a list of objects, not []"),
        ({"scale": 4, "grids": [{"channels": []}]}, "grid 0 must have a list of values"),
        ({"scale": 4, "grids": [{}, {"chanels": [1]}]}, "grid 1: options must be among channels"),
        ({"scale": 4, "grids": [{"nodes": [[5, 3]]}]}, "nodes must be one number, or three, or 4"),
    ],
)
def test_bad_files(tmp_path: Path, data: Any, text: str) -> None:
    path = tmp_path / "space.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(InputError) as raised:
        read_space(path)
    assert text in str(raised.value)
    assert str(path) in str(raised.value)
