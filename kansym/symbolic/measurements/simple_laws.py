"""The laws that tables follow most often: constant, straight line, product of powers, one input.

They are tried beside whatever a network shows, because a few noisy rows do not tell a simple law
from a richer one that fits a little better: the description length does.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import sympy
from scipy.stats import rankdata

from kansym.shared.bounded_time import each_within
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import RowErrors
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.laws.univariate import USUAL, univariate_laws
from kansym.symbolic.measurements.description_length import description_length
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.refitting import refitted_form

__all__ = ["simple_laws"]

_ROWS = 1000
"""Rows on which laws of one input are sought; their constants are fitted to all."""
_SEEKING = 0.75
"""Of the time, what laws of single inputs are sought in."""
_ALWAYS = 5
"""Forms that are fitted however little time there is: the constant, lines in the nearest inputs."""
_NEAREST = 2
"""Inputs in which lines come first, of very many there may be no time for all; and sums of one
power that are fitted."""
_ASTRAY = 0.1
"""Part of the largest value by which noise may give others the wrong sign."""
_LEVELS = 3
"""Levels of an input from which a line in it says more than a power."""
_OVERTIME = 0.1
"""Seconds after its time in which a fit may end."""
_NEAR = 0.15
"""Distance of a power from a multiple of a half up to which that is tried as well."""


def simple_laws(
    names: tuple[str, ...], X: np.ndarray, y: np.ndarray, errors: RowErrors, until: Deadline
) -> list[FormulaFit]:
    """Simple laws fitted to rows, shortest description first.

    Parameters
    ----------
    names : of the inputs.
    X, y, errors : shapes (rows, inputs) and (rows,), and the errors of the rows.
    until : when to stop with what there is, whatever is being fitted then.
    """
    fits = each_within(_fitted(names, X, y, errors, until), lambda: until.left() + _OVERTIME)
    return sorted(fits, key=lambda fit: description_length(fit, y, errors))


def _fitted(
    names: tuple[str, ...], X: np.ndarray, y: np.ndarray, errors: RowErrors, until: Deadline
) -> Iterator[FormulaFit]:
    """Simple laws with their constants at the minimum, as they are proposed."""
    seen: set[sympy.Expr] = set()
    weights = None if np.ptp(errors.inverse) == 0 else errors.inverse**2
    for formula in _proposed(names, X, y, weights, until):
        if until.passed and len(seen) >= _ALWAYS:
            return
        if len(formula.constants) > len(y) or formula.template in seen:
            continue
        seen.add(formula.template)
        if (fit := refitted_form(formula, X, y, errors)) is None:
            continue
        # Without degrees of freedom there are no standard errors, which says nothing against it.
        if np.isfinite(list(fit.stderr.values())).all() or fit.freedom <= 0:
            yield fit


def _proposed(
    names: tuple[str, ...],
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    until: Deadline,
) -> Iterator[Formula]:
    """Formulas with constants to start from, the simplest first."""
    a = sympy.Symbol(_fresh("c", names))
    yield _formula(a, names, {a.name: float(y.mean())})
    varying = [i for i in range(len(names)) if np.ptp(X[:, i]) > 0]
    with np.errstate(all="ignore"):
        ranks = rankdata(np.column_stack([y, X]), axis=0)
        along = np.abs(np.nan_to_num(np.corrcoef(ranks, rowvar=False)[0, 1:]))
    varying.sort(key=lambda i: -along[i])
    lines = [*((i,) for i in varying), *([tuple(varying)] if len(varying) > 1 else [])]
    for chosen in lines[:_NEAREST]:
        yield from _linear(names, X, y, chosen)
    sign = 1.0 if y.sum() > 0 else -1.0
    if varying and np.min(sign * y) > -_ASTRAY * np.max(np.abs(y)):
        kept = sign * y > 0  # noise takes small values across zero
        yield from _products(
            names, X[kept], y[kept], varying, None if weights is None else weights[kept]
        )
    for chosen in lines[_NEAREST:]:
        yield from _linear(names, X, y, chosen)
    if 1 < len(varying) <= _MOST_FACTORS:
        yield from _sums_of_powers(names, X, y, varying)
        yield from _sums_of_one_power(names, X, y, varying)
    for i in varying[:_MOST_FACTORS]:
        yield from _straight_in_a_power(names, X[:, i], y, i)
        yield from _two_powers(names, X[:, i], y, i)
    few = np.linspace(0, len(y) - 1, min(len(y), _ROWS)).astype(int)
    for i in varying:
        if until.passed:
            break
        # All laws of an input come at the end of its time, then they are fitted.
        share = until.share(_SEEKING / len(varying))
        weight = None if weights is None else weights[few]
        given = X[few, i], y[few], names[i], 0.0, share, weight
        laws = univariate_laws(*given, stages=USUAL)
        for law in laws:
            yield _formula(law.expr, names, {s.name: v for s, v in law.start.items()})


def _formula(expr: sympy.Expr, names: tuple[str, ...], start: dict[str, float]) -> Formula:
    return Formula(expr, names, tuple(Constant(name, v, np.inf) for name, v in start.items()))


def _fresh(stem: str, names: tuple[str, ...], count: int = 0) -> str:
    name = f"{stem}{count}" if count else stem
    while name in names:
        name = f"{name}_"
    return name


def _linear(
    names: tuple[str, ...], X: np.ndarray, y: np.ndarray, chosen: tuple[int, ...]
) -> Iterator[Formula]:
    """Straight in some inputs, with and without a constant term."""
    columns = np.column_stack([X[:, chosen], np.ones(len(y))])
    for width in (len(chosen), len(chosen) + 1):
        slopes, *_ = np.linalg.lstsq(columns[:, :width], y, rcond=None)
        symbols = [sympy.Symbol(_fresh("c", names, i + 1)) for i in range(width)]
        terms = [s * sympy.Symbol(names[i]) for s, i in zip(symbols, chosen, strict=False)]
        expr = sympy.Add(*terms, *symbols[len(chosen) :])
        yield _formula(expr, names, dict(zip(map(str, symbols), slopes.tolist(), strict=True)))


_SCALES = (-2, -1, sympy.Rational(1, 2), sympy.Rational(3, 2), 2, 3, 4)
"""Powers of an input that a law may be straight in."""
_POWERS_OF_Y, _PLAIN_POWERS, _NEARER = (2, -1, -2), (-2, -1, 0, 1, 2), 6
"""Powers of y that may be sums, those of the input in them, and how many sums are fitted."""


def _straight_in_a_power(
    names: tuple[str, ...], x: np.ndarray, y: np.ndarray, place: int
) -> Iterator[Formula]:
    """Straight lines in log x and in powers of x, with a constant term."""
    symbol = sympy.Symbol(names[place])
    for scale in (sympy.log(symbol), *(symbol**power for power in _SCALES)):
        found = _sum_of_two(names, (scale, sympy.S.One), symbol, x, y, 1)
        if found is not None:
            yield found[1]


def _two_powers(
    names: tuple[str, ...], x: np.ndarray, y: np.ndarray, place: int
) -> Iterator[Formula]:
    """A power of y as a sum of two powers of x, the nearest: a x + b x^3, sqrt(a + b x^2), ..."""
    symbol = sympy.Symbol(names[place])
    pairs = list(combinations(_PLAIN_POWERS, 2))
    # Reciprocals of neighbouring powers are hyperbolas, which are known in plainer forms.
    sums = [(p, q) for q in _POWERS_OF_Y for p in pairs if q != -1 or p[1] - p[0] > 1]
    sums += [(pair, 1) for pair in combinations((-2, -1, 1, 2, 3, 4), 2)]
    tried = (_sum_of_two(names, [symbol**p for p in pair], symbol, x, y, q) for pair, q in sums)
    found = sorted((each for each in tried if each is not None), key=lambda each: each[0])
    yield from (formula for _, formula in found[:_NEARER])


def _sum_of_two(
    names: tuple[str, ...],
    terms: Sequence[sympy.Expr],
    symbol: sympy.Symbol,
    x: np.ndarray,
    y: np.ndarray,
    q: int,
) -> tuple[float, Formula] | None:
    """What y**q as a sum of two terms leaves of y, and the formula for y; None if there is none."""
    with np.errstate(all="ignore"):
        columns = np.column_stack(
            [np.broadcast_to(sympy.lambdify(symbol, t)(x), x.shape).astype(float) for t in terms]
        )
        target, weight = y ** float(q), np.abs(y) ** float(1 - q)
    if not np.isfinite(np.column_stack([columns, target, weight])).all():
        return None
    if q != 1 and y.min() < 0 < y.max():
        return None
    factors, *_ = np.linalg.lstsq(columns * weight[:, None], target * weight, rcond=None)
    values = columns @ factors
    if np.ptp(columns, axis=0).max() == 0 or (q != 1 and values.min() <= 0):
        return None
    left = float(np.sum((values ** (1 / q) - np.abs(y) if q != 1 else values - y) ** 2))
    a, b = (sympy.Symbol(_fresh("c", names, i)) for i in (1, 2))
    expr = (a * terms[0] + b * terms[1]) ** (1 / sympy.S(q)) * (1 if y.sum() > 0 or q == 1 else -1)
    return left, _formula(expr, names, dict(zip((a.name, b.name), factors.tolist(), strict=True)))


_SUMMED = (2, sympy.Rational(1, 2), -1, -2)
"""Powers that inputs may add up in to that of y: errors, sides, resistors side by side."""


def _sums_of_powers(
    names: tuple[str, ...], X: np.ndarray, y: np.ndarray, varying: list[int]
) -> Iterator[Formula]:
    """y**q as a sum of the inputs to the power q, each with a factor: (c1 x1^q + ...)^(1/q)."""
    symbols = [sympy.Symbol(_fresh("c", names, i + 1)) for i in range(len(varying))]
    for q in _SUMMED:
        with np.errstate(all="ignore"):
            power, target = X[:, varying] ** float(q), np.abs(y) ** float(q)
            weight = np.abs(y) ** (1 - float(q))  # errors of y are those of y**q over its slope
        finite = np.isfinite(np.column_stack([power, target, weight])).all()
        if not finite or y.min() < 0 < y.max():
            continue
        factors, *_ = np.linalg.lstsq(power * weight[:, None], target * weight, rcond=None)
        if factors.min() > 0:
            terms = [s * sympy.Symbol(names[i]) ** q for s, i in zip(symbols, varying, strict=True)]
            expr = int(np.sign(y.sum())) * sympy.Add(*terms) ** (1 / sympy.S(q))
            start = {s.name: float(f) for s, f in zip(symbols, factors, strict=True)}
            yield _formula(expr, names, start)


def _sums_of_one_power(
    names: tuple[str, ...], X: np.ndarray, y: np.ndarray, varying: list[int]
) -> Iterator[Formula]:
    """All inputs to the same power or as logarithms, each with a factor: the nearest of these."""
    found = []
    for scale in (None, *_SCALES):
        with np.errstate(all="ignore"):
            columns = np.log(X[:, varying]) if scale is None else X[:, varying] ** float(scale)
        if not np.isfinite(columns).all():
            continue
        columns = np.column_stack([columns, np.ones(len(y))])
        for width in (len(varying), len(varying) + 1):
            factors, *_ = np.linalg.lstsq(columns[:, :width], y, rcond=None)
            left = float(np.sum((columns[:, :width] @ factors - y) ** 2))
            found.append((width, left, scale, factors))
    for width in (len(varying), len(varying) + 1):
        nearest = sorted((f for f in found if f[0] == width), key=lambda each: each[1])
        for _, _, scale, factors in nearest[:_NEAREST]:
            symbols = [sympy.Symbol(_fresh("c", names, i + 1)) for i in range(width)]
            inputs = [sympy.Symbol(names[i]) for i in varying]
            bases = [sympy.log(x) if scale is None else x**scale for x in inputs]
            terms = [s * base for s, base in zip(symbols, bases, strict=False)]
            start = dict(zip(map(str, symbols), factors.tolist(), strict=True))
            yield _formula(sympy.Add(*terms, *symbols[len(varying) :]), names, start)


def _products(
    names: tuple[str, ...],
    X: np.ndarray,
    y: np.ndarray,
    varying: list[int],
    weights: np.ndarray | None,
) -> Iterator[Formula]:
    """Products of powers, and with exponentials: the nearest of each number of inputs.

    Errors of y may be alike or grow with it. Powers are measured, and once more multiples of a half
    where they come near.
    """
    logs, sign = np.log(np.abs(y)), float(np.sign(y[0]))
    alike = np.abs(y) * (1.0 if weights is None else np.sqrt(weights))
    nearest: dict[tuple[str, ...], np.ndarray] = {}
    for weight in (alike, np.ones(len(y))):
        found: dict[tuple[int, bool], tuple[float, tuple[str, ...], np.ndarray]] = {}
        for ways in _ways(X, varying, logs):
            columns = _columns(X, varying, ways)
            best, *_ = np.linalg.lstsq(columns * weight[:, None], logs * weight, rcond=None)
            left = float(np.sum((weight * (columns @ best - logs)) ** 2))
            count = columns.shape[1] - 1
            # Two levels of an input do not tell a power from an exponential: both are fitted.
            kind = count, {*ways} <= {"", "power"}
            if count <= _MOST_FACTORS and (kind not in found or left < found[kind][0]):
                found[kind] = left, ways, best
        nearest = {ways: best for _, ways, best in found.values()} | nearest
    for ways, best in sorted(nearest.items(), key=lambda each: len(each[1])):
        parts = [(i, way) for i, way in zip(varying, ways, strict=True) if way]
        yield _product(names, parts, best, sign, np.zeros(len(parts), dtype=bool))
        halves = np.round(2 * best[:-1]) / 2
        power = np.array([way == "power" for _, way in parts])
        if power.sum() == len(parts) - 1:
            yield from _lines_times_powers(names, X, sign * np.exp(logs), parts, halves)
        near = power & (np.abs(best[:-1] - halves) < _NEAR) & (halves != 0)
        if near.any():
            rounded = np.where(near, halves, best[:-1])
            scale = np.mean(logs - _columns(X, varying, ways)[:, :-1] @ rounded)
            yield _product(names, parts, np.array([*rounded, scale]), sign, near)


def _lines_times_powers(
    names: tuple[str, ...],
    X: np.ndarray,
    y: np.ndarray,
    parts: list[tuple[int, str]],
    powers: np.ndarray,
) -> Iterator[Formula]:
    """A line in x or 1/x in place of an exponential, which is nearly one over a short range.

    Powers of the other inputs are the multiples of a half that are nearest to the measured ones.
    """
    factor, expr = np.ones(len(y)), sympy.S.One
    for (i, way), power in zip(parts, powers, strict=True):
        if way == "power":
            factor = factor * X[:, i] ** power
            expr *= sympy.Symbol(names[i]) ** sympy.Rational(round(2 * power), 2)
    i = next(i for i, way in parts if way != "power")
    x, symbol = X[:, i], sympy.Symbol(names[i])
    if len(np.unique(x)) < _LEVELS:
        return
    a, b = (sympy.Symbol(_fresh("c", names, place)) for place in (1, 2))
    for column, term in ((x, symbol), (1 / np.where(x == 0, np.nan, x), 1 / symbol)):
        columns = factor[:, None] * np.column_stack([np.ones(len(y)), column])
        if np.isfinite(columns).all():
            (c, d), *_ = np.linalg.lstsq(columns, y, rcond=None)
            yield _formula(expr * (a + b * term), names, {a.name: float(c), b.name: float(d)})


def _columns(X: np.ndarray, varying: list[int], ways: tuple[str, ...]) -> np.ndarray:
    """What log y is a sum of, the constant last (rows, constants)."""
    used = [_COLUMNS[way](X[:, i]) for i, way in zip(varying, ways, strict=True) if way]
    return np.column_stack([*used, np.ones(len(X))])


_COLUMNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "power": np.log,
    "rate": lambda x: x,
    "length": lambda x: 1 / x,
}
"""How log y depends on an input that is in a power, in exp(a x) and in exp(a/x)."""
_MOST_WAYS, _MOST_FACTORS = 256, 8
"""Products that are looked at, and factors of a simple law."""


def _ways(X: np.ndarray, varying: list[int], logs: np.ndarray) -> Iterator[tuple[str, ...]]:
    """How each input may enter a product for log y, empty for an input that does not.

    Of many inputs those that are positive, as powers, and then without those of least effect.
    """
    able = []
    for i in varying:
        x = X[:, i]
        able.append(["power"] * bool(x.min() > 0) + ["rate"] + ["length"] * bool(x.min() > 0))
    if math.prod(len(each) + 1 for each in able) <= _MOST_WAYS:
        yield from (ways for ways in product(*(["", *each] for each in able)) if any(ways))
        return
    # They come in the order in which they go with y: more than rows determine are left out.
    left = [place for place, each in enumerate(able) if "power" in each][: len(logs) // 2]
    while left:
        ways = tuple("power" if place in left else "" for place in range(len(varying)))
        yield ways
        columns = _columns(X, varying, ways)
        best, *_ = np.linalg.lstsq(columns, logs, rcond=None)
        left.pop(int(np.argmin(np.abs(best[:-1]) * columns[:, :-1].std(axis=0))))


def _product(
    names: tuple[str, ...],
    parts: list[tuple[int, str]],
    constants: np.ndarray,
    sign: float,
    held: np.ndarray,
) -> Formula:
    """A product of powers and exponentials, the logarithm of its factor last among constants."""
    factor = sympy.Symbol(_fresh("c", names, 1))
    start, expr = {factor.name: sign * float(np.exp(constants[-1]))}, factor
    for place, ((i, way), value) in enumerate(zip(parts, constants[:-1], strict=True)):
        base = sympy.Symbol(names[i])
        if held[place]:
            expr *= base ** sympy.Rational(round(2 * value), 2)
            continue
        constant = sympy.Symbol(_fresh("c", names, place + 2))
        start[constant.name] = float(value)
        if way == "power":
            expr *= base**constant
        else:
            expr *= sympy.exp(constant * base if way == "rate" else constant / base)
    return _formula(expr, names, start)
