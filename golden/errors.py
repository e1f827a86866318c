"""What a user is meant to read: an error, and a warning."""

__all__ = ["InputError", "InputWarning", "printable"]


class InputError(ValueError):
    """What a user handed in cannot be used.

    Its text is one line that names what is wrong and what would be right.
    """


class InputWarning(UserWarning):
    """What a user handed in is used, but not all of it.

    Its text is one line that names what is left out. Commands print it on stderr as `note: ...`.
    """


def printable(text: str, most: int | None = None) -> str:
    """``text`` on one line, with ? for what cannot be shown, cut to ``most`` characters."""
    line = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)
    return line if most is None or len(line) <= most else f"{line[: most - 3]}..."
