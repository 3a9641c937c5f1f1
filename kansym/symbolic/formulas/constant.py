"""A constant of a formula: its value with its error, or the exact number that it stands for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from scipy import special

from kansym.programs.program import to_json, validate
from kansym.shared.measured_numbers import measured_number
from kansym.symbolic.formulas.exact_hypothesis import ExactHypothesis
from kansym.symbolic.formulas.sympy_programs import from_sympy, to_sympy

__all__ = ["Constant"]


@dataclass(frozen=True)
class Constant:
    """A constant of a formula.

    Attributes
    ----------
    name : its symbol in the template.
    value : its value.
    stderr : its standard error, infinite if the data do not determine it, None if unknown.
    exact : the exact number that it stands for, None for a measured one.
    near : an exact number that a measured one may stand for, and how probable that is.
    unit : of the value, in base units; empty for a pure number, or if none is known.

    Examples
    --------
    >>> print(Constant("c1", 2.50012, 0.0013))
    c1 = 2.5001(13)
    """

    name: str
    value: float
    stderr: float | None = None
    exact: sympy.Expr | None = None
    near: ExactHypothesis | None = None
    unit: str = ""

    @property
    def digits(self) -> int:
        """Significant digits that the standard error supports, one of them uncertain by a few."""
        if not self.stderr or not math.isfinite(self.stderr) or self.value == 0:
            return 15 if not self.stderr else 2
        return int(np.clip(math.floor(math.log10(abs(self.value) / self.stderr)) + 2, 1, 15))

    def interval(self, level: float = 0.95, freedom: float = math.inf) -> tuple[float, float]:
        """Confidence interval by Student's t (normal unless degrees of freedom are given)."""
        if self.stderr is None:
            return self.value, self.value
        share = 0.5 + level / 2
        # Not scipy.stats, which gives the same and takes a second to load.
        normal = math.isinf(freedom)
        half = float(special.ndtri(share) if normal else special.stdtrit(freedom, share))
        half *= self.stderr
        return self.value - half, self.value + half

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.exact is not None:
            return f"{self.name} = {self.exact}{unit}"
        if self.stderr is None:
            return f"{self.name} = {self.value:.12g}{unit}"
        if math.isinf(self.stderr):
            return f"{self.name} = {self.value:.{self.digits}g}{unit}, not determined"
        return f"{self.name} = {measured_number(self.value, self.stderr)}{unit}"

    def to_data(self) -> dict[str, Any]:
        """The constant as plain data, which :meth:`from_data` reads."""
        unknown = self.stderr is None or not math.isfinite(self.stderr)
        return {
            "name": self.name,
            "value": self.value,
            "stderr": None if unknown else self.stderr,
            "undetermined": self.stderr is not None and unknown,
            "exact": None if self.exact is None else to_json(from_sympy(self.exact, exact=True)),
            **({} if self.near is None else {"near": self.near.to_data()}),
            **({"unit": self.unit} if self.unit else {}),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Constant":
        """Read a constant from plain data."""
        value = float(data["value"])
        stderr = math.inf if data["undetermined"] else data["stderr"]
        stderr = None if stderr is None else float(stderr)
        exact = None if data["exact"] is None else to_sympy(validate(data["exact"], ()))
        near = ExactHypothesis.from_data(data["near"]) if "near" in data else None
        return cls(str(data["name"]), value, stderr, exact, near, str(data.get("unit", "")))
