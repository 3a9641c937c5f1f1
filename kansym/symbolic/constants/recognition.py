"""Replace measured constants by exact numbers where the judge does not object.

The judge is either measured data, whose noise decides by an F test, or a trained network, whose
error is systematic: there a number may raise the error by a stated share. In both cases a constant
has a window of values that it may take while the others are refitted; the exact number that is
cheapest to name within it is tried, and kept only if the refit confirms it. A number may not take
more bits to name than the width of the window allows, or a coincidence would pass for a finding;
multiples of pi, roots and the like must also be so rare that chance seldom puts one as cheap there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np
import sympy
from scipy import special

from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.exact_numbers import nearest_exact
from kansym.symbolic.constants.refinement import Refined, refine_near
from kansym.symbolic.constants.template_fit import Observations

__all__ = ["Allowance", "JudgeKind", "Recognised", "recognise"]

JudgeKind = Literal["data", "network"]

_ONE_NUMBER = 9.0
_CONFIDENCE = 0.999
_GROWTH = 1.3
_FLOOR = {"data": 1e-13, "network": 1e-9}
_FIRST_STEPS, _REFIT_STEPS = 100, 25
_FREE_BITS = 1.6
_EXPONENT_BITS = 4.0
_TIE_ODDS = 32
_NOT_WORTH_A_STEP = 1e-7
_UNIT_WINDOW = 0.3
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Allowance:
    """How much the sum of squared residuals may grow.

    Attributes
    ----------
    judge : ``"data"``: noise, an F test at 99.9 % in all and three standard errors for each
        constant; ``"network"``: a systematic error, which may grow by 30 %.
    rss : sum of squares with all constants free.
    rows, constants : counts with all constants free.
    scale : spread of the target; errors below 1e-13 of it (1e-9 for a network) are rounding.
    accuracy : relative error that is accepted in any case.
    """

    judge: JudgeKind
    rss: float
    rows: int
    constants: int
    scale: float
    accuracy: float = 0.0

    @property
    def floor(self) -> float:
        """Sum of squares below which nothing is worth explaining."""
        return self.rows * (max(_FLOOR[self.judge], self.accuracy) * self.scale) ** 2

    @property
    def variance(self) -> float:
        """Variance of the noise."""
        return self.rss / max(1, self.rows - self.constants)

    def limit(self, fixed: int) -> float:
        """Largest sum of squares that is accepted once so many constants are fixed."""
        if self.judge == "network":
            return max(self.rss * _GROWTH**2, self.floor)
        fixed = max(1, fixed)
        freedom = max(1, self.rows - self.constants)
        ratio = max(float(special.fdtri(fixed, freedom, _CONFIDENCE)), _ONE_NUMBER / fixed)
        return max(self.rss + fixed * ratio * self.variance, self.floor)

    def room(self, now: float, fixed: int) -> float:
        """Growth that one more number may cause."""
        left = max(self.limit(fixed + 1) - now, 0.0)
        if self.judge == "network":
            return left
        return max(min(left, _ONE_NUMBER * self.variance), self.floor - now)


@dataclass(frozen=True)
class Recognised:
    """A formula in which some constants have become exact.

    Attributes
    ----------
    expr : the template with exact numbers in place of the recognised constants.
    refined : the constants that are still free.
    exact : what each recognised constant became.
    allowance : what growth of the error was accepted, for a further round.
    """

    expr: sympy.Expr
    refined: Refined
    exact: dict[str, sympy.Expr]
    allowance: Allowance


def recognise(
    template: sympy.Expr,
    data: Observations,
    start: Mapping[Any, float],
    *,
    judge: JudgeKind = "data",
    allowance: Allowance | None = None,
    accuracy: float = 0.0,
    named: Mapping[str, float] | None = None,
    deadline: Deadline | None = None,
) -> Recognised:
    """Put exact numbers for the constants of a formula, one after the other, refitting the rest.

    Parameters
    ----------
    template : expression in the inputs and the constants.
    data : rows that the formula is held against.
    start : constant (symbol or name) to its value.
    judge : whether y is measured (``"data"``) or computed by a network (``"network"``).
    allowance : what growth of the error is accepted; from the first fit unless given.
    accuracy : error over the spread of y that is accepted in any case.
    named : further numbers to recognise, such as physical constants.
    deadline : when to stop with what there is.

    Examples
    --------
    >>> a, b, x = sympy.symbols("a b x")
    >>> X = np.linspace(0, 1, 30)[:, None]
    >>> y = 2 * np.sin(np.pi * X[:, 0])
    >>> data = Observations(("x",), X, y)
    >>> recognise(a * sympy.sin(b * x), data, {a: 2.01, b: 3.1}).expr
    2*sin(pi*x)
    """
    if judge not in _FLOOR:
        raise InputError(f"The judge is 'data' or 'network', {judge!r} was given.")
    search = _Recognition(template, start, data, named, deadline or Deadline.never())
    return search.run(allowance or search.allowance(judge, accuracy))


@dataclass(frozen=True)
class _State:
    expr: sympy.Expr
    refined: Refined
    exact: dict[str, sympy.Expr]


@final
class _Recognition:
    """One run over the constants of one formula."""

    def __init__(
        self,
        template: sympy.Expr,
        start: Mapping[Any, float],
        data: Observations,
        named: Mapping[str, float] | None,
        deadline: Deadline,
    ) -> None:
        self.data, self.named, self.deadline = data, named, deadline
        self.state = _State(template, self.refit(template, start, _FIRST_STEPS), {})
        self.refused: set[tuple[str, str]] = set()

    def allowance(self, judge: JudgeKind, accuracy: float) -> Allowance:
        """How far the sum of squares may grow from where it is."""
        y, refined = self.data.y, self.state.refined
        scale = float(np.std(y)) or float(np.abs(y).max()) or 1.0
        constants = len(refined.values)
        return Allowance(judge, refined.rss, refined.rows, constants, scale, accuracy)

    def run(self, allowance: Allowance) -> Recognised:
        """All constants together, then one after the other."""
        self.allowed = allowance
        if self.state.refined.rank == len(self.state.refined.values):
            self.all_at_once()
        while not self.deadline.passed and (self.one_number() or self.one_tie()):
            pass
        return Recognised(self.state.expr, self.state.refined, self.state.exact, self.allowed)

    def refit(self, expr: sympy.Expr, start: Mapping[Any, float], steps: int) -> Refined:
        values = {getattr(key, "name", key): value for key, value in start.items()}
        free = {symbol.name for symbol in expr.free_symbols}
        kept = {name: value for name, value in values.items() if name in free}
        return refine_near(
            expr, self.data, kept, steps=steps, enough=_NOT_WORTH_A_STEP, deadline=self.deadline
        )

    def windows(self) -> np.ndarray:
        """How far each constant may go while the others follow."""
        refined = self.state.refined
        room = self.allowed.room(refined.rss, len(self.state.exact))
        shapes = np.diag(self._shapes())
        # What the data do not determine stays free, however little room there is.
        free = np.isinf(shapes)
        windows = np.sqrt(max(room, 0.0) * np.where(free, 1.0, shapes))
        # Residuals of zero say nothing of the last digit.
        least = _ROUNDING * np.abs(list(refined.values.values()))
        return np.where(free, np.inf, np.maximum(windows, least))

    def _shapes(self) -> np.ndarray:
        """Inverse curvature of the sum of squares."""
        refined = self.state.refined
        freedom = max(1, refined.rows - len(refined.values))
        variance = max(refined.rss, 1e-300) / freedom
        return refined.covariance / variance

    def choices(self) -> list[tuple[str, sympy.Expr, float]]:
        """For each constant the exact number to try, the safest first."""
        found: list[tuple[float, str, sympy.Expr, float]] = []
        exponents = self._exponents()
        for (name, value), window in zip(
            self.state.refined.values.items(), self.windows(), strict=True
        ):
            for number, bits in self._numbers(value, float(window), name in exponents):
                if (name, str(number)) not in self.refused:
                    away = abs(value - _value(number, self.named)) / max(window, 1e-300)
                    found.append((bits + 2 * away, name, number, bits))
        found.sort(key=lambda entry: entry[0])
        return [(name, number, bits) for _, name, number, bits in found]

    def _numbers(
        self, value: float, window: float, is_exponent: bool
    ) -> list[tuple[sympy.Expr, float]]:
        if not math.isfinite(window):
            # The data do not determine this constant: the simplest value will do.
            return [(sympy.Integer(n), abs(n) * 1.0) for n in (0, 1, -1)]
        numbers: list[tuple[sympy.Expr, float]] = []
        if abs(value) <= window:
            numbers.append((sympy.Integer(0), 0.0))
        elif abs(abs(value) - 1) <= window < _UNIT_WINDOW:
            # A factor or an exponent of one is no number at all.
            numbers.append((sympy.Integer(1 if value > 0 else -1), 0.0))
        precision = math.log2(max(abs(value), 1e-300) / max(window, 1e-300))
        trials = math.log2(len(self.state.refined.values)) / 2
        bits = 1.5 * precision - 3.0 - trials + (_EXPONENT_BITS if is_exponent else 0.0)
        near = nearest_exact(
            value, window, min(max(bits, _FREE_BITS), 24.0), self.named, rational=is_exponent
        )
        if near is not None:
            numbers.append(near)
        return numbers

    def _exponents(self) -> set[str]:
        powers = self.state.expr.atoms(sympy.Pow)
        return {p.exp.name for p in powers if p.exp.is_Symbol}

    def all_at_once(self) -> None:
        """Each constant's best number together: one refit, where everything is clear."""
        chosen: dict[str, sympy.Expr] = {}
        for name, number, _ in self.choices():
            chosen.setdefault(name, number)
        if len(chosen) > 1:
            self.accept(chosen)

    def one_number(self) -> bool:
        """Recognise one constant; whether there was one."""
        for name, number, _ in self.choices():
            if self.deadline.passed:
                return False
            if self.accept({name: number}):
                return True
            self.refused.add((name, str(number)))
        return False

    def one_tie(self) -> bool:
        """Let two constants of equal size be one; whether there were two."""
        names = list(self.state.refined.values)
        values = list(self.state.refined.values.values())
        shapes = self._shapes()
        room = self.allowed.room(self.state.refined.rss, len(self.state.exact))
        # Of many pairs some are close by chance.
        rarest = 1 / (_TIE_ODDS * max(1, len(names) * (len(names) - 1)))
        for i in range(len(names)):
            for j in range(i):
                sign = 1 if values[i] * values[j] > 0 else -1
                spread = shapes[i, i] + shapes[j, j] - 2 * sign * shapes[i, j]
                window = math.sqrt(max(room * spread, 0.0)) if math.isfinite(spread) else 0.0
                close = abs(values[i] - sign * values[j]) <= window < rarest * abs(values[i])
                tie = (names[i], f"{sign}{names[j]}")
                if close and tie not in self.refused:
                    if self.accept({names[i]: sign * sympy.Symbol(names[j])}):
                        return True
                    self.refused.add(tie)
        return False

    def accept(self, chosen: Mapping[str, sympy.Expr]) -> bool:
        """Put numbers in place of constants if the refitted formula is as good."""
        expr = _replaced(self.state.expr, chosen)
        if expr is None:
            return False
        expr_to_fit = _replaced(expr, _as_numbers(self.named)) if self.named else expr
        if expr_to_fit is None:
            return False
        refined = self.refit(expr_to_fit, self.state.refined.values, _REFIT_STEPS)
        fixed = self.allowed.constants - len(refined.values)
        good = refined.rss <= self.allowed.limit(fixed)
        if good and refined.rank >= min(self.state.refined.rank - len(chosen), len(refined.values)):
            self.state = _State(expr, refined, {**self.state.exact, **chosen})
            self.allowed = replace(self.allowed, rss=min(self.allowed.rss, max(refined.rss, 0.0)))
            return True
        return False


def _replaced(expr: sympy.Expr, chosen: Mapping[str, sympy.Expr]) -> sympy.Expr | None:
    found = expr.xreplace({sympy.Symbol(name): number for name, number in chosen.items()})
    bad = found.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)
    return None if bad else found


def _as_numbers(named: Mapping[str, float]) -> dict[str, sympy.Expr]:
    return {name: sympy.Float(value) for name, value in named.items()}


def _value(number: sympy.Expr, named: Mapping[str, float] | None) -> float:
    symbols: dict[sympy.Expr, Any] = {sympy.Symbol(n): v for n, v in (named or {}).items()}
    return float(number.xreplace(symbols) if symbols else number)
