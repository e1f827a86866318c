"""cocotb tests: the plain top under every stall pattern, malformed input and reset.

Python acts on every clock here, through cocotbext-axi on both streams. Runs in the folder of
a job, see stalled_job.py. Each test writes what it found, and fails if that is wrong.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb import Param
from cocotb.clock import Clock
from cocotb.task import Task
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from lutscale.sim.compare import beats_of, compare_beats
from lutscale.sim.stalls import PATTERNS
from tests.support.sim.stimuli import FLAWS, sink_pauses, source_pauses

__all__ = ["malformed", "reset", "stalls", "steady"]


@dataclass(frozen=True)
class Case:
    """The frames of one test, as stalled_job.py wrote them.

    Attributes:
        frames: "width", "height", "lines" (pixels in each), "stuck" (tuser on every pixel) and
            "pause" (clocks of silence behind it) of each frame.
        sent: the pixels of each frame, uint8 (n,).
        expected: what must come of each, uint8 (height, width); None for nothing.
        beat: pixels a beat.
        limit: clocks in which all must be over.
    """

    frames: list[dict[str, Any]]
    sent: list[npt.NDArray[np.uint8]]
    expected: list[npt.NDArray[np.uint8] | None]
    beat: int
    limit: int

    def lines(self, n: int) -> Iterator[AxiStreamFrame]:
        """The lines of frame n. To cocotbext-axi a line is a frame, since tlast ends it."""
        ends = np.cumsum(self.frames[n]["lines"])[:-1]
        for y, line in enumerate(np.split(self.sent[n], ends)):
            stuck = self.frames[n]["stuck"]
            user = [int(y == x == 0 or stuck) for x in range(len(line))]
            yield AxiStreamFrame(line.tobytes(), tuser=user)


def load_case(name: str, first: int = 0) -> Case:
    """The case called ``name``, without the frames before ``first``."""
    job = json.loads(Path("job.json").read_text())
    frames = job["cases"][name][first:]
    with np.load("frames.npz") as arrays:
        numbers = range(first, first + len(frames))
        sent = [arrays[f"{name}{n}_sent"] for n in numbers]
        expected = [arrays.get(f"{name}{n}_expected") for n in numbers]
    slots = sum((frame["height"] + 16) * (frame["width"] + 16) for frame in frames)
    # The slowest pattern takes a beat every 3.5 clocks.
    limit = slots * job["clocks_per_pixel"] * 8 + 2000 + sum(frame["pause"] for frame in frames)
    return Case(frames, sent, expected, job["beat"], limit)


@dataclass
class Record:
    """What was seen on the ports, clock by clock; see `tests.support.sim.stalled_job.Outcome`."""

    clock: int = 0
    accepted: list[int] = field(default_factory=list)
    beats: int = 0
    malformed: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    waits_in: int = 0
    waits_out: int = 0
    idle_in: int = 0
    longest_ready: int = 0

    def outcome(self, third: int, malformed: int) -> dict[str, Any]:
        """As JSON; ``third`` is the number of the third frame's first pixel."""
        steady = self.accepted[third:]
        each = (steady[-1] - steady[0]) / (len(steady) - 1) if len(steady) > 1 else 0.0
        return {
            "problems": self.problems,
            "malformed": [*self.malformed, malformed],
            "clocks_per_pixel": each,
            "waits_in": self.waits_in,
            "waits_out": self.waits_out,
            "idle_in": self.idle_in,
            "longest_ready": self.longest_ready,
        }


