"""The one error that a user is meant to read."""

__all__ = ["InputError"]


class InputError(ValueError):
    """What a user handed in cannot be used.

    Its text is one line that names what is wrong and what would be right.
    """
