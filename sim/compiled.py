"""A design compiled by a simulator once, and run with cocotb modules as often as wanted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lutscale.sim.simulators import build_args, make_runner

__all__ = ["Compiled"]


@dataclass
class Compiled:
    """A simulation model in a folder.

    Attributes:
        top: name of the top module.
        folder: for the model, the logs, and the files that the design reads and writes.
        simulator: "verilator" or "icarus".
        waves: record dump.vcd.
        quick: compile in the least time, for runs of few clocks.
    """

    top: str
    folder: Path
    simulator: str = "verilator"
    waves: bool = False
    quick: bool = False

    def build(self, sources: Sequence[Path], parameters: Mapping[str, int]) -> bool:
        """Compile, unless the very same is there already.

        Args:
            sources: Verilog; Verilator's control files among them are for Verilator only.

        Returns:
            whether anything had to be compiled.

        Raises:
            InputError: no such simulator, or it is not installed.
            RuntimeError: the simulator refuses the sources; ends with its last messages.
        """
        if self.simulator != "verilator":
            sources = [source for source in sources if source.suffix != ".vlt"]
        self._runner = make_runner(self.simulator, quick=self.quick)
        stamp = self._stamp(sources, parameters)
        stamped = self.folder / "build" / "stamp"
        if stamped.exists() and stamped.read_text() == stamp:
            return False
        shutil.rmtree(self.folder / "build", ignore_errors=True)
        with self._logged("build.log") as log:
            self._runner.build(
                sources=sources,
                hdl_toplevel=self.top,
                build_dir=self.folder / "build",
                build_args=build_args(self.simulator),
                parameters=parameters,
                timescale=("1ns", "1ns"),
                waves=self.waves,
                always=True,
                log_file=log,
            )
        stamped.write_text(stamp)
        return True

    def run(self, module: str, roms: Path) -> Path:
        """Run all tests of a cocotb module; what they find they write themselves.

        Args:
            module: name of the Python module.
            roms: folder of the $readmemh files, which the model reads as it starts.

        Returns:
            the log.
        """
        for image in roms.glob("*.hex"):
            link = self.folder / image.name
            link.unlink(missing_ok=True)
            os.symlink(image, link)
        # A failed test ends the run with an error; what the test wrote says which and why.
        with self._logged("run.log") as log, contextlib.suppress(SystemExit, RuntimeError):
            self._runner.test(
                test_module=module,
                hdl_toplevel=self.top,
                hdl_toplevel_lang="verilog",
                build_dir=self.folder / "build",
                test_dir=self.folder,
                results_xml=str(self.folder / "results.xml"),
                waves=self.waves,
                log_file=log,
            )
        return log

    def _stamp(self, sources: Sequence[Path], parameters: Mapping[str, int]) -> str:
        """What the compiled model depends on; the ROM images are read when it runs."""
        digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode())
        settings = (self.top, self.simulator, self.waves, self.quick, build_args(self.simulator))
        digest.update(repr(settings).encode())
        for source in sources:
            digest.update(source.read_bytes())
        return digest.hexdigest()

    @contextlib.contextmanager
    def _logged(self, name: str) -> Iterator[Path]:
        """A log file whose end is shown when what it logs fails."""
        path = self.folder / name
        try:
            yield path
        except (RuntimeError, SystemExit) as error:
            tail = path.read_text().splitlines()[-15:] if path.exists() else []
            raise RuntimeError("\n".join([f"{error}; the end of {path}:", *tail])) from None
