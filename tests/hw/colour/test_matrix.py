"""The matrices as gates against golden's, at the corners and in between."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.colour import MATRICES, RANGES, Colour, matrix_of, pack
from lutscale.hw.build import Build
from lutscale.hw.colour.matrix import MatrixStage
from lutscale.hw.colour.parts import colour_parts
from lutscale.hw.slots import Track
from tests.support.hw.streams import STALLS, Bench

COLOURS = np.array(
    [*np.ndindex(2, 2, 2), *np.random.default_rng(1).integers(0, 256, (40, 3)).tolist()],
    np.uint8,
)
COLOURS[:8] *= 255


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("range_", RANGES)
def test_both_ways(matrix: str, range_: str) -> None:
    colour = Colour("rgb", matrix, range_)
    build = Build(pixels_per_beat=2, max_width=8, max_height=8, colour=colour)
    parts = colour_parts(build, luma=Track("v0", 1, 8), scale=2, bounds=(40, 80))
    there, back = parts.ahead[0], parts.behind[-1]
    assert isinstance(there, MatrixStage)
    assert isinstance(back, MatrixStage)
    planes = [COLOURS[None, :, c].copy() for c in range(3)]
    integers = matrix_of(matrix, range_)
    ycbcr = Colour("ycbcr444")
    rgb = pack(planes, colour)[0].tolist()
    # The marks and the bottom bit are in front of the pixel, and travel with it.
    run = Bench(there).run([word << 4 | 9 for word in rgb], stalls=STALLS["both"])
    wanted = pack(integers.to_ycbcr(planes), ycbcr)[0].tolist()
    assert run.items == [word << 4 | 9 for word in wanted]
    run = Bench(back).run([(word | word << 24) << 3 | 5 for word in rgb])
    given = [np.array([[w >> 8 * k & 255 for w in rgb]], np.uint8) for k in range(3)]
    wanted = pack(integers.to_rgb(given), colour)[0].tolist()
    assert run.items == [(word | word << 24) << 3 | 5 for word in wanted]
    assert run.clocks[0] - run.offered[0] == back.latency.clocks
