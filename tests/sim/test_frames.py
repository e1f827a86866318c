"""Pictures as streams of components: laid out, compared, simulated, and turned back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.colour import Colour, from_rgb, pack, run_colour, to_rgb
from lutscale.golden.pictures.image import sample_photo
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.compare import (
    beats_of,
    compare_beats,
    component_bytes,
    component_words,
    planes_of,
    read_hex,
)
from lutscale.sim.faults import faults
from lutscale.sim.frames import frames_of, picture_of
from lutscale.sim.job import Job
from lutscale.sim.stalls import stalls
from tests.support.random_programs import example_program

PHOTO = sample_photo("astronaut")[120:132, 180:196]


@pytest.mark.parametrize(("format", "beat"), [("rgb", 4), ("ycbcr422", 4), ("ycbcr422", 1)])
def test_a_wrong_bit_of_a_long_beat_is_seen(format: str, beat: int, tmp_path: Path) -> None:
    colour = Colour(format)
    words = pack(from_rgb(PHOTO, colour), colour)
    size = colour.components
    frame = component_bytes(words, size)
    np.testing.assert_array_equal(component_words(frame, size), words)
    beats = beats_of(frame, beat * size)
    digits = -(-(9 * beat * size + 2) // 4)
    path = tmp_path / "beats.hex"
    path.write_text("".join(f"{int(word):0{digits}x}\n" for word in beats))
    got = read_hex(path, len(beats))
    assert not compare_beats([frame], got, beat * size, components=size)
    np.testing.assert_array_equal(planes_of(got, *frame.shape, beat * size)[0], frame)
    # The beat of pixels 4 to 7 of line 1, or of pixel 4.
    k = PHOTO.shape[1] // beat + 4 // beat
    got[k] = int(got[k]) ^ 1 << 9
    (wrong,) = compare_beats([frame], got, beat * size, components=size)
    assert (wrong.frame, wrong.x, wrong.y, wrong.channel) == (0, 4, 1, 0)
    path.write_text("x" * digits + "\n" + "0" * digits + "\n")
    assert len(compare_beats([frame], read_hex(path, 2), beat * size)) == len(beats)


@pytest.mark.slow
def test_the_hand_off_verilog_on_a_photograph(tmp_path: Path) -> None:
    """Every pixel as golden has it, with both streams held up; what differs is told."""
    program = example_program(7, 2, max_taps=1, kernels=((3, 3),), frame_residual="bilinear")
    colour = Colour("rgb", "bt601", "full")
    build = Build(clocks_per_pixel=2, pixels_per_beat=2, max_width=16, max_height=12, colour=colour)
    pipeline = Pipeline(program, build)
    job = Job(pipeline, tmp_path, frame_size=PHOTO.shape[0] * PHOTO.shape[1], quick=True)
    job.build()
    frames, expected, channels = frames_of(pipeline, PHOTO)
    found = job.run(frames, expected, channels=channels)
    assert faults(found) == []
    assert found["steady_to"] - found["steady_from"] == 2 * (2 * PHOTO[..., 0].size - 1)
    shape = expected[0].shape
    wanted = to_rgb(run_colour(program, from_rgb(PHOTO, colour), colour), colour)
    np.testing.assert_array_equal(picture_of(pipeline, found["planes"], *shape), wanted)
    assert not picture_of(pipeline, [], *shape).any()
    wrong = [expected[0], expected[1] ^ np.uint32(1 << 8), expected[2]]
    held = job.run(frames, wrong, channels=channels, stalls=stalls("both", 2))
    assert held["mismatches"] == wrong[1].size // 2
    assert held["first_mismatches"][0].startswith("frame 1 x 0 y 0 channel 0: expected ")
