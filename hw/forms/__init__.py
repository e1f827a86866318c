"""Arithmetic forms: how the tables of a layer become gates. Golden knows of none of them.

A layer decides what is summed, a form how: banks of ROM with interpolating lanes (`lanes`), banks
whose words are the numbers (`direct`), or digits of the weights, one a clock (`planes`).
"""

__all__ = ["FORMS"]

FORMS = ("lanes", "planes")
"""Those of interpolated tables: banks that interpolate; digits of weights. Direct tables are read
as they are."""
