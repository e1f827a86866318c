"""The reports that a page is made of: where they lie, whose they are, and what makes them.

Each is the JSON that its own command writes. One of another program, of other tables of the same
name, or of another version is refused; one that is not there is a command to run.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError, printable
from lutscale.golden.origin import origin
from lutscale.golden.pictures.image import SAMPLE_PHOTOS
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.names import default_name, part_name
from lutscale.sim.run import REPORT
from lutscale.sim.simulators import SIMULATORS

__all__ = ["DEFAULT_ROOT", "FPGA", "Found", "Shelf", "at", "differing"]

DEFAULT_ROOT = Path("build")
"""The folder below which every command writes unless told otherwise."""

FPGA = ("lutscale-fpga", 1)
"""Format and version of a report of `lutscale fpga`."""

_MOST_BYTES = 64 << 20
_ROUTED_TARGET = "ecp5-85f"
_BUILD = (*Build().to_json(), "form")
# What `lutscale fpga` does unless told otherwise.
_CLOCK, _SEEDS = 125.0, 5


@dataclass(frozen=True)
class Found:
    """A report, or that there is none.

    Attributes:
        report: the JSON as it was written, or None.
        path: its file, or where it would be.
        command: the command line that makes it.
    """

    report: Mapping[str, Any] | None
    path: Path
    command: str

    def as_dict(self) -> dict[str, Any]:
        """For the page: the file where there is one, and the command."""
        return {"file": None if self.report is None else str(self.path), "command": self.command}


def at(tree: Any, pointer: str, where: str = "page") -> Any:
    """What a JSON pointer (RFC 6901) leads to.

    Raises:
        InputError: it leads nowhere.
    """
    found = tree
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key)] if isinstance(found, Sequence) else found[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise InputError(f"{where}: must have {pointer}, but has not") from None
    return found


class Shelf:
    """The reports of one program below a folder.

    Args:
        program: whose.
        word: what names it in a command.
        root: the folder that holds reports/, sim/ and fpga/.
        build: what commands ask for where a report does not say.
    """

    def __init__(self, program: Program, word: str, root: Path, build: Build) -> None:
        self.program, self.word, self.root, self.build = program, word, root, build
        self.origin = origin(program)

    def command(self, kind: str) -> str:
        """The command line that makes a report: "memory", "benchmark", "fpga", "estimate" or
        "simulation".
        """
        routed = ["--target", _ROUTED_TARGET]
        if kind == "memory":
            return self._command("report", "reports", self._options())
        if kind == "benchmark":
            return self._command("benchmark", "reports/benchmark", ["--data", "FOLDER"])
        if kind == "simulation":
            return self._command("sim", "sim", self._options())
        only = ["--estimate-only"] if kind == "estimate" else []
        return self._command("fpga", "fpga", [*routed, *only, *self._options(target=False)])

    def memory(self) -> Found:
        """Of `lutscale report`."""
        path, command = self.root / "reports" / "memory.json", self.command("memory")
        report = self._read(path, "lutscale-memory", 2, command)
        if report is not None:
            self._require_origin(report, path, at(report, "/program/name", str(path)), command)
            options = [
                word
                for entry in report["line_widths"]
                for word in ("--line-width", str(entry["line_width"]))
            ]
            options += differing(report, "clocks_per_pixel", "pixels_per_beat")
            options += differing({"target": report["target"]["name"]}, "target")
            command = self._command("report", "reports", options)
        return Found(report, path, command)

    def benchmark(self) -> Found:
        """Of `lutscale benchmark`; it may be of several programs, this one among them."""
        path = self.root / "reports" / "benchmark" / "benchmark.json"
        command = self.command("benchmark")
        report = self._read(path, "lutscale-benchmark", 1, command)
        if report is not None:
            entries = {entry["name"]: entry for entry in at(report, "/programs", str(path))}
            if self.program.name not in entries:
                names = printable(", ".join(entries) or "none", 80)
                raise InputError(
                    f"{path}: must have measured {self.program.name}, not only {names}; make it "
                    f"again: {command}"
                )
            self._require_origin(entries[self.program.name], path, self.program.name, command)
            command = str(report["command"])
        return Found(report, path, command)

    def fpga(self) -> Found:
        """Of `lutscale fpga`."""
        return self._fpga("fpga")

    def estimate(self) -> Found:
        """Of `lutscale fpga --estimate-only`."""
        return self._fpga("estimate")

    def simulations(self) -> list[Found]:
        """Of `lutscale sim`, one for each build and simulator; where there is none, what to run.

        That of the page's own build comes first, then Verilator's.
        """
        named = re.compile(
            rf"{re.escape(self.program.name)}-f\d+-b\d+-({'|'.join(SIMULATORS)})(-waves)?"
        )
        found = []
        for path in sorted((self.root / "sim").glob(f"*/{REPORT}")):
            if named.fullmatch(path.parent.name):
                command = self.command("simulation")
                report = self._read(path, "lutscale-sim", 1, command)
                if report is not None:
                    name = at(report, "/program", str(path))
                    self._require_origin(report, path, name, command)
                    command = self._command("sim", "sim", _simulation_options(report))
                    found.append(Found(report, path, command))
        if not found:
            return [Found(None, self.root / "sim", self.command("simulation"))]
        return sorted(found, key=self._apart)

    def _apart(self, found: Found) -> tuple[bool, bool, str]:
        report: Any = found.report
        own = all(
            report[name] == getattr(self.build, name)
            for name in ("clocks_per_pixel", "pixels_per_beat")
        )
        return not own, report["simulator"] != SIMULATORS[0], str(found.path)

    def _fpga(self, kind: str) -> Found:
        path = self.root / "fpga" / f"{part_name(default_name(self.program.name), kind)}.json"
        command = self.command(kind)
        report = self._read(path, *FPGA, command)
        if report is not None:
            self._require_origin(report, path, at(report, "/program", str(path)), command)
            options = differing(report, "target", *(name for name in _BUILD if name != "target"))
            options += ["--estimate-only"] if kind == "estimate" else []
            if report["seeds"] and len(report["seeds"]) != _SEEDS:
                options += ["--seeds", str(len(report["seeds"]))]
            clock = report["clock_mhz"]
            options += [] if clock == _CLOCK else ["--clock", f"{clock:g}"]
            options += ["--check-netlist"] if "netlist" in report else []
            command = self._command("fpga", "fpga", options)
        return Found(report, path, command)

    def _options(self, target: bool = True) -> list[str]:
        asked = self.build.to_json()
        return differing(asked, *(name for name in asked if target or name != "target"))

    def _command(self, name: str, folder: str, options: Sequence[str]) -> str:
        out = [] if self.root == DEFAULT_ROOT else ["--out", str(self.root / folder)]
        return shlex.join(["lutscale", name, self.word, *options, *out])

    def _read(self, path: Path, form: str, version: int, command: str) -> Mapping[str, Any] | None:
        """The JSON object in a file; None where there is no such file."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise InputError(f"{path}: must be a report of at most {_MOST_BYTES:,} bytes")
            report = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{path}: must be a report in JSON; make it again: {command}"
            ) from None
        found = report.get("format") if isinstance(report, dict) else report
        if found != form:
            got = printable(repr(found), 60)
            raise InputError(
                f"{path}: format must be {form!r}, not {got}; make it again: {command}"
            )
        if report.get("version") != version:
            got = printable(repr(report.get("version")), 60)
            raise InputError(
                f"{path}: version must be {version}, not {got}; make it again: {command}"
            )
        return dict(report)

    def _require_origin(
        self, report: Mapping[str, Any], path: Path, name: object, command: str
    ) -> None:
        """Refuse a report of another program, of other tables, or by another version."""
        made, again = report.get("origin"), f"; make it again: {command}"
        made = made if isinstance(made, Mapping) else {}
        if name != self.program.name:
            got = printable(str(name), 60)
            raise InputError(f"{path}: must be of {self.program.name}, not {got}{again}")
        if made.get("lutscale") != self.origin["lutscale"]:
            got = printable(str(made.get("lutscale", "an earlier one")), 60)
            raise InputError(
                f"{path}: must be made by lutscale {self.origin['lutscale']}, not {got}{again}"
            )
        if made.get("program_sha256") != self.origin["program_sha256"]:
            raise InputError(
                f"{path}: must be of {self.program.name} as it is now, not of other tables{again}"
            )


def differing(fields: Mapping[str, Any], *names: str) -> list[str]:
    """Words of a command line for those of some fields of a build that are not as by default."""
    usual = Build().to_json()
    return [
        word
        for name in names
        if name in fields and fields[name] != usual.get(name)
        for word in (f"--{name.replace('_', '-')}", str(fields[name]))
    ]


def _simulation_options(report: Mapping[str, Any]) -> list[str]:
    image = report["image"]
    words = [] if image["name"] == SAMPLE_PHOTOS[0] else ["--image", image["name"]]
    whole = 64 if image["name"] in SAMPLE_PHOTOS else 0
    words += [] if image["crop"] == whole else ["--crop", str(image["crop"])]
    words += ["--frame", image["frame"]] if image.get("frame") else []
    words += ["--lr"] if image["lr"] else []
    words += differing(report["build"], *_BUILD)
    words += [] if report["simulator"] == SIMULATORS[0] else ["--sim", report["simulator"]]
    return [*words, *(["--stalls"] if "stalls" in report else [])]
