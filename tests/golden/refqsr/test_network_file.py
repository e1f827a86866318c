"""Files of networks: weights stored once, and what is wrong with a file in one line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lutscale.golden import program_file
from lutscale.golden.errors import InputError
from lutscale.golden.model_file import save
from lutscale.golden.refqsr import network_file
from tests.support.random_programs import example_program
from tests.support.refqsr.networks import network


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("network") / "a.npz"
    save(network(1), path)
    with np.load(path) as archive:
        return dict(archive)


def manifest_of(members: dict[str, np.ndarray]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(members["manifest"].tobytes())
    return fields


def refusal(members: dict[str, np.ndarray], path: Path) -> str:
    whole = io.BytesIO()
    np.savez_compressed(whole, **members)
    path.write_bytes(whole.getvalue())
    with pytest.raises(InputError) as error:
        network_file.load(path)
    text = str(error.value)
    assert len(text) <= 300
    assert "\n" not in text
    return text


def test_weights_are_stored_once(members: dict[str, np.ndarray]) -> None:
    chains = manifest_of(members)["blocks"][0]["first"]["chains"]
    names = {bits: layers[1]["tables"]["weights"] for bits, layers in chains.items()}
    assert names == {"8": "block0.first.8.1.weights", "4": "block0.first.8.1.weights"}
    # The tables of all exponentials are the same.
    assert sum(name.endswith("exponential") for name in members) == 1


def test_either_kind_of_file_is_written(tmp_path: Path) -> None:
    save(example_program(1), tmp_path / "program.npz")
    assert program_file.load(tmp_path / "program.npz").name
    save(network(1), tmp_path / "network.npz")
    with pytest.raises(InputError, match="format must be 'lutscale-program', not 'lutscale-netwo"):
        program_file.load(tmp_path / "network.npz")
    with pytest.raises(InputError, match="format must be 'lutscale-network', not 'lutscale-prog"):
        network_file.load(tmp_path / "program.npz")


Change = Callable[[dict[str, Any]], None]


def drop(*path: Any) -> Change:
    def change(fields: Any) -> None:
        for step in path[:-1]:
            fields = fields[step]
        del fields[path[-1]]

    return change


def put(value: Any, *path: Any) -> Change:
    def change(fields: Any) -> None:
        for step in path[:-1]:
            fields = fields[step]
        fields[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("scale"), "scale must be given, but is missing"),
        (put(5, "scale"), "scale must be in 2..4, not 5"),
        (put("many", "channels"), "channels must be an integer"),
        (put([], "provenance"), "provenance must be an object, not []"),
        (put(2, "version"), "version must be 1, not 2"),
        (put({}, "blocks"), "blocks must be a list, not {}"),
        (put("tap_tables", "head", 0, "kind"), "head, layer 0: kind must be one of pixel_shuffle"),
        (drop("head", 0, "weight_bits"), "head, layer 0: weight_bits must be given"),
        (put("nowhere", "head", 0, "tables", "weights"), "table nowhere must be in the file"),
        (drop("tail", -1), "tail: must give 3 channels of 0..255 at scale 2, not 12 channels of"),
        (put(1, "dispatch", "low"), "low must be in 2..8, not 1"),
        (put(9, "dispatch", "high"), "high must be in 4..8, not 9"),
        (drop("dispatch", "refer", 0), "refer must be two blocks, not 1"),
        (drop("dispatch", "clust", "stages", 0), "clust: stages must be 3, not 2"),
        (put(5, "dispatch", "refer", 0, "pool"), "pool must divide the sides of all patches"),
        (
            put({"x": []}, "blocks", 0, "first", "chains"),
            "block 0, first: bits must be a number, not 'x'",
        ),
    ],
)
def test_manifests_that_are_wrong(
    members: dict[str, np.ndarray], tmp_path: Path, change: Change, message: str
) -> None:
    fields = manifest_of(members)
    change(fields)
    text = np.frombuffer(json.dumps(fields).encode(), np.uint8)
    assert message in refusal({**members, "manifest": text}, tmp_path / "bad.npz")


def test_tables_that_are_wrong(members: dict[str, np.ndarray], tmp_path: Path) -> None:
    name = "head.0.weights"
    floats = {**members, name: members[name].astype(float)}
    assert "must be an integer array, not float64" in refusal(floats, tmp_path / "bad.npz")
    short = {**members, name: members[name][:, :, 1:]}
    assert "weights must be square" in refusal(short, tmp_path / "bad.npz")
    without = {key: array for key, array in members.items() if key != "manifest"}
    assert "manifest must be in the file" in refusal(without, tmp_path / "bad.npz")


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a network file, but there is no such file"):
        network_file.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(
        InputError, match="must be a network file \\(.npz\\), not a file of another"
    ):
        network_file.load(tmp_path / "text.npz")
    with pytest.raises(InputError, match="cannot be read"):
        network_file.load(tmp_path)
