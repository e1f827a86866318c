"""Many tasks on the processes of this machine, or on the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from lutscale.golden.errors import InputError

__all__ = ["done"]

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE = 20
"""Seconds until a scheduler must have answered, and until it must have a worker."""


def done(
    function: Callable[[T], R], tasks: Sequence[T], *, workers: int, scheduler: str | None = None
) -> Iterator[tuple[int, R]]:
    """The number and the result of each task, once each, in the order in which they come.

    Args:
        function: of a module, with a result that depends on the task alone: where a worker of the
            scheduler is lost, its tasks run once more on another.
        workers: processes of this machine; 1 for none beside this one.
        scheduler: address of a Dask scheduler, or None for this machine.

    Raises:
        InputError: no scheduler there, no worker, or a worker that cannot run the function; a
            process that was ended from outside.
    """
    if scheduler is not None:
        yield from _on_dask(function, tasks, scheduler)
    elif workers == 1:
        yield from ((k, function(task)) for k, task in enumerate(tasks))
    else:
        yield from _here(function, tasks, workers)


def _here(function: Callable[[T], R], tasks: Sequence[T], workers: int) -> Iterator[tuple[int, R]]:
    # A fork would copy the locks that other threads hold, with nobody to let go of them.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        numbers = {pool.submit(function, task): k for k, task in enumerate(tasks)}
        try:
            for future in as_completed(numbers):
                yield numbers[future], future.result()
        except BrokenProcessPool:
            raise InputError(
                "workers must stay until their work is done, but one was ended from outside (too "
                "little memory?); the same command goes on from here"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _on_dask(
    function: Callable[[T], R], tasks: Sequence[T], scheduler: str
) -> Iterator[tuple[int, R]]:
    try:
        import distributed
    except ModuleNotFoundError:
        raise InputError(
            "distributed must be installed for --scheduler, but is not: pip install "
            "'lutscale[explore]'"
        ) from None
    # It tells every lost worker, which is what it is there to mend.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = _client(distributed.Client, scheduler)
    except (OSError, ValueError) as error:
        raise InputError(
            "scheduler must be the address of a Dask scheduler, as tcp://127.0.0.1:8786, not "
            f"{scheduler}: {error}"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise InputError(
                f"scheduler must have a worker, but {scheduler} has none: dask worker {scheduler}"
            ) from None
        numbers: dict[Any, int] = {
            client.submit(function, task, pure=False): k for k, task in enumerate(tasks)
        }
        for future in distributed.as_completed(numbers, loop=client.loop):
            failed = future.exception() if future.status == "error" else None
            if failed is not None:
                raise InputError(
                    f"workers of {scheduler} must run the same lutscale, but one answered: "
                    f"{type(failed).__name__}: {failed}"
                ) from failed
            yield numbers[future], future.result()
            future.release()


def _client(make: Callable[..., Any], scheduler: str) -> Any:
    """A client of a scheduler.

    distributed asserts that its own thread starts within ten seconds, which one of a busy machine
    may not do; it may the next time.
    """
    for _ in range(2):
        with contextlib.suppress(AssertionError):
            return make(scheduler, timeout=_PATIENCE, set_as_default=False)
    return make(scheduler, timeout=_PATIENCE, set_as_default=False)
