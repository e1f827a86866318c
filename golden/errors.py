"""What a user is meant to read: an error, and a warning."""

__all__ = ["InputError", "InputWarning"]


class InputError(ValueError):
    """What a user handed in cannot be used.

    Its text is one line that names what is wrong and what would be right.
    """


class InputWarning(UserWarning):
    """What a user handed in is used, but not all of it.

    Its text is one line that names what is left out. Commands print it on stderr as `note: ...`.
    """
