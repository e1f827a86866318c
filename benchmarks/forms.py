# amaranth: UnusedElaboratable=no
"""What one layer takes in each form: ``python -m benchmarks.forms``, for docs/forms.md.

Random tables: 16 inputs, 3x3 taps, 3 nodes, 3 bits of weight, 6-bit entries. The stage alone is
synthesised for ECP5. A function is one input, tap and output.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from amaranth.back import verilog
from amaranth.hdl import UnusedElaboratable

from lutscale.golden.layers import TapTables
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.value import ValueType
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.netlist import write_sources
from lutscale.hw.flow.yosys import synthesise
from lutscale.hw.forms.banks import Banks
from lutscale.hw.forms.cost import lanes_cost, planes_cost
from lutscale.hw.forms.planes import PlanePlan, PlanesStage, plans
from lutscale.hw.layers.tap_tables import WINDOW, TapTablesStage
from lutscale.hw.memory import RomCollector
from lutscale.hw.rom_formats import format_readmemh
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.targets.ecp5 import ECP5
from lutscale.hw.verilog import memory_text

__all__ = ["main"]

_CHANNELS, _NODES, _WEIGHT_BITS, _ENTRY_BITS, _CODE_BITS = 16, 3, 3, 6, 6
_NAME = "layer"


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: of the form.
        layer: the tables.
        clocks: a pixel.
        form: "lanes with multipliers", "lanes" or a plan's fields.
    """

    name: str
    layer: TapTables
    clocks: int
    form: bool | PlanePlan

    @property
    def functions(self) -> int:
        return self.layer.untied.entries[..., 0, :].size

    def stage(self) -> Stage:
        """What is synthesised."""
        layer, full = self.layer, self.layer.untied
        half = 1 << (_CODE_BITS - 1)
        made = full.output_type([ValueType(full.in_channels, -half, half - 1)])
        assert layer.quantiser is not None
        window = Track(WINDOW, full.in_channels, layer.quantiser.word_bits, False, *full.kernel)
        options: dict[str, Any] = {
            "number": 0,
            "inputs": [window],
            "result": value_track("v1", made),
            "clocks_per_pixel": self.clocks,
            "target": ECP5,
        }
        if isinstance(self.form, PlanePlan):
            return PlanesStage(layer, window=WINDOW, plan=self.form, **options)
        return TapTablesStage(layer, dsp=self.form, **options)

    def predicted(self) -> int:
        """COMB."""
        stage = self.stage()
        if isinstance(self.form, PlanePlan):
            return planes_cost(self.layer, self.form, stage.outputs[-1].bits).comb
        banks = Banks(self.layer, number=0, clocks_per_pixel=self.clocks, target=ECP5)
        return lanes_cost(self.layer, banks, dsp=self.form).comb


def tables(outputs: int, symmetry: str | None = None) -> TapTables:
    """The layer; tied tables are one share's, of the same number of inputs untied."""
    rng = np.random.default_rng(0)
    code = np.arange(1 << _CODE_BITS)
    place = code * (_NODES - 1) << _WEIGHT_BITS >> _CODE_BITS
    quantiser = Quantiser(
        (place >> _WEIGHT_BITS).astype(np.int32),
        (place & (1 << _WEIGHT_BITS) - 1).astype(np.int32),
        _NODES,
        _WEIGHT_BITS,
    )
    half = 1 << (_ENTRY_BITS - 1)
    entries = rng.integers(-half, half, (_CHANNELS, 3, 3, _NODES, outputs))
    tied: dict[str, Any] = {} if symmetry is None else {"symmetry": symmetry, "role": "mix"}
    return TapTables(entries, _ENTRY_BITS, _CODE_BITS, True, quantiser, **tied)


def cases() -> Iterator[Case]:
    """Every row."""
    one, tied = tables(4), tables(4, "p4")
    yield Case("lanes with multipliers", one, 4, True)
    yield Case("lanes without", one, 4, False)
    rows: list[tuple[TapTables, int, dict[str, Any]]] = [
        (one, 4, {"digit_bits": 1, "turns": 1, "taps": 1}),
        (one, 4, {"digit_bits": 1, "turns": 1, "taps": 2}),
        (one, 4, {"digit_bits": 1, "turns": 1, "taps": 3}),
        (one, 4, {"digit_bits": 2, "turns": 1, "taps": 1}),
        (one, 4, {"digits": 0, "turns": 1, "taps": 1}),
        (one, 4, {"digits": 0, "turns": 4, "taps": 1}),
        (one, 16, {"digit_bits": 1, "turns": 4, "taps": 2}),
        (tied, 4, {"digit_bits": 1, "turns": 1, "taps": 2}),
        (tied, 4, {"digits": 0, "turns": 4, "tied": True}),
        (tied, 16, {"digit_bits": 1, "turns": 4, "taps": 2, "tied": True}),
    ]
    for layer, clocks, wanted in rows:
        wanted = {"tied": False, "taps": 1, **wanted}
        for plan in plans(layer, clocks):
            if all(getattr(plan, name) == value for name, value in wanted.items()):
                yield Case(_named(plan), layer, clocks, plan)
                break
        else:
            raise SystemExit(f"no such plan: {wanted}")


def _named(plan: PlanePlan) -> str:
    cut = f"{plan.digit_bits} bits a digit" if plan.digits else "whole weights"
    turns = f", {plan.turns} {'tied ' if plan.tied else ''}turns" if plan.turns > 1 else ""
    return f"planes, {cut}, taps a table: {plan.taps}{turns}"


def measure(case: Case, folder: Path) -> Cells:
    """Synthesise the stage alone."""
    roms = RomCollector(_NAME)
    text = verilog.convert(
        case.stage(), name=_NAME, platform=roms, emit_src=False, strip_internal_attrs=True
    )
    files = {f"{_NAME}.v": text, f"{_NAME}__memory.v": memory_text(_NAME)}
    sources = list(files)
    files |= {f"{_NAME}__{rom.name}.hex": format_readmemh(rom) for rom in roms.images.values()}
    paths = write_sources(folder / "rtl", sources, {n: t.encode() for n, t in files.items()})
    return synthesise(paths, top=_NAME, folder=folder / "netlist").cells


@click.command()
@click.argument("wanted", default="")
def main(wanted: str) -> None:
    """Measure the forms whose names end in WANTED, all by default."""
    click.echo(
        "| form | clocks a pixel | functions | COMB | MULT18X18D | flip-flops "
        "| COMB a function | predicted COMB |"
    )
    click.echo("|---|---|---|---|---|---|---|---|")
    for case in cases():
        if not case.name.endswith(wanted):
            continue
        with TemporaryDirectory() as scratch:
            cells = measure(case, Path(scratch))
        counts = (case.clocks, case.functions, cells.comb, cells.dsp, cells.ff)
        shown = [case.name, *(f"{count:,}" for count in counts)]
        shown += [f"{cells.comb / case.functions:.2f}", f"{case.predicted():,}"]
        click.echo(f"| {' | '.join(shown)} |")


if __name__ == "__main__":
    # Stages are made here to be asked, and never built.
    warnings.simplefilter("ignore", UnusedElaboratable)
    main()
