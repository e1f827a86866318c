"""``lutscale sim`` of a network's file: tiles, pictures, the line, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from lutscale.golden.model_file import save
from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.refqsr.chain import Chain
from lutscale.sim.refqsr.run import in_order
from lutscale.sim.run import main
from tests.support.refqsr.networks import network, picture
from tests.support.refqsr.simulated import pretend


def sim(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_queries_follow_their_reference() -> None:
    assert in_order((1, 1, 4, 1, 4)) == (1, 0, 3, 4, 2)
    assert in_order((0,)) == (0,)


@pytest.mark.slow
def test_a_picture_of_references_and_queries(tmp_path: Path) -> None:
    made = network(3, channels=3)
    save(made, tmp_path / "net.npz")
    write_png(tmp_path / "lr.png", picture(1, 24, 44))
    assert made.run_traced(picture(1, 24, 44))[1].pointers == (1, 1)
    words = (tmp_path / "net.npz", "--image", tmp_path / "lr.png", "--lr", "--out", tmp_path)
    result = sim(*words)
    assert result.exit_code == 0, result.output
    line = json.loads(result.output.splitlines()[-1])
    assert (line["tiles"], line["references"], line["mismatches"]) == (2, 1, 0)
    assert line["psnr"] is None
    assert 0 < line["clocks_saved"] < 1
    assert 0 < line["weight_reads_saved"] < 1
    assert line["weight_reads"] < line["clocks"] < line["clocks_all_high"]
    assert np.array_equal(read_rgb(tmp_path / "hardware.png"), made.run_image(picture(1, 24, 44)))
    (path,) = tmp_path.glob("*/sim.json")
    report = json.loads(path.read_text())
    assert line.items() <= report.items()
    assert [tile["patch"] for tile in report["tile_clocks"]] == [1, 0]
    assert sum(tile["clocks"] for tile in report["tile_clocks"]) == line["clocks"] - 1
    for key in ("clocks", "weight_reads"):
        assert sum(part[key] for part in report["parts"].values()) == line[key]
    assert line["body_clocks_saved"] > line["clocks_saved"]


def test_a_pixel_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(network(3, dispatched=False), tmp_path / "net.npz")
    write_png(tmp_path / "lr.png", picture(1, 4, 4))
    pretend(monkeypatch, faulty=True)
    words = (tmp_path / "net.npz", "--image", tmp_path / "lr.png", "--lr", "--out", tmp_path)
    result = sim(*words)
    assert result.exit_code == 1
    assert json.loads(result.output.splitlines()[-1])["result"] == "fail"
    for fault in ("mismatch: frame 0 x 0", "timeout: no last pixel", "m_axis:", "malformed: high"):
        assert fault in result.output


@pytest.mark.parametrize("swapped", [False, True])
def test_a_picture_put_together_wrongly_is_told(
    swapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(network(3, channels=3), tmp_path / "net.npz")
    write_png(tmp_path / "lr.png", picture(1, 24, 44))
    pretend(monkeypatch, swapped=swapped)
    words = (tmp_path / "net.npz", "--image", tmp_path / "lr.png", "--lr", "--out", tmp_path)
    result = sim(*words)
    line = json.loads(result.output.splitlines()[-1])
    assert (result.exit_code, line["result"]) == ((1, "fail") if swapped else (0, "pass"))
    assert line["mismatches"] == 0
    assert ("picture: tiles are as golden's, but not the whole" in result.output) == swapped


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--crop", 20), "picture must be at least 24x24, one patch of RefQSR, not 20x20"),
        (("--colour", "rgb"), "colour and form must not be given for a network: its tiles are RGB"),
        (("--sim", "none"), "'none' is not one of 'verilator', 'icarus'"),
    ],
)
def test_bad_input_is_one_line(options: tuple[object, ...], message: str, tmp_path: Path) -> None:
    save(network(3), tmp_path / "net.npz")
    result = sim(tmp_path / "net.npz", *options, "--crop", 24, *options, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "out").exists()


def test_layers_that_it_does_not_run_are_one_line(tmp_path: Path) -> None:
    made = network(3, dispatched=False)
    (first, *layers) = made.tail.layers
    doubled = (first, first, *layers)
    save(replace(made, tail=Chain("tail", made.tail.inputs, doubled)), tmp_path / "net.npz")
    result = sim(tmp_path / "net.npz", "--crop", 4, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "tail: layers must be [requantise,] quantised_convolution" in result.output
