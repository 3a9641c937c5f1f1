"""A given formula and measured rows: constants with errors, tests of the residual, doubts."""
