r"""Waves whose phase is a sum of plain terms with unknown weights: y = S + A cos(w·t) + B sin(w·t).

The power of what polynomials leave of y is computed on a grid of all weights of two or three terms,
or of every input: with :math:`e^{i w \cdot t}` a product it is a product of matrices. A wave whose
weights are a little off is one whose S, A and B turn slowly: the phase of A and B along the terms
says by how much.

References
----------
N. R. Lomb, Least-squares frequency analysis of unequally spaced data, Astrophys. Space Sci. 39
(1976) 447, doi:10.1007/BF00648343.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import sympy
from jaxtyping import Float
from scipy.optimize import minimize

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import values_of
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.expressions import short_expressions
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.rough_targets import Rough
from kansym.symbolic.laws.sparse_polynomial import polynomials
from kansym.symbolic.laws.sums_of_parts import SumOfParts, to_digits

__all__ = ["PlaneWaves"]

Array = np.ndarray

_FEWEST_ROWS, _MOST_ROWS, _INPUTS = 200, 2000, (2, 5)
_TARGETS = ("y", "1/y", "sqrt y", "cbrt y", "log y")
_SHORT = 200
"""Short expressions of which the plainest are terms."""
_SETS = ((2, 60, 75.0), (3, 24, 12.0))
"""Terms in a phase, how many they are taken from, and the largest phase over half the range of one,
in radians."""
_OF_INPUTS, _AT_ONCE, _STEP = 4_000_000, 3, 1.5
"""Points of the grid for all inputs, terms whose grid is small enough to be held at once, and steps
of every grid, in radians over half a range."""
_EVEN = 12.0
"""Half the range of a term over its usual distance from the middle: one with poles is none."""
_QUICK = 1.5
"""Spread of a phase in radians from which on it turns."""
_SHOWN, _LOOKED_AT, _FOLLOWED, _LONGER = 0.12, 60, 8, 2
"""Share of what is left that a wave explains, if it is one; places of a grid that are looked into,
waves that others are fitted beside, and their terms over the fewest if they are named."""
_FEW_TERMS = 30
"""Terms of an exact sum that is the right one."""
_HINT, _BELIEVED, _AS_GOOD = 0.7, 1e-4, 3.0
"""Error with a wave over the one without that is worth more, over the spread of one that is there,
and how much worse one with short weights may be."""
_ROUNDS, _SETTLED, _ROUNDING = 8, 1e-9, 1e-11
"""Times that weights are mended, their change over all terms that ends it, and error of a sum that
is rounding."""
_WAVE = (sympy.cos, sympy.sin)
_DIGITS = 2
"""Of the logarithm of what two waves leave that are one."""
_OF_NONE = 1e-5
"""Phase, in radians over half a range, of a term that is not in the sum."""
_DEGREES, _ROWS_PER_COLUMN = (2, 3), 2
"""Of polynomials for what scales a wave at first, and rows for each of their terms."""
_GAINED = 0.5
"""Error over the one before at which weights are mended again."""
_NEAR = (0.5, 0.5, 0.05, 5e-3, 5e-4)
"""How far from a short weight of so many digits it may be found, in radians over the range."""


class PlaneWaves:
    """The source of laws that hold a wave of a sum of terms with any weights.

    Parameters
    ----------
    sources : that are asked for the laws of what is beside the wave.
    slow : whether waves that polynomials follow are sought, too.
    """

    name = "plane wave"

    def __init__(self, sources: Sequence[Source], *, slow: bool = False) -> None:
        self.sources, self.slow = sources, slow

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws with the waves that explain most; nothing for rows with noise, or smooth ones."""
        own = rows.with_varying()
        if not rows.may_be_exact(_FEWEST_ROWS) or not _INPUTS[0] <= len(own.names) <= _INPUTS[1]:
            return
        order = np.random.default_rng(0).permutation(len(own.y))
        rough = Rough.targets(own, _TARGETS, order)
        smooth = next((each.target for each in rough if not each.is_rough), None)
        if smooth is not None:
            slow = Rough.of(smooth, own, order, 1 + len(own.names)) if self.slow else None
            rough = [] if slow is None else [slow]
        waves = [
            wave for each in rough for lot in _lots(each, own.names)
            for wave in _likely(each, *lot, until)
        ]  # fmt: skip
        sums = list[SumOfParts]()
        for wave in _mended(waves, own, until)[:_FOLLOWED]:
            if until.passed:
                return
            sums += [] if (sum_ := wave.named(own, until)) is None else [sum_]
            if sums and sums[-1].error < _ROUNDING and _terms(sums[-1]) < _FEW_TERMS:
                break
        # A wave that is about right has as little error, and many terms that turn it.
        sums.sort(key=_terms)
        for sum_ in sums:
            if _terms(sum_) <= _LONGER * _terms(sums[0]):
                words = f"{self.name}, {sum_.target.name}"
                yield from sum_.laws(own, words, self.sources, until)


