"""Which patches of a picture resemble each other: ``lutscale clusters``."""

from __future__ import annotations

import colorsys
from collections import Counter
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from lutscale.golden.command import PROGRAM, Command, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.model_file import load
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale
from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.refqsr.network import Network, Trace
from lutscale.reports.refqsr.bitops import count, everywhere, saved
from lutscale.reports.refqsr.counted import architecture_of, patches_of, weight_bits
from lutscale.reports.refqsr.measure import BASELINE_BITS

__all__ = ["draw", "main"]

_TINT = 0.35

_EXAMPLES = (
    (
        "the picture enlarged, with its patches",
        "lutscale clusters photo.png clusters.png --program srresnet-s-pams8-refqsr-x4",
    ),
)


def draw(large: npt.NDArray[np.uint8], trace: Trace, scale: int) -> npt.NDArray[np.uint8]:
    """The enlarged picture with a colour for each cluster. References have a frame in it and an R.

    Args:
        large: uint8 (height * scale, width * scale, 3).
        trace: of `Network.run_traced`.

    Raises:
        ValueError: the picture ran as a whole.
    """
    if trace.tiling is None:
        raise ValueError("trace must be of a picture in patches, not of a whole one")
    sizes = Counter(trace.pointers)
    # The largest first, so that like pictures have like colours.
    order = sorted(sizes, key=lambda end: (-sizes[end], end))
    shown = large.astype(np.float64)
    frames = []
    places = zip(trace.tiling.spans, trace.pointers, strict=True)
    for n, (((top, bottom), (left, right)), end) in enumerate(places):
        rows, columns = slice(top * scale, bottom * scale), slice(left * scale, right * scale)
        hue = order.index(end) / len(order)
        colour = np.array(colorsys.hsv_to_rgb(hue, 0.9, 0.95)) * 255
        shown[rows, columns] = (1 - _TINT) * shown[rows, columns] + _TINT * colour
        # A dark line between patches.
        shown[rows, columns][0] *= 0.4
        shown[rows, columns][:, 0] *= 0.4
        if n == end:
            frames.append(((rows, columns), tuple(int(c) for c in colour)))
    picture = Image.fromarray(shown.round().clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for (rows, columns), tint in frames:
        box = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
        pen.rectangle(box, outline=(255, 255, 255), width=scale)
        inner = tuple(b + (scale if k < 2 else -scale) for k, b in enumerate(box))
        pen.rectangle(inner, outline=tint, width=scale)
        mark = (inner[0] + scale, inner[1] + scale, inner[0] + 7 * scale, inner[1] + 7 * scale)
        pen.rectangle(mark, fill=(255, 255, 255))
        pen.text(
            (mark[0] + 2 * scale, mark[1] + scale // 2), "R", fill=(0, 0, 0), font_size=5 * scale
        )
    return np.asarray(picture)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--program", type=PROGRAM, required=True, help="File, or name of the zoo.")
@click.option("--shrink", is_flag=True, help="Make IN small first, as papers make LR.")
@one_line_errors
def main(source: Path, target: Path, program: Path, shrink: bool) -> None:
    """Show which patches of a picture are references.

    IN is the picture to be enlarged, OUT a PNG: the enlarged picture, a colour for each cluster of
    patches that resemble each other; each cluster's reference has a frame and an R. PROGRAM must
    be a network with references and queries (RefQSR).
    """
    network = load(program)
    if not isinstance(network, Network) or network.dispatch is None:
        raise InputError(
            f"--program must be a network with references and queries, not {network.name}"
        )
    if target.suffix.lower() != ".png":
        raise InputError(f"{target}: must end in .png, as results are written as PNG")
    pixels = read_rgb(source)
    if shrink:
        pixels = downscale(crop_to_multiple(pixels, network.scale), network.scale)
    try:
        large, trace = network.run_traced(pixels)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    write_png(target, draw(large, trace, network.scale))
    shape, (height, width) = architecture_of(network), pixels.shape[:2]
    cost = count(shape, patches_of(network, trace, height, width), weight_bits(network))
    plain = count(shape, [everywhere(shape, height * width, BASELINE_BITS)], BASELINE_BITS)
    click.echo(
        f"{target}: {len(trace.references)} references of {len(trace.pointers)} patches, "
        f"{saved(cost, plain)[0]:.1%} of the BitOPs of a body of {BASELINE_BITS} bits saved"
    )


if __name__ == "__main__":
    main()
