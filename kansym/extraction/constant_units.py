"""Units of the inputs, of the output, and those that the constants of a formula must have.

Dimensions are vectors of the powers of seven base units. A formula gives linear equations for the
unknown ones: the terms of a sum agree, exponents and arguments of functions are pure numbers, the
whole has the dimension of the output. A logarithm may be taken of any quantity: its unit is a term
beside it.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import Any, Self

import numpy as np
import sympy

from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table
from kansym.shared.units import BASE_UNITS, parse_unit, unit_factors, unit_scale
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.laws.law import Law
from kansym.symbolic.measurements.measured_constants import with_measured_constants

__all__ = ["WRONG_UNITS", "Units", "with_units"]

_log = logging.getLogger("kansym")
WRONG_UNITS = 40.0
"""Bits for a constant of exactly 1 in the units of the table, which would mend the dimensions."""
_WRONG = 1e-6
"""Difference of powers that is none of rounding."""
_TENTHS = 1e-9
_MOST_FACTORS = 4
"""Units in a product beyond which base units say it better."""
_FREE = (sympy.log, sympy.sign, sympy.Heaviside)
"""Functions that are taken of any quantity, and give a pure number."""


@dataclass(frozen=True, eq=False)
class Units:
    """Units by name, as text.

    Attributes
    ----------
    inputs : of the inputs; those without a unit may have any.
    output : of the output, None if it may be any.
    """

    inputs: Mapping[str, str]
    output: str | None

    @classmethod
    def of(
        cls, inputs: Table, target: Table, units: Mapping[str, str] | None, output: str | None
    ) -> Self | None:
        """Units that were given, then those of the columns; None without any.

        A column whose name holds a unit that nobody defined, such as ``M (Msun)``, has none.

        Raises
        ------
        InputError
            For a unit that is not known, or the unit of what is no column.
        """
        if units is not None and not isinstance(units, Mapping):
            raise InputError(f"units={units!r} is no mapping: give units by input, {{'L': 'm'}}.")
        given = {str(name): str(unit) for name, unit in (units or {}).items()}
        stray = next((name for name in given if name not in inputs.names), None)
        if stray is not None:
            raise InputError(
                f"units= names {stray!r}, which is no input: {hint(stray, inputs.names)}."
            )
        if output is not None and not isinstance(output, str):
            raise InputError(f"output_unit={output!r:.80} is no unit: give text such as 'm/s'.")
        known = {**_defined(inputs.units), **given}
        own = output or _defined(target.units).get(target.names[0])
        if not known and own is None:
            return None
        for unit in (*known.values(), *([] if own is None else [own])):
            parse_unit(unit)
        return cls(known, own)

    def mismatch(self, formula: Formula) -> str | None:
        """What in a formula its units forbid, whatever units its constants have; None if nothing.

        Factors and terms that are numbers may stand for constants with a unit.
        """
        measured, _ = with_measured_constants(formula)
        return _solved(measured, self)[1]

    def of_constants(self, formula: Formula) -> Formula:
        """The formula whose constants have their units."""
        found, wrong = _solved(formula, self)
        if wrong is not None:
            return formula
        constants = tuple(replace(c, unit=found.get(c.name, "")) for c in formula.constants)
        return replace(formula, constants=constants)

    def monomial(self, names: tuple[str, ...]) -> Law | None:
        """The only product of powers of the inputs with the dimension of the output, if any."""
        if self.output is None or any(name not in self.inputs for name in names):
            return None
        columns = np.stack([_vector(self.inputs[name])[:-1] for name in names], axis=1)
        target = _vector(self.output)[:-1]
        if np.linalg.matrix_rank(columns) < len(names):
            return None
        powers = np.linalg.lstsq(columns, target, rcond=None)[0]
        if np.abs(columns @ powers - target).max() > _WRONG or not powers.any():
            return None
        c = sympy.Symbol("c" if "c" not in names else "c_")
        product = c
        for name, power in zip(names, powers.tolist(), strict=True):
            product *= sympy.Symbol(name) ** sympy.Rational(Fraction(power).limit_denominator(12))
        return Law(product, {c: 1.0}, "units", np.inf)


@dataclass
class _Equations:
    """Linear equations for the unknown dimensions of symbols."""

    units: Units
    values: Mapping[str, float]
    inputs: tuple[str, ...]
    unknown: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[dict[str, float], np.ndarray, str]] = field(default_factory=list)

    def zero(self, of: "_Affine", words: str) -> None:
        self.rows.append((of.unknown, of.known, words))

    def dimension(self, expr: Any) -> "_Affine":
        if expr.is_Symbol:
            if expr.name in self.units.inputs:
                return _Affine({}, _vector(self.units.inputs[expr.name]))
            self.unknown.setdefault(expr.name, len(self.unknown))
            return _Affine({expr.name: 1.0}, np.zeros(8))
        if expr.is_number:
            return _Affine({}, np.zeros(8))
        parts = [self.dimension(part) for part in expr.args]
        if expr.is_Mul:
            return sum(parts[1:], parts[0])
        if expr.is_Pow:
            return self._power(expr, *parts)
        if expr.is_Add or isinstance(expr, sympy.Max | sympy.Min):
            for part, term in zip(parts[1:], expr.args[1:], strict=True):
                self.zero(part + parts[0] * -1, f"{term} is added to {expr.args[0]}")
            return parts[0]
        if isinstance(expr, sympy.Abs):
            return parts[0]
        if not isinstance(expr, _FREE):
            for part, argument in zip(parts, expr.args, strict=True):
                self.zero(part, f"{expr.func.__name__} is taken of {argument}")
        return _Affine({}, np.zeros(8))

    def _power(self, expr: Any, base: "_Affine", exponent: "_Affine") -> "_Affine":
        self.zero(exponent, f"{expr.exp} is an exponent")
        if not {s.name for s in expr.exp.free_symbols} <= set(self.values):
            self.zero(base, f"{expr.base} has a power that varies")
            return _Affine({}, np.zeros(8))
        numbers = {sympy.Symbol(name): value for name, value in self.values.items()}
        power = float(expr.exp.xreplace(numbers))
        return base * power


@dataclass(frozen=True, eq=False)
class _Affine:
    """A dimension: multiples of unknown ones, and powers of base units with log10 of the scale."""

    unknown: dict[str, float]
    known: np.ndarray

    def __add__(self, other: "_Affine") -> "_Affine":
        names = {*self.unknown, *other.unknown}
        parts = {n: self.unknown.get(n, 0.0) + other.unknown.get(n, 0.0) for n in names}
        return _Affine(parts, self.known + other.known)

    def __mul__(self, factor: float) -> "_Affine":
        return _Affine({n: factor * v for n, v in self.unknown.items()}, factor * self.known)


def _vector(unit: str) -> np.ndarray:
    """Powers of the base units and the logarithm of the scale, shape (8,)."""
    powers = [float(power) for power in parse_unit(unit).powers]
    scale = unit_scale(unit)
    return np.array([*powers, math.log10(scale) if scale > 0 else 0.0])


def _solved(formula: Formula, units: Units) -> tuple[dict[str, str], str | None]:
    """Units of unknown symbols, and what cannot be."""
    equations = _Equations(units, formula.values, formula.inputs)
    whole = equations.dimension(formula.template)
    if units.output is not None:
        whole = whole + _Affine({}, -_vector(units.output))
        equations.zero(whole, f"the whole is in {units.output}")
    names = list(equations.unknown)
    if not equations.rows:
        return {}, None
    matrix = np.array([[row.get(name, 0.0) for name in names] for row, _, _ in equations.rows])
    wanted = -np.stack([known for _, known, _ in equations.rows])
    found = np.linalg.lstsq(matrix, wanted, rcond=None)[0] if names else np.zeros((0, 8))
    left = np.abs(matrix @ found - wanted)[:, :7] if names else np.abs(wanted)[:, :7]
    wrong = np.flatnonzero(left.max(axis=1) > _WRONG)
    if len(wrong):
        return {}, equations.rows[wrong[0]][2]
    known = _factors_of(units)
    fixed = {name: found[i] for i, name in enumerate(names) if _is_determined(matrix, i)}
    return {n: _in_known(vector, known) or _written(vector) for n, vector in fixed.items()}, None


def _is_determined(matrix: np.ndarray, place: int) -> bool:
    """Whether linear equations leave one unknown no choice."""
    others = np.delete(matrix, place, axis=1)
    return bool(np.linalg.matrix_rank(others) < np.linalg.matrix_rank(matrix))


def _factors_of(units: Units) -> dict[str, np.ndarray]:
    """The single units, such as mmol and g of mmol/g, in which the table is."""
    texts = [*units.inputs.values(), *([] if units.output is None else [units.output])]
    names = dict.fromkeys(name for text in texts for name, _ in unit_factors(text))
    return {name: _vector(name) for name in names}


def _in_known(vector: np.ndarray, known: Mapping[str, np.ndarray]) -> str | None:
    """A unit as a product of powers of as few of the table's units as will do, if any will."""
    if np.abs(vector).max() < _WRONG:
        return ""
    for count in range(1, min(len(known), _MOST_FACTORS) + 1):
        for names in combinations(known, count):
            columns = np.stack([known[name] for name in names], axis=1)
            powers = np.linalg.lstsq(columns, vector, rcond=None)[0]
            near = [Fraction(power).limit_denominator(12) for power in powers.tolist()]
            if np.abs(columns @ np.array(near, dtype=float) - vector).max() < _WRONG and all(near):
                return " ".join(map(_power, names, near))
    return None


