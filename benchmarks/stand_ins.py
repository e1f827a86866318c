"""How far predictions for random tables are off those for trained ones.

``python -m benchmarks.stand_ins`` prints the table of docs/explore.md, of the zoo's programs.
"""

from __future__ import annotations

import json

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.estimates import estimate
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from lutscale.reports.explore.design import Network
from lutscale.reports.explore.known import known

BUILDS = ((4, 4, 960), (16, 1, 480))
"""Clocks a pixel, pixels a beat, pixels a line."""


def _figures(program: Program, clocks: int, beat: int, width: int) -> tuple[int, int, int, int]:
    build = Build(clocks, beat, width, target=TARGETS["ecp5-85f"])
    plan = Plan(program, build)
    found = estimate(plan)
    return found.comb or 0, found.ff or 0, plan.on_chip_bytes, plan.blocks


def main() -> None:
    facts = known()
    shapes = {
        score.name: json.loads(key)[1]
        for key, scores in facts.scores.items()
        for score in scores
        if score.kind == "zoo" and key.startswith("[")
    }
    registers = []
    for name, options in sorted(shapes.items()):
        trained = facts.programs[name].made()
        random = Network.shape(4, options).made()
        cells = [f"`{name}`"]
        for build in BUILDS:
            there, mine = _figures(trained, *build), _figures(random, *build)
            if there[2:] != mine[2:]:
                raise SystemExit(f"{name}: memory must be {there[2:]}, not {mine[2:]}")
            registers.append(mine[1] / there[1] - 1)
            cells += [f"{there[0]:,}", f"{mine[0] / there[0] - 1:+.1%}"]
        print(f"| {' | '.join(cells)} |", flush=True)
    print(f"flip-flops: {min(registers):+.1%} to {max(registers):+.1%}")


if __name__ == "__main__":
    main()
