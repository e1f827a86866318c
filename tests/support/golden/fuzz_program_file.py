"""Damaged program files by the thousand: each is refused in one line, or works.

    python -m tests.support.golden.fuzz_program_file --files 100000

File N of seed S is always the same, so that `--seed S --first N --files 1` makes it again. A file
that is neither refused as documented nor works is left in the folder, and ends the run.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load, save
from tests.support.golden.program_mutants import mutant

__all__ = ["check"]

FRAME = np.array([[0, 51, 255], [204, 7, 130]], np.uint8)


def check(path: Path) -> str:
    """ "refused" or "taken in"; AssertionError, or what else was raised, for anything else."""
    try:
        program = load(path)
    except InputError as error:
        line = str(error)
        assert line.startswith(f"{path}: "), line
        assert "must" in line, line
        assert line.isprintable(), line
        assert len(line) <= 300, line
        return "refused"
    values = program.trace(FRAME)
    for value, kind in zip(values, program.types, strict=True):
        assert value.shape[0] == kind.channels
        assert kind.lo <= value.min() <= value.max() <= kind.hi
    np.testing.assert_array_equal(program.run(FRAME, reference=True), values[-1][0])
    save(program, path.with_name("again.npz"))
    again = load(path.with_name("again.npz"))
    np.testing.assert_array_equal(again.run(FRAME), values[-1][0])
    return "taken in"


@click.command()
@click.option("--files", default=2000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--first", default=0, show_default=True, help="Number of the first file.")
@click.option("--folder", type=click.Path(path_type=Path), help="[default: a temporary one]")
def main(files: int, seed: int, first: int, folder: Path | None) -> None:
    """Damage good program files and read them."""
    folder = folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mutant.npz"
    counts: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    bar = tqdm(range(first, first + files), unit="file", disable=None)
    for number in bar:
        if bar.disable and number % 10_000 == 0:
            # No terminal: a line now and then.
            click.echo(f"file {number:,} ...", err=True)
        damage, content = mutant(seed, number)
        path.write_bytes(content)
        try:
            counts[damage, check(path)] += 1
        except BaseException:
            click.echo(
                f"{path}: {damage}, made by --seed {seed} --first {number} --files 1", err=True
            )
            raise
    for (damage, verdict), count in sorted(counts.items()):
        click.echo(f"{damage:<10} {verdict:<9} {count:>7,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.monotonic() - started
    click.echo(f"{files:,} files of seed {seed}, none broke out: {seconds:.0f} s, {peak:.0f} MB")


if __name__ == "__main__":
    main()