def _power(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}"


def _written(vector: np.ndarray) -> str:
    """A unit in base units, such as "s m^-1/2", with its scale in front if that is not 1."""
    factors = []
    for name, power in zip(BASE_UNITS, vector[:7].tolist(), strict=True):
        near = Fraction(power).limit_denominator(12)
        if abs(power - near) > _WRONG:
            factors.append(f"{name}^{power:.4g}")
        elif near:
            factors.append(_power(name, near))
    scale = float(10.0 ** vector[7])
    if factors and abs(scale - 1) > _TENTHS:
        factors.insert(0, f"{scale:.6g}")
    return " ".join(factors)


def _defined(units: Mapping[str, str]) -> dict[str, str]:
    """Units by name, without those that are none."""
    found = {}
    for name, unit in units.items():
        try:
            parse_unit(unit)
        except InputError as error:
            _log.info("column %r has no unit: %s", name, error)
            continue
        found[name] = unit
    return found


def with_units(result: Extraction, units: Units) -> Extraction:
    """A result whose constants have their units, with a finding where the units disagree."""
    wrong = [units.mismatch(formula) for formula in result.formulas]
    doubts = tuple(
        Finding(Status.UNITS_DISAGREE, "units", text) for text in wrong if text is not None
    )
    status = tuple(one for one in result.status if not doubts or one.status is not Status.OK)
    known = dict(units.inputs) | dict.fromkeys(result.output_names, units.output or "")
    return replace(
        result,
        data=None if result.data is None else replace(result.data, units=known),
        formulas=tuple(map(units.of_constants, result.formulas)),
        front=tuple(
            replace(point, formulas=tuple(map(units.of_constants, point.formulas)))
            for point in result.front
        ),
        status=(*status, *doubts),
    )