@dataclass(frozen=True, eq=False)
class _Wave:
    """A sum of terms that may be the phase of a wave.

    Attributes
    ----------
    left : of the target over what low polynomials alone leave; 1 if not fitted.
    terms, weights : of the phase.
    exact : whether the weights are.
    phase : beside the terms where the sine alone does; None where it takes the cosine, too.
    """

    rough: Rough
    left: float
    terms: tuple[sympy.Expr, ...]
    weights: Float[np.ndarray, " terms"]
    exact: bool = False
    phase: float | None = None

    @property
    def plainness(self) -> tuple[float, int]:
        """Those that leave least first, of these the plainest."""
        operations = sum(sympy.count_ops(term) for term in self.terms)
        return round(np.log10(max(self.left, _SETTLED)), _DIGITS), operations

    def mended(self, rows: Rows) -> "_Wave | None":
        """With weights at which polynomials that scale it do not turn; None if it is no wave."""
        t, z = self._on(rows)
        half, weights, left = np.ptp(t, axis=0) / 2, self.weights, 1.0
        for degree in _DEGREES:
            columns = polynomials(rows.X[: len(z)], degree)
            if _ROWS_PER_COLUMN * 3 * columns.shape[1] > len(z):
                break
            alone = _left(columns, z)[0]
            for _ in range(_ROUNDS):
                p = t @ weights
                scaled = [columns, columns * np.cos(p)[:, None], columns * np.sin(p)[:, None]]
                error, fitted = _left(np.hstack(scaled), z)
                if not (left := error / alone) < _HINT:
                    return None
                a, b = (columns @ part for part in np.split(fitted, 3)[1:])
                step = _turn(a - 1j * b, t)
                weights = weights + step
                if np.abs(step * half).max() < _SETTLED:
                    break
        used = np.abs(weights * half) > _OF_NONE
        if not used.any():
            return None
        terms = tuple(term for term, kept in zip(self.terms, used, strict=True) if kept)
        return replace(self, left=left, terms=terms, weights=weights[used])

    def _on(self, rows: Rows) -> tuple[Array, Array]:
        """Terms and the target on the first rows."""
        count = min(len(rows.y), _MOST_ROWS)
        return _values(self.terms, rows)[:count], self.rough.target.forward(rows.y[:count])

    def named(self, rows: Rows, until: Deadline) -> SumOfParts | None:
        """What is beside and before the wave, with weights that are mended by it, short if good."""
        best, wave = self.beside(rows), self
        while best is not None and best.error > _SETTLED and not until.passed:
            t, _ = wave._on(rows)
            cos, sin = (_scale(best, of) for of in _WAVE)
            turned = replace(wave, weights=wave.weights + _turn(cos - 1j * sin, t))
            found = turned.beside(rows)
            if found is None or found.error > _GAINED * best.error:
                break
            best, wave = found, turned
        if best is None or best.error > _BELIEVED:
            return None
        ranges = np.ptp(wave._on(rows)[0], axis=0)
        for digits, near in enumerate(_NEAR, 1):
            short = np.array([to_digits(w, digits) for w in wave.weights])
            if np.abs((short - wave.weights) * ranges).max() < near:
                exact = replace(wave, weights=short, exact=True)
                found = exact.beside(rows)
                if found is not None and _is_as_good(found, best):
                    best, wave = found, exact
                    break
        return wave._with_phase(best, rows)

    def _with_phase(self, sum_: SumOfParts, rows: Rows) -> SumOfParts:
        """The sine with a phase, where what scales the cosine is a multiple of what scales it."""
        a, b = (_scale(sum_, of) for of in _WAVE)
        if not a.any() or not b.any():
            return sum_
        phase = float(np.arctan2(a @ b / (b @ b), 1.0))
        found = replace(self, phase=phase, exact=False).beside(rows)
        return found if found is not None and _is_as_good(found, sum_) else sum_

    def beside(self, rows: Rows) -> SumOfParts | None:
        """What stands beside and before its cosine and sine."""
        argument, start = sympy.S.Zero, dict[sympy.Symbol, float]()
        for k, (term, weight) in enumerate(zip(self.terms, self.weights.tolist(), strict=True)):
            if self.exact and weight == round(weight):
                argument += int(weight) * term
            else:
                symbol = sympy.Dummy(f"weight{k}")
                argument, start[symbol] = argument + symbol * term, weight
        every, target = tuple(range(len(rows.names))), self.rough.target
        if self.phase is not None:
            symbol = sympy.Dummy("phase")
            argument, start[symbol] = argument + symbol, self.phase
        waves = _WAVE if self.phase is None else _WAVE[1:]
        known = [(Law(of(argument), start, str(of), 0.0), every) for of in waves]
        z = target.forward(rows.y[:_MOST_ROWS])
        return SumOfParts.of(target, z, every, known, rows, exact=self.exact)