class Bench:
    """Source, sink and a watch on both streams of the top."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.record = Record()
        self.tasks: list[Task[None]] = []
        # The library names each line that passes, at the level of information.
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        Clock(dut.aclk, 10, unit="ns").start()
        streams = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
        # There is no tkeep to tell the library that a beat of s_axis is one byte.
        given, made = (AxiStreamBus.from_prefix(dut, name) for name in ("s_axis", "m_axis"))
        self.source = AxiStreamSource(given, **streams, byte_lanes=1)
        self.sink = AxiStreamSink(made, **streams)

    async def start(self, case: Case, pattern: str = "none") -> None:
        """Reset the top and all that was seen, then begin to send all frames."""
        dut = self.dut
        self.case, self.record = case, Record()
        for task in self.tasks:
            task.cancel()
        dut.aresetn.value = 0
        self._set_size(0)
        self.source.clear()
        await ClockCycles(dut.aclk, 4)
        self.sink.clear()
        self.source.set_pause_generator(source_pauses(pattern))
        self.sink.set_pause_generator(sink_pauses(pattern))
        dut.aresetn.value = 1
        await ClockCycles(dut.aclk, 2)
        self.tasks = [cocotb.start_soon(self._feed()), cocotb.start_soon(self._watch())]

    async def _feed(self) -> None:
        """Hand the source all frames; where it has to be silent, only then the next."""
        for n, frame in enumerate(self.case.frames):
            for line in self.case.lines(n):
                self.source.send_nowait(line)
            if frame["pause"]:
                await self.source.wait()
                await ClockCycles(self.dut.aclk, frame["pause"])

    async def finish(self, name: str) -> None:
        """Wait for all beats, look for more than all, write the outcome, and judge it."""
        case, record = self.case, self.record
        expected = [frame for frame in case.expected if frame is not None]
        count = sum(len(beats_of(frame, case.beat)) for frame in expected)
        while record.clock < case.limit and record.beats < count:
            await RisingEdge(self.dut.aclk)
        await ClockCycles(self.dut.aclk, 200)
        got = self._received()
        if len(got) != record.beats:
            record.problems.append(f"{record.beats - len(got)} beats behind the last tlast")
        mismatches = compare_beats(expected, got, case.beat)
        outcome = record.outcome(sum(map(len, case.sent[:2])), int(self.dut.malformed.value))
        outcome["mismatches"] = [str(mismatch) for mismatch in mismatches]
        Path(f"outcome-{name}.json").write_text(json.dumps(outcome))
        assert not mismatches, "\n".join(map(str, mismatches[:5]))
        assert not record.problems, "\n".join(record.problems[:5])

    def _set_size(self, n: int) -> None:
        self.dut.width.value = self.case.frames[n]["width"]
        self.dut.height.value = self.case.frames[n]["height"]

    def _received(self) -> npt.NDArray[np.uint64]:
        """All beats of whole lines, as `beats_of` lays them out."""
        beat = self.case.beat
        words: list[int] = []
        while not self.sink.empty():
            # Not compact: that would drop the bytes without tkeep, and with them the beats'
            # bounds. The library gives each byte lane the whole of tuser, here its one bit.
            line = self.sink.recv_nowait(compact=False)
            for start in range(0, len(line), beat):
                lanes = range(beat)
                data = sum(line.tdata[start + k] << (8 * k) for k in lanes)
                keep = sum(line.tkeep[start + k] << k for k in lanes)
                last = int(start + beat >= len(line))
                marks = line.tuser[start] << (beat + 1) | last << beat | keep
                words.append(marks << (8 * beat) | data)
        return np.array(words, np.uint64)

    async def _watch(self) -> None:
        """Each clock: count, change the size between frames, hold m_axis to its protocol."""
        dut, record = self.dut, self.record
        edge = RisingEdge(dut.aclk)
        firsts = {int(n): k for k, n in enumerate(np.cumsum([0, *map(len, self.case.sent)]))}
        total = max(firsts)
        payload = (dut.m_axis_tdata, dut.m_axis_tkeep, dut.m_axis_tuser, dut.m_axis_tlast)
        waiting: tuple[int, ...] | None = None
        ready_for = 0
        while True:
            await edge
            record.clock += 1
            offered, taken = bool(dut.s_axis_tvalid.value), bool(dut.s_axis_tready.value)
            if offered and taken:
                if len(record.accepted) in firsts:
                    record.malformed.append(int(dut.malformed.value))
                record.accepted.append(record.clock)
                # The next pixel may be offered from this very clock on, under its own size.
                following = len(record.accepted)
                if following in firsts and following != total:
                    self._set_size(firsts[following])
            elif offered:
                record.waits_in += 1
            elif len(record.accepted) < total:
                record.idle_in += 1
            valid, ready = bool(dut.m_axis_tvalid.value), bool(dut.m_axis_tready.value)
            now = tuple(int(signal.value) for signal in payload) if valid else None
            if waiting is not None and now != waiting:
                what = "beat changed" if valid else "tvalid fell"
                record.problems.append(f"clock {record.clock}: m_axis {what} before tready")
            waiting = None if ready else now
            record.beats += valid and ready
            record.waits_out += valid and not ready
            ready_for = ready_for + 1 if ready else 0
            record.longest_ready = max(record.longest_ready, ready_for)


@cocotb.test()
@cocotb.parametrize(pattern=[Param(pattern, pattern) for pattern in PATTERNS])
async def stalls(dut: Any, pattern: str) -> None:
    """Frames of different sizes in a row, without a gap, under each stall pattern."""
    bench = Bench(dut)
    await bench.start(load_case("stalls"), pattern)
    await bench.finish(f"stalls-{pattern}")


@cocotb.test()
async def steady(dut: Any) -> None:
    """Frames of one size in a row, and no stall: measures the clocks a pixel."""
    bench = Bench(dut)
    await bench.start(load_case("steady"))
    await bench.finish("steady")


@cocotb.test()
@cocotb.parametrize(flaw=[Param(flaw, flaw) for flaw in FLAWS])
async def malformed(dut: Any, flaw: str) -> None:
    """A good frame, one whose marks disagree with its size, and a good one again."""
    bench = Bench(dut)
    await bench.start(load_case(flaw))
    await bench.finish(flaw)
    assert bench.record.malformed[:2] == [0, 0], "malformed must be low until the input is"
    assert int(dut.malformed.value) == 1, "malformed must stay high until reset"


@cocotb.test()
async def reset(dut: Any) -> None:
    """Reset in the middle of the second frame, then one of another size."""
    bench = Bench(dut)
    case = load_case("reset")
    await bench.start(case, "random_sink")
    while len(bench.record.accepted) < len(case.sent[0]) + len(case.sent[1]) // 2:
        await RisingEdge(dut.aclk)
    await bench.start(load_case("reset", 2), "random_sink")
    await bench.finish("reset")
