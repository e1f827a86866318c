"""The picture of clusters, and what cannot be shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.refqsr import network_file
from lutscale.golden.refqsr.network import Trace
from lutscale.reports.refqsr.clusters import draw, main
from tests.support.refqsr.networks import network, picture


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_references_are_framed(tmp_path: Path) -> None:
    made, image = network(3), picture(5, 60, 70)
    network_file.save(made, tmp_path / "n.npz")
    write_png(tmp_path / "in.png", image)
    result = run(tmp_path / "in.png", tmp_path / "out.png", "--program", tmp_path / "n.npz")
    assert result.exit_code == 0, result.output
    large, trace = made.run_traced(image)
    assert f"{len(trace.references)} references of {len(trace.pointers)} patches, " in result.output
    shown = read_rgb(tmp_path / "out.png")
    assert np.array_equal(shown, draw(large, trace, 2))
    write_png(tmp_path / "hr.png", image.repeat(2, 0).repeat(2, 1))
    words = (tmp_path / "hr.png", tmp_path / "small.png", "--program", tmp_path / "n.npz")
    assert run(*words, "--shrink").exit_code == 0
    assert read_rgb(tmp_path / "small.png").shape == shown.shape
    assert trace.tiling is not None
    for n, ((top, _), (left, _)) in enumerate(trace.tiling.spans):
        white = (shown[2 * top, 2 * left] == 255).all()
        assert white == (n in trace.references)


def test_patches_of_a_cluster_have_one_colour() -> None:
    made, image = network(3), picture(5, 60, 70)
    _, trace = made.run_traced(image)
    shown = draw(np.zeros((120, 140, 3), np.uint8), trace, 2)
    assert trace.tiling is not None
    colours: dict[int, set[tuple[int, ...]]] = {}
    for end, ((_, bottom), (_, right)) in zip(trace.pointers, trace.tiling.spans, strict=True):
        colours.setdefault(end, set()).add(tuple(shown[2 * bottom - 7, 2 * right - 7].tolist()))
    assert all(len(own) == 1 for own in colours.values())
    assert len(set().union(*colours.values())) == len(colours)
    with pytest.raises(ValueError, match="trace must be of a picture in patches"):
        draw(shown, Trace(None, (0,), ((),)), 2)


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    network_file.save(network(1, dispatched=False), tmp_path / "n.npz")
    network_file.save(network(1), tmp_path / "r.npz")
    write_png(tmp_path / "in.png", picture(1, 20, 30))
    for program, target, message in (
        ("n.npz", "out.png", "--program must be a network with references and queries, not random"),
        ("r.npz", "out.jpg", "out.jpg: must end in .png"),
        ("r.npz", "out.png", "in.png: picture must be at least 24x24"),
    ):
        result = run(tmp_path / "in.png", tmp_path / target, "--program", tmp_path / program)
        assert result.exit_code == 2
        assert message in result.stderr
        assert not (tmp_path / target).exists()