def _is_as_good(found: SumOfParts, before: SumOfParts) -> bool:
    """Whether one sum is no worse than another, and no longer."""
    error = max(_AS_GOOD * before.error, _ROUNDING)
    return found.error < error and _terms(found) <= _terms(before)


def _terms(sum_: SumOfParts) -> int:
    """Of the polynomials of all parts."""
    return sum(part.terms for part in sum_.parts)


def _mended(waves: "list[_Wave]", rows: Rows, until: Deadline) -> "list[_Wave]":
    """The waves with mended weights, those beside which low polynomials leave least first."""
    every = [None if until.passed else wave.mended(rows) for wave in waves]
    found, met = list[_Wave](), set[tuple[str, float]]()
    for wave in sorted((wave for wave in every if wave is not None), key=lambda w: w.plainness):
        if (mark := (wave.rough.target.name, wave.plainness[0])) not in met:
            met.add(mark)
            found.append(wave)
    return found


def _scale(sum_: SumOfParts, of: sympy.FunctionClass) -> Array:
    """What scales the cosine or the sine; 0 where nothing does."""
    scales = (part.values for part in sum_.parts if part.factor.source == str(of))
    return next(scales, np.zeros_like(sum_.z))


def _values(terms: Sequence[sympy.Expr], rows: Rows) -> Array:
    """Expressions of the inputs on the rows (rows, terms)."""
    return np.column_stack([values_of(term, {}, rows) for term in terms])


def _left(columns: Array, z: Array) -> tuple[float, Array]:
    """What least squares leave of a target, and the weights."""
    weights = np.linalg.lstsq(columns, z, rcond=None)[0]
    return float(np.std(z - columns @ weights)), weights


def _turn(scale: Array, t: Array) -> Array:
    """How much the phase of what scales a wave grows with each term, whatever its sign."""
    square = scale**2
    square = square * np.conj(np.sum(square)) / (abs(np.sum(square)) or 1.0)
    size = np.abs(scale)
    columns = np.column_stack([np.ones(len(t)), t]) * size[:, None]
    slopes = np.linalg.lstsq(columns, np.angle(square) / 2 * size, rcond=None)[0]
    return slopes[1:]


