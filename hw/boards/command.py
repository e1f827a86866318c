"""What commands with ``--board`` share: it says itself what is built."""

from __future__ import annotations

from collections.abc import Sequence

import click

from lutscale.golden.errors import InputError

__all__ = ["refuse_beside_board"]


def refuse_beside_board(allowed: Sequence[str]) -> None:
    """Refuse what a board says itself, if the command line of the present command has it.

    Args:
        allowed: parameters that may stand beside ``--board``.

    Raises:
        InputError: names the first one.
    """
    context = click.get_current_context()
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is click.core.ParameterSource.COMMANDLINE and option.name not in allowed:
            raise InputError(f"{option.opts[0]} must stand without --board, which says it")
