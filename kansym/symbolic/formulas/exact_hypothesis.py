"""An exact number near a measured constant, as a hypothesis with its p-value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from kansym.programs.program import to_json, validate
from kansym.symbolic.formulas.sympy_programs import from_sympy, to_sympy

__all__ = ["ExactHypothesis"]

AGREES, REJECTED = 0.05, 0.01
"""p-values from which a number agrees, and below which it is rejected; doubtful between."""


@dataclass(frozen=True)
class ExactHypothesis:
    """An exact number that a constant may stand for.

    Attributes
    ----------
    number : the exact number.
    p : probability of a distance as large, or larger, if it holds.

    Examples
    --------
    >>> print(ExactHypothesis(sympy.Integer(2), 0.0063))
    2 is rejected, p = 0.006
    """

    number: sympy.Expr
    p: float

    def __str__(self) -> str:
        shown = str(self.number).replace("*", " ")
        if self.number.is_Float:
            shown = f"{float(self.number):.15g}"
        if self.p >= AGREES:
            return f"{shown} agrees"
        word = "is rejected" if self.p < REJECTED else "is doubtful"
        return f"{shown} {word}, p = {self.p:.1g}"

    def to_data(self) -> dict[str, Any]:
        """The hypothesis as plain data, which :meth:`from_data` reads."""
        return {"number": to_json(from_sympy(self.number, exact=True)), "p": self.p}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "ExactHypothesis":
        """Read a hypothesis from plain data."""
        return cls(to_sympy(validate(data["number"], ())), float(data["p"]))
