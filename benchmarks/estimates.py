"""How far estimates are off: ``python -m benchmarks.estimates [PROGRAM:CLOCKS[:WIDTH]...]``.

    python -m benchmarks.estimates                          # the table, of what was measured
    python -m benchmarks.estimates --measure                # synthesise all of it again
    python -m benchmarks.estimates iqlut-tiny-x4:4 --measure --fit

``--measure`` synthesises for LFE5U-85F and notes in netlists.json, beside this file, what each
component became: a cell belongs to the component after whose nets Yosys named it. ``--fit`` fits
the factors of `hw.estimates` to all that is noted there, and writes them. The table is Markdown, as
docs/fpga.md has it.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import numpy as np
from amaranth.hdl import UnusedElaboratable

from lutscale.golden import zoo
from lutscale.golden.command import one_line_errors, say
from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.estimates import FACTORS, estimate
from lutscale.hw.features import TOP, Features, features
from lutscale.hw.flow.cells import count_cells
from lutscale.hw.flow.netlist import synthesised
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS

__all__ = ["NETLISTS", "fitted", "main", "table"]

NETLISTS = Path(__file__).with_name("netlists.json")

DESIGNS = (
    "ecnn-tiny-x4:4", "ecnn-tiny-x4:16", "hklut-s-x4:4", "hklut-s-x4:16", "iqlut-tiny-x4:4",
    "iqlut-tiny-x4:16", "lutscale-4k-x4:4:960", "lutscale-hd-s-x4:16", "lutscale-hd-x4:16",
    "lutscale-tiny-x4:4", "tinylut-s-x4:16",
)  # fmt: skip
"""What is measured unless said otherwise: those of the zoo that synthesise in minutes."""

# How far a factor is held to 1, against one component of the size of the whole design.
_HOLD = 0.003

Parts = Mapping[str, Sequence[int]]

_COMPONENTS = ("stage", "source", "shuffle", "sink")


def build_of(clocks: int, width: int = 480) -> Build:
    """The build that is measured: a beat a clock at most, lines of so many pixels, LFE5U-85F."""
    return Build(
        clocks_per_pixel=clocks,
        pixels_per_beat=4 if clocks < 16 else 1,
        max_width=width,
        target=TARGETS["ecp5-85f"],
    )


def plan_of(design: str) -> Plan:
    """The plan of "PROGRAM:CLOCKS" or "PROGRAM:CLOCKS:WIDTH"."""
    program, *numbers = design.split(":")
    if len(numbers) not in (1, 2) or not all(number.isdecimal() for number in numbers):
        raise InputError(f"design must be PROGRAM:CLOCKS or PROGRAM:CLOCKS:WIDTH, not {design!r}")
    return Plan(load(zoo.find(program)), build_of(*map(int, numbers)))


def component_cells(netlist: Path) -> dict[str, list[int]]:
    """COMB and flip-flops of each component, by the names of its cells."""
    modules = json.loads(netlist.read_text())["modules"].values()
    top = next(module for module in modules if int(module["attributes"].get("top", "0"), 2))
    kinds: dict[str, Counter[str]] = {}
    for name, cell in top["cells"].items():
        path = name.split(".")
        inside = path[0] == "pipeline" and len(path) > 2 and path[1].startswith(_COMPONENTS)
        kinds.setdefault(path[1] if inside else TOP, Counter())[cell["type"]] += 1
    counted = {name: count_cells(kind) for name, kind in sorted(kinds.items())}
    return {name: [cells.comb, cells.ff] for name, cells in counted.items()}


def measure(design: str, cache: Path) -> dict[str, Any]:
    """Synthesise a design; what it took, in all and by component."""
    plan = plan_of(design)
    made = synthesised(Pipeline(plan.program, plan.build), cache).made
    figures = ("comb", "ff", "dsp", "blocks")
    whole = {name: made.cells.as_dict()[name] for name in figures}
    return {**whole, "parts": component_cells(made.netlist)}


def fitted(noted: Mapping[str, Any]) -> dict[str, Any]:
    """Factors by kind, figure and feature that make the least error, each held near 1.

    An error counts by its share of its design.
    """
    rows: dict[tuple[str, str], list[tuple[dict[str, float], float, float]]] = {}
    for design, found in noted.items():
        for kind, counts, measured in _with_wires(found["parts"], features(plan_of(design))):
            for k, figure in enumerate(("comb", "ff")):
                row = (counts[figure], float(measured[k]), float(found[figure]))
                rows.setdefault((kind, figure), []).append(row)
    factors: dict[str, Any] = {}
    for (kind, figure), own in sorted(rows.items()):
        names = sorted({name for counts, _, _ in own for name in counts})
        best = _least_squares(names, own)
        factors.setdefault(kind, {})[figure] = dict(zip(names, best, strict=True))
    return factors


def _with_wires(
    parts: Parts, components: Iterable[tuple[str, str, Features]]
) -> list[tuple[str, Features, list[int]]]:
    """Kind, features and cells of every component that is more than wires.

    Cells that are named after nets of wires belong to the component before.
    """
    rows: list[tuple[str, Features, list[int]]] = []
    for name, kind, counts in components:
        measured = list(parts.get(name, (0, 0)))
        if rows and not any(count for own in counts.values() for count in own.values()):
            rows[-1][2][:] = [a + b for a, b in zip(rows[-1][2], measured, strict=True)]
        else:
            rows.append((kind, counts, measured))
    return rows


def _least_squares(
    names: Sequence[str], rows: Sequence[tuple[Mapping[str, float], float, float]]
) -> list[float]:
    """Factors, none below 0, by coordinate descent: few and small problems."""
    x = np.array([[counts.get(name, 0) / whole for name in names] for counts, _, whole in rows])
    y = np.array([measured / whole for _, measured, whole in rows])
    hold = _HOLD * np.maximum(np.abs(x).max(axis=0), 1e-9)
    x = np.concatenate([x, np.diag(hold)])
    y = np.concatenate([y, hold])
    factors = np.ones(len(names))
    for _ in range(2000):
        for j in range(len(names)):
            column = x[:, j]
            rest = y - x @ factors + column * factors[j]
            factors[j] = max(float(column @ rest / (column @ column)), 0.0)
    return [float(f"{factor:.4g}") for factor in factors]


def table(noted: Mapping[str, Any], factors: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Lines of the table: estimated, synthesised, and the error."""
    yield (
        "| program, clocks a pixel | COMB estimated | synthesised | error "
        "| FF estimated | synthesised | error | MULT18X18D est. / synth. | DP16KD est. / synth. |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for design, found in noted.items():
        said = estimate(plan_of(design), factors)
        program, clocks, *width = design.split(":")
        row = [f"`{program}`, {clocks}{f' at {width[0]}' if width else ''}"]
        for figure, guess in (("comb", said.comb), ("ff", said.ff)):
            assert guess is not None
            error = guess / found[figure] - 1
            row += [f"{guess:,}", f"{found[figure]:,}", f"{error:+.1%}"]
        row += [f"{said.dsp} / {found['dsp']}", f"{said.blocks} / {found['blocks']}"]
        yield f"| {' | '.join(row)} |"


@click.command()
@click.argument("designs", nargs=-1)
@click.option("--measure", "measured", is_flag=True, help="Synthesise, and note the netlists.")
@click.option("--fit", is_flag=True, help="Fit the factors to all that is noted, and write them.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=Path("build/fpga/cache"),
    show_default=True,
    help="Folder of netlists made before.",
)
@one_line_errors
def main(designs: tuple[str, ...], measured: bool, fit: bool, cache: Path) -> None:
    """Compare estimates of DESIGNS (PROGRAM:CLOCKS or PROGRAM:CLOCKS:WIDTH) with their netlists.

    All by default.
    """
    noted = json.loads(NETLISTS.read_text())["designs"] if NETLISTS.exists() else {}
    wanted = designs or (DESIGNS if measured else tuple(noted))
    if measured:
        for design in wanted:
            noted[design] = measure(design, cache)
            say(f"{design}: {noted[design]['comb']} COMB")
            _write(NETLISTS, {"made": _made(), "designs": dict(sorted(noted.items()))})
    missing = [design for design in wanted if design not in noted]
    if missing:
        raise InputError(f"{missing[0]} must be measured first: --measure")
    if fit:
        made = {**_made(), "designs": sorted(noted)}
        _write(FACTORS, {"made": made, "factors": fitted(noted)})
    factors = json.loads(FACTORS.read_text())["factors"]
    for line in table({design: noted[design] for design in wanted}, factors):
        click.echo(line)


def _made() -> dict[str, str]:
    """How figures came about."""
    return {
        "by": "python -m benchmarks.estimates --measure --fit",
        "target": build_of(16).target.name,
        "yosys": f"pyosys {version('pyosys')}",
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    # Plans are drawn up here by the dozen, and never built.
    warnings.simplefilter("ignore", UnusedElaboratable)
    main()
