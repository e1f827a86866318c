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

from lutscale.sim.simulators import WAVES, build_args, identity, make_runner
from lutscale.sim.workshop import kept

__all__ = ["Compiled"]

_TIMESCALE = ("1ns", "1ns")

# Two thirds of the time that a run takes to start: cocotb loads all plugins of pytest to explain
# asserts, and numpy starts threads for matrices.
_RUN_ENVIRONMENT = {"COCOTB_REWRITE_ASSERTION_FILES": "", "OPENBLAS_NUM_THREADS": "1"}


@dataclass
class Compiled:
    """A simulation model, and a folder in which it runs.

    Attributes:
        top: name of the top module.
        folder: for the logs, and the files that the design reads and writes.
        simulator: "verilator" or "icarus".
        waves: record dump.fst, in the folder.
        quick: compile in the least time, for runs of few clocks.
    """

    top: str
    folder: Path
    simulator: str = "verilator"
    waves: bool = False
    quick: bool = False

    def build(self, sources: Sequence[Path], parameters: Mapping[str, int]) -> bool:
        """Compile, unless the very same was compiled before, by whomever.

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

        def make(work: Path, made: Path) -> None:
            self._compile([Path(shutil.copy(source, work)) for source in sources], parameters, work)
            name = "sim.vvp" if self.simulator == "icarus" else self.top
            shutil.move(work / name, made / name)

        self.folder.mkdir(parents=True, exist_ok=True)
        self._model, made = kept(self._key(sources, parameters), make)
        return made

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
        failed = contextlib.suppress(SystemExit, RuntimeError)
        with self._logged("run.log") as log, self._waves_as_asked(), failed:
            self._runner.test(
                test_module=module,
                hdl_toplevel=self.top,
                hdl_toplevel_lang="verilog",
                build_dir=self._model,
                test_dir=self.folder,
                results_xml=str(self.folder / "results.xml"),
                waves=self.waves,
                plusargs=[f"+dumpfile_path={WAVES}"] if self.waves else [],
                extra_env=_RUN_ENVIRONMENT,
                log_file=log,
            )
        return log

    @contextlib.contextmanager
    def _waves_as_asked(self) -> Iterator[None]:
        """cocotb's runner lets the variable WAVES overrule its argument: not here."""
        named = os.environ.pop("WAVES", None)
        try:
            yield
        finally:
            if named is not None:
                os.environ["WAVES"] = named

    def _compile(self, sources: Sequence[Path], parameters: Mapping[str, int], work: Path) -> None:
        with self._logged("build.log") as log, self._waves_as_asked():
            self._runner.build(
                sources=sources,
                hdl_toplevel=self.top,
                build_dir=work,
                build_args=build_args(self.simulator),
                parameters=parameters,
                timescale=_TIMESCALE,
                waves=self.waves,
                always=True,
                log_file=log,
            )

    def _key(self, sources: Sequence[Path], parameters: Mapping[str, int]) -> str:
        """What the compiled model depends on; the ROM images are read when it runs."""
        digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode())
        settings = (identity(self.simulator), self.top, self.waves, self.quick, _TIMESCALE)
        digest.update(repr(settings).encode())
        for source in sources:
            digest.update(f"{source.name} {source.stat().st_size} ".encode())
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
