"""``lutscale upscale -``: raw video from pipe to pipe, each plane what golden makes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from lutscale.golden import zoo
from lutscale.golden.colour import Colour, run_colour
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.pictures.y4m import VideoFrame, VideoHeader, read_frames, read_header
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.golden.upscale import main
from lutscale.golden.upscale_video import enlarge_frame, upscale_video
from tests.support.random_programs import example_program

SHAPES = {"420jpeg": (3, 4), "444": (5, 7), "422": (5, 4), "mono": None}
"""(height, width) of the chroma planes of 7x5 pixels."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = example_program(1, 3)
    save(made, tmp_path / "p.npz")
    return made


def planes_of(chroma: str, count: int) -> list[list[np.ndarray]]:
    """Frames of 7x5 pixels, cut out of a photograph, no two alike."""
    photo = sample_photo("chelsea")
    shape = SHAPES[chroma]
    shapes = [(5, 7)] if shape is None else [(5, 7), shape, shape]
    return [
        [np.ascontiguousarray(photo[100 + k :, 100:, c][:h, :w]) for c, (h, w) in enumerate(shapes)]
        for k in range(count)
    ]


def stream(chroma: str, frames: list[list[np.ndarray]]) -> bytes:
    header = f"YUV4MPEG2 W7 H5 F30000:1001 Ip A1:1 C{chroma} XCOLORRANGE=LIMITED\n".encode()
    return header + b"".join(
        b"FRAME\n" + b"".join(plane.tobytes() for plane in planes) for planes in frames
    )


def run(tmp_path: Path, given: bytes, *words: object) -> Result:
    arguments = [*map(str, words), "--program", str(tmp_path / "p.npz")]
    return CliRunner().invoke(main, arguments, input=given)


@pytest.mark.parametrize("chroma", SHAPES)
def test_ten_frames_equal_golden(program: Program, tmp_path: Path, chroma: str) -> None:
    frames = planes_of(chroma, 10)
    result = run(tmp_path, stream(chroma, frames), "-")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith(f"-: 10 frames, 7x5 -> 21x15, {program.name}, ")
    head, *parts = result.stdout_bytes.split(b"FRAME\n")
    assert head.decode() == (
        f"YUV4MPEG2 W21 H15 F30000:1001 Ip A1:1 C{chroma} XCOLORRANGE=LIMITED\n"
    )
    # Of 21x15 pixels 4:2:0 has 11x8 chroma samples, one less each than three times 4x3.
    sides = {"420jpeg": (8, 11), "444": (15, 21), "422": (15, 11), "mono": (0, 0)}[chroma]
    for planes, part in zip(frames, parts, strict=True):
        expected = [program.run(plane, reference=True) for plane in planes]
        kept = [expected[0], *(plane[: sides[0], : sides[1]] for plane in expected[1:])]
        assert part == b"".join(plane.tobytes() for plane in kept)


@pytest.mark.parametrize("chroma", ["420jpeg", "420mpeg2", "422", "444"])
def test_chroma_beside_the_program(program: Program, chroma: str) -> None:
    """It is that of `golden.colour`, where the sides are even; and cut where they are not."""
    height, width = 4, 6
    header = VideoHeader(width, height, chroma)
    random = np.random.default_rng(2)
    planes = tuple(random.integers(0, 256, shape).astype(np.uint8) for shape in header.shapes)
    made = enlarge_frame(program, header, VideoFrame((), planes), "bilinear")
    siting = "centre" if chroma == "420jpeg" else "left"
    colour = Colour(f"ycbcr{chroma[:3]}", siting=siting)
    for plane, expected in zip(made.planes, run_colour(program, planes, colour), strict=True):
        np.testing.assert_array_equal(plane, expected)
    odd = VideoHeader(width - 1, height - 1, chroma)
    planes = tuple(plane[:h, :w] for plane, (h, w) in zip(planes, odd.shapes, strict=True))
    less = enlarge_frame(program, odd, VideoFrame((), planes), "bilinear")
    assert [plane.shape for plane in less.planes] == list(odd.enlarged(3).shapes)


def test_the_way_of_chroma_is_an_option(program: Program, tmp_path: Path) -> None:
    given = stream("420jpeg", planes_of("420jpeg", 1))
    made = [run(tmp_path, given, "-", *words) for words in ((), ("--chroma", "bilinear"))]
    assert [result.exit_code for result in made] == [0, 0]
    luma = 15 * 21
    parts = [result.stdout_bytes.partition(b"FRAME\n")[2] for result in made]
    assert parts[0][:luma] == parts[1][:luma]
    assert parts[0][luma:] != parts[1][luma:]
    with pytest.raises(ValueError, match="chroma must be one of bilinear, program, not 'nearest'"):
        upscale_video(program, BytesIO(given), BytesIO(), "clip", "nearest")
    result = run(tmp_path, b"", "a.png", "b.png", "--chroma", "program")
    assert result.exit_code == 2
    assert "--chroma must stand with video (- or .y4m), not with a.png" in result.stderr


