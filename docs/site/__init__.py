"""The documents as a website: ``make docs``, from docs/*.md and docstrings, without a network."""
