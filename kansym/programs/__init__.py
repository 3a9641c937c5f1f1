"""Formulas as data: nested tuples of operations, with values, derivatives and source code."""