def test_a_program_of_the_zoo_on_files(tmp_path: Path) -> None:
    frames = planes_of("420jpeg", 3)
    (tmp_path / "in.y4m").write_bytes(stream("420jpeg", frames))
    words = [str(tmp_path / "in.y4m"), str(tmp_path / "new" / "out.Y4M")]
    result = CliRunner().invoke(main, [*words, "--program", "iqlut-tiny-x4"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{words[1]}: 3 frames, 7x5 -> 28x20, iqlut-tiny-x4, ")
    tiny = load(zoo.find("iqlut-tiny-x4"))
    with open(words[1], "rb") as made:
        found = list(read_frames(made, read_header(made, "out"), "out"))
    for planes, frame in zip(frames, found, strict=True):
        for plane, large in zip(planes, frame.planes, strict=True):
            np.testing.assert_array_equal(tiny.run(plane)[:, : large.shape[1]][: len(large)], large)


def test_bad_video_is_one_line(program: Program, tmp_path: Path) -> None:
    whole = stream("444", planes_of("444", 2))
    out = tmp_path / "out.y4m"
    nothing = "standard input: must begin with YUV4MPEG2 (ffmpeg -f yuv4mpegpipe), not nothing"
    cases: tuple[tuple[bytes, tuple[object, ...], str], ...] = (
        (b"", ("-", out), nothing),
        (whole.replace(b"Ip", b"It"), ("-", out), "video must be progressive (Ip), not interlaced"),
        (
            whole[:-1],
            ("-", out),
            "standard input: frame 1: must have 105 bytes, but ends after 104",
        ),
        (whole[: whole.index(b"FRAME")], ("-",), "must hold at least one frame, not the header"),
        (whole, ("-", "out.png"), "out.png: must be - or end in .y4m, as video is written as"),
        (b"", ("none.y4m", "-"), "none.y4m: must be a YUV4MPEG2 file, but there is no such file"),
        (b"", (tmp_path / "p.npz",), "p.npz: a file or folder to write to"),
    )
    for given, words, says in cases:
        result = run(tmp_path, given, *words)
        assert result.exit_code == 2, says
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        assert says in result.stderr
        assert result.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.npz"]


def test_a_file_is_not_written_over_itself(program: Program, tmp_path: Path) -> None:
    clip = tmp_path / "clip.y4m"
    clip.write_bytes(before := stream("mono", planes_of("mono", 1)))
    result = run(tmp_path, b"", clip, clip)
    assert result.exit_code == 2
    assert "clip.y4m: must be another file than the one that is read" in result.stderr
    assert clip.read_bytes() == before


def test_frames_before_a_broken_one_are_written(program: Program) -> None:
    whole = stream("444", planes_of("444", 7))
    out, sound = BytesIO(), BytesIO()
    with pytest.raises(InputError, match="clip: frame 6: must have 105 bytes, but ends after 0"):
        upscale_video(program, BytesIO(whole[:-105]), out, "clip")
    cut = stream("444", planes_of("444", 6))
    upscale_video(program, BytesIO(cut), sound, "clip")
    assert out.getvalue() == sound.getvalue()


def test_no_more_frames_are_held_than_there_are_cores(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lutscale.golden.upscale_video.cores", lambda: 3)
    whole = stream("mono", planes_of("mono", 20))
    source, header = BytesIO(whole), whole.index(b"FRAME")
    ahead: list[int] = []

    class Target(BytesIO):
        def flush(self) -> None:
            written = self.getvalue().count(b"FRAME\n")
            ahead.append((source.tell() - header) // 41 - written)

    _, count = upscale_video(program, source, Target(), "clip")
    assert count == 20
    # Three are computed while one is written.
    assert max(ahead) == 3


def test_a_closed_pipe_ends_quietly(program: Program, tmp_path: Path) -> None:
    (tmp_path / "in.y4m").write_bytes(stream("444", planes_of("444", 300)))
    script = "from lutscale.golden.upscale import main; main()"
    words = ["in.y4m", "-", "--program", "p.npz"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"YUV4MPEG2 W21 H15 ")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_at_both_ends(program: Program, tmp_path: Path) -> None:
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin"]
    source = ["-f", "lavfi", "-i", "testsrc2=size=12x10:rate=5:duration=0.4", "-pix_fmt", "yuv422p"]
    made = subprocess.run(
        [*ffmpeg, *source, "-f", "yuv4mpegpipe", "-"], capture_output=True, check=True
    )
    result = run(tmp_path, made.stdout, "-")
    assert result.exit_code == 0, result.stderr
    raw = subprocess.run(
        [*ffmpeg, "-f", "yuv4mpegpipe", "-i", "-", "-f", "rawvideo", "-"],
        input=result.stdout_bytes, capture_output=True, check=False,
    )  # fmt: skip
    assert raw.returncode == 0, raw.stderr
    given = BytesIO(made.stdout)
    expected = [
        program.run(plane).tobytes()
        for frame in read_frames(given, read_header(given, "clip"), "clip")
        for plane in frame.planes
    ]
    assert len(expected) == 6
    assert raw.stdout == b"".join(expected)
