"""Boards: what is on them, and a design that shows an upscaled picture on a display."""

from lutscale.golden.errors import InputError
from lutscale.hw.boards.board import Board, Mode, Pin
from lutscale.hw.boards.ulx3s import ULX3S

__all__ = ["BOARDS", "Board", "Mode", "Pin", "find_board"]

BOARDS = {board.name: board for board in (ULX3S,)}


def find_board(name: str) -> Board:
    """The board of that name.

    Raises:
        InputError: there is none.
    """
    if name not in BOARDS:
        raise InputError(f"board must be one of {', '.join(BOARDS)}, not {name!r}")
    return BOARDS[name]