@dataclass(frozen=True, eq=False)
class _Terms:
    """Terms that a phase may be a sum of, on the rows that are looked at.

    Attributes
    ----------
    exprs, values : shape of the values (terms, rows).
    left : of the target (rows,).
    """

    exprs: Sequence[sympy.Expr]
    values: Float[np.ndarray, "terms rows"]
    left: Float[np.ndarray, " rows"]

    @cached_property
    def unit(self) -> Float[np.ndarray, "terms rows"]:
        """Terms on the range from -1 to 1."""
        low, high = self.values.min(axis=1)[:, None], self.values.max(axis=1)[:, None]
        return (2 * self.values - low - high) / (high - low)

    def taken(self, most: int) -> "_Terms":
        """The plainest, without sums and those with poles."""
        middle = np.median(np.abs(self.unit), axis=1) * _EVEN > 1
        kept = [k for k, e in enumerate(self.exprs) if middle[k] and not e.is_Add][:most]
        return _Terms([self.exprs[k] for k in kept], self.values[kept], self.left)

    def phases(self, largest: float) -> tuple[Array, Array]:
        """Weights over half a range, and the waves of each term (terms, weights, rows)."""
        steps = _STEP * np.arange(-int(largest / _STEP), int(largest / _STEP) + 1)
        waves = np.exp(1j * self.unit[:, None, :] * steps[:, None]).astype(np.complex64)
        return steps, waves

    def most_alike(self, count: int, largest: float, until: Deadline) -> "list[_Spot]":
        """For all sets of so many terms the weights whose wave explains most."""
        steps, waves = self.phases(largest)
        forward, n = len(steps) // 2, len(self.exprs)
        spread, found = self.unit.var(axis=1), list[_Spot]()
        for first in combinations(range(n - 1), count - 1):
            if until.passed:
                break
            last = np.arange(first[-1] + 1, n)
            other = waves[last].reshape(-1, waves.shape[2]).T
            lots = 1 if count <= _AT_ONCE else forward
            best: list[_Spot | None] = [None] * len(last)
            for some in np.array_split(np.arange(forward, len(steps)), lots):
                known, grid = self.left * waves[first[0], some], steps[some, None]
                for k in first[1:]:
                    known = (known[:, None] * waves[k]).reshape(-1, waves.shape[2])
                    longer = np.repeat(grid, len(steps), axis=0), np.tile(steps, len(grid))
                    grid = np.column_stack(longer)
                power = (np.abs(known @ other) ** 2).reshape(len(known), len(last), len(steps))
                slow = (grid**2 @ spread[list(first)])[:, None, None]
                power[slow + (steps**2 * spread[last][:, None])[None] < _QUICK**2] = 0
                for place, k in enumerate(last.tolist()):
                    i, j = np.unravel_index(int(power[:, place].argmax()), power[:, place].shape)
                    share = 2 * float(power[i, place, j]) / waves.shape[2]
                    if (before := best[place]) is None or share > before.share:
                        weights = np.array([*grid[i], steps[j]])
                        best[place] = _Spot(share, (*first, k), weights)
            found += [spot for spot in best if spot is not None]
        return found


@dataclass(frozen=True, eq=False)
class _Spot:
    """A place on a grid: the share of a wave there, its terms, and weights over half a range."""

    share: float
    places: tuple[int, ...]
    weights: Float[np.ndarray, " terms"]

    def refined(self, terms: _Terms) -> tuple[float, Array]:
        """The largest share nearby, and the weights for terms in their own units."""
        t = terms.unit[list(self.places)]

        def power(weights: Array) -> tuple[float, Array]:
            phase = weights @ t
            c, s = terms.left * np.cos(phase), terms.left * np.sin(phase)
            slope = 2 * (s.sum() * (t @ c) - c.sum() * (t @ s))
            return -float(c.sum() ** 2 + s.sum() ** 2), -slope

        best = minimize(power, self.weights, jac=True, method="L-BFGS-B")
        half = np.ptp(terms.values[list(self.places)], axis=1) / 2
        return -2 * float(best.fun) / t.shape[1], best.x / half


def _lots(rough: Rough, names: tuple[str, ...]) -> list[tuple[_Terms, int, float]]:
    """Terms, how many of them a phase has, and the largest weight of one; small sets first."""
    inputs = Quantities.inputs(rough.X, names)
    few = short_expressions(inputs, _SHORT)
    every = _Terms([few.expr(k) for k in range(len(few))], few.values, rough.left)
    lots = [(every.taken(most), count, largest) for count, most, largest in _SETS]
    if len(names) > _SETS[-1][0]:
        own = _Terms(inputs.exprs, inputs.values.T, rough.left)
        lots.append((own, len(names), _STEP * ((_OF_INPUTS ** (1 / len(names)) - 1) // 2)))
    return lots


def _likely(
    rough: Rough, terms: _Terms, count: int, largest: float, until: Deadline
) -> Iterator[_Wave]:
    """The waves of some of these terms that explain most of what is left of a target."""
    spots = terms.most_alike(count, largest, until)
    for spot in sorted(spots, key=lambda spot: -spot.share)[:_LOOKED_AT]:
        share, weights = spot.refined(terms)
        if share > _SHOWN:
            yield _Wave(rough, 1.0, tuple(terms.exprs[k] for k in spot.places), weights)
