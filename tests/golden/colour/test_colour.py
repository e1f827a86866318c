"""Colour: its descriptions, the words of a stream, and a program on a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.colour import (
    FORMATS,
    Colour,
    enlarge_chroma,
    from_rgb,
    matrix_of,
    pack,
    run_colour,
    to_rgb,
    unpack,
)
from lutscale.golden.pictures.image import sample_photo
from tests.support.family_programs import FAMILIES
from tests.support.random_programs import example_program

PHOTO = sample_photo("astronaut")[100:112, 200:216]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"format": "yuv"}, "colour must be one of rgb, ycbcr420, ycbcr422, ycbcr444, not 'yuv'"),
        ({"format": "rgb", "matrix": "bt2020"}, "matrix must be one of bt601, bt709, not 'bt2020'"),
        ({"format": "rgb", "range": "tv"}, "range must be one of full, video, not 'tv'"),
        ({"format": "rgb", "siting": "top"}, "siting must be one of centre, left, not 'top'"),
    ],
)
def test_what_is_no_colour_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        Colour(**fields)


def test_sizes_and_planes_that_do_not_suit_the_format_are_refused() -> None:
    grey = np.zeros((4, 6), np.uint8)
    with pytest.raises(ValueError, match="frame width must be even for ycbcr422, not 5"):
        Colour("ycbcr422").check_size(5, 3)
    with pytest.raises(ValueError, match="frame height must be even for ycbcr420, not 3"):
        Colour("ycbcr420").check_size(4, 3)
    with pytest.raises(ValueError, match="planes must be three, not 2"):
        Colour("rgb").check_planes([grey, grey])
    with pytest.raises(
        ValueError, match=r"planes of ycbcr422 must be \(4, 3\) beside \(4, 6\), not \(4, 6\)"
    ):
        Colour("ycbcr422").check_planes([grey, grey, grey])
    with pytest.raises(TypeError, match=r"a plane must be a uint8 array \(height, width\), not in"):
        Colour("rgb").check_planes([grey.astype(int)] * 3)
    with pytest.raises(TypeError, match=r"a plane must be .* not None"):
        Colour("rgb").check_planes([None] * 3)
    with pytest.raises(ValueError, match="frame must have at least one pixel"):
        Colour("rgb").check_planes([np.zeros((0, 4), np.uint8)] * 3)


def test_words_lie_as_the_guide_says() -> None:
    r, g, b = (np.array([[n, n + 1]], np.uint8) for n in (0x10, 0x20, 0x30))
    assert pack([r, g, b], Colour("rgb")).tolist() == [[0x103020, 0x113121]]
    assert pack([r, g, b], Colour("ycbcr444")).tolist() == [[0x302010, 0x312111]]
    cb, cr = np.array([[0x40]], np.uint8), np.array([[0x50]], np.uint8)
    assert pack([r, cb, cr], Colour("ycbcr422")).tolist() == [[0x4010, 0x5011]]
    two = np.concatenate([r, g])
    assert pack([two, cb, cr], Colour("ycbcr420")).tolist() == [[0x4010, 0x5011], [0x20, 0x21]]


@pytest.mark.parametrize("format", FORMATS)
def test_words_can_be_read_back(format: str) -> None:
    colour = Colour(format)
    planes = from_rgb(PHOTO, colour)
    words = pack(planes, colour)
    assert int(words.max()) >> colour.pixel_bits == 0
    for got, wanted in zip(unpack(words, colour), planes, strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_luma_goes_through_the_program_and_chroma_does_not(format: str, scale: int) -> None:
    colour = Colour(format, "bt601", "full")
    program = example_program(3, scale)
    planes = from_rgb(PHOTO, colour)
    made = run_colour(program, planes, colour)
    colour.check_planes(made)
    assert made[0].shape == (PHOTO.shape[0] * scale, PHOTO.shape[1] * scale)
    if format == "rgb":
        matrix = matrix_of("bt601", "full")
        y, cb, cr = matrix.to_ycbcr(planes)
        chroma = [enlarge_chroma(plane, scale, Colour("ycbcr444")) for plane in (cb, cr)]
        wanted = matrix.to_rgb([program.run(y), *chroma])
    else:
        y, cb, cr = planes
        wanted = [program.run(y), *(enlarge_chroma(plane, scale, colour) for plane in (cb, cr))]
    for got, plane in zip(made, wanted, strict=True):
        np.testing.assert_array_equal(got, plane)


@pytest.mark.parametrize("format", FORMATS)
def test_pictures_come_back_from_planes(format: str) -> None:
    """Flat colours nearly exactly; only chroma of less resolution blurs edges."""
    colour = Colour(format)
    flat = np.full((4, 4, 3), (200, 90, 40), np.uint8)
    assert np.abs(to_rgb(from_rgb(flat, colour), colour).astype(int) - flat).max() <= 2
    if format == "rgb":
        np.testing.assert_array_equal(to_rgb(from_rgb(PHOTO, colour), colour), PHOTO)


def test_a_program_that_does_not_enlarge_is_refused() -> None:
    program = next(p for p in (m(0) for m in FAMILIES.values()) if p.scale == 1)
    with pytest.raises(ValueError, match="colour must be used with a program that enlarges, not "):
        run_colour(program, from_rgb(PHOTO, Colour("rgb")), Colour("rgb"))
