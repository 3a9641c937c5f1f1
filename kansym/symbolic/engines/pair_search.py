"""The search for two functions whose sum or product a target is.

All pairs of functions are screened at once. On a grid of windows every function is a list of
vectors, so that the losses of all sums, and of all products, are a few matrix products; the best
windows of every pair are then refined together, one row each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise
from typing import Self

import numpy as np
import sympy
from jaxtyping import Bool, Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.fitting.edge_fit import EdgeFit, error_bits
from kansym.symbolic.fitting.levenberg_marquardt import NormalEquations, minimise_all
from kansym.symbolic.fitting.starts import start_grid
from kansym.symbolic.library.candidate import Candidate

__all__ = ["best_pairs"]

Array = np.ndarray

WINDOWS = 100
"""Windows of a function that are screened."""
ROWS, MOST_ROWS = 96, 400
"""Rows that pairs are screened on, and refined on."""
STARTS = 6
"""Windows of a pair that are refined."""
QUARTER = 4
"""Windows of a wave from one phase to that of a quarter of a period later."""
ROUNDS = ((8, 3000), (24, 400), (60, 40))
"""Steps of refinement, and how many pairs are kept after them."""
FOUND = 12
"""Pairs that are handed on."""
FLOOR = 1e-6
"""Relative error below which a target counts as reproduced."""
PARALLEL = 1e-9
"""Least share of a function that another does not have."""
SAME = 1e-9
"""Relative difference of numbers that are equal but for rounding."""
SETTLED = 1e-6
"""Relative decrease of the loss that is none."""


@dataclass(frozen=True, eq=False)
class _Windows:
    """Functions of one input each, in a window: f(p t + q), with t the input on [-1, 1].

    Attributes
    ----------
    part, column : which function, and of which input.
    p, q : the window.
    """

    part: Int[Array, " n"]
    column: Int[Array, " n"]
    p: Float[Array, " n"]
    q: Float[Array, " n"]

    def take(self, rows: Array) -> Self:
        """Some of them."""
        return replace(
            self, part=self.part[rows], column=self.column[rows], p=self.p[rows], q=self.q[rows]
        )

    @classmethod
    def joined(cls, several: Sequence[Self]) -> Self:
        """All of several."""
        columns = ((each.part, each.column, each.p, each.q) for each in several)
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True)))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Two windows each, which are multiplied or else added."""

    first: _Windows
    second: _Windows
    is_product: Bool[Array, " n"]

    def take(self, rows: Array) -> Self:
        """Some of them."""
        first, second = self.first.take(rows), self.second.take(rows)
        return replace(self, first=first, second=second, is_product=self.is_product[rows])

    @property
    def inner(self) -> Float[Array, "n 4"]:
        """The inner constants of both windows."""
        return np.stack([self.first.p, self.first.q, self.second.p, self.second.q], axis=1)

    def moved(self, inner: Float[Array, "n 4"]) -> Self:
        """With other inner constants."""
        p, q, r, s = inner.T
        return replace(
            self, first=replace(self.first, p=p, q=q), second=replace(self.second, p=r, q=s)
        )


def best_pairs(
    inputs: Float[Array, "rows inputs"],
    target: Float[Array, " rows"],
    weights: Float[Array, " rows"],
    parts: tuple[Candidate, ...],
    symbols: Sequence[sympy.Symbol],
    deadline: Deadline,
) -> list[sympy.Expr]:
    """The sums and products of two functions that describe a target shortest, best first.

    Parameters
    ----------
    inputs, target, weights : rows; no input is constant, the target has mean 0 and variance 1
        under the weights, which sum to 1.
    parts : the functions.
    symbols : of the inputs.
    deadline : when to stop with what there is.
    """
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    t = ((inputs - middle) / half).T
    whole = _PairSearch(parts, middle, half, t, target, np.sqrt(weights), deadline)
    return whole.thinned(MOST_ROWS).best(symbols)


@dataclass(frozen=True, eq=False)
class _PairSearch:
    """The rows of a search, and the functions that are put together.

    Attributes
    ----------
    parts : the functions.
    middle, half : of the range of each input.
    t : inputs on [-1, 1].
    y : target, of mean 0 and variance 1 under the weights.
    root : square roots of the weights, which sum to 1.
    deadline : when to stop with what there is.
    """

    parts: tuple[Candidate, ...]
    middle: Float[Array, " inputs"]
    half: Float[Array, " inputs"]
    t: Float[Array, "inputs rows"]
    y: Float[Array, " rows"]
    root: Float[Array, " rows"]
    deadline: Deadline

    def thinned(self, most: int) -> "_PairSearch":
        """With some of the rows, evenly taken along the first input."""
        if len(self.y) <= most:
            return self
        order = np.argsort(self.t[0], kind="stable")
        rows = order[np.linspace(0, len(order) - 1, most).astype(int)]
        root = self.root[rows] / np.linalg.norm(self.root[rows])
        y = self.y[rows] - root**2 @ self.y[rows]
        return replace(self, t=self.t[:, rows], y=y / np.sqrt(root**2 @ y**2), root=root)

    def best(self, symbols: Sequence[sympy.Symbol]) -> list[sympy.Expr]:
        """The pairs that describe the target shortest."""
        few = self.thinned(ROWS)
        with np.errstate(all="ignore"):
            pairs = few.screened()
            for number, (steps, kept) in enumerate(ROUNDS):
                search = self if number == len(ROUNDS) - 1 else few
                pairs, loss = search.refined(pairs, steps)
                lengths = self.lengths(pairs, loss)
                ahead = np.argsort(lengths, kind="stable")[:kept]
                pairs = pairs.take(ahead[np.isfinite(lengths[ahead])])
            chosen = [pairs.take(np.array([place])) for place in range(len(pairs.is_product))]
            found = (self.expression(pair, symbols) for pair in chosen)
            return list(islice(dict.fromkeys(found), FOUND))

    def lengths(self, pairs: _Pairs, loss: Float[Array, " n"]) -> Float[Array, " n"]:
        """Bits of what pairs leave over and of their functions."""
        bits = np.array([part.complexity for part in self.parts])
        return error_bits(np.sqrt(loss), FLOOR) + bits[pairs.first.part] + bits[pairs.second.part]

    # -- screening -------------------------------------------------------------------------------

    def screened(self) -> _Pairs:
        """The best windows of every two functions, for their sum and for their product."""
        windows = self.windows()
        values = self.values(windows)
        values /= np.abs(values).max(axis=1, keepdims=True)
        kept = np.isfinite(values).all(axis=1)
        windows, values = windows.take(kept), values[kept]
        owner = windows.part + len(self.parts) * windows.column
        bounds = [*np.flatnonzero(np.diff(owner, prepend=-1)).tolist(), len(owner)]
        first, second, is_product = [], [], []
        for begin, end in pairwise(bounds):
            if first and self.deadline.passed:
                break
            rest = slice(begin, None)
            shares = self._shares(values[begin:end], values[rest])
            for other, last in pairwise(b for b in bounds if b >= begin):
                for kind, share in enumerate(shares):
                    part = share[:, other - begin : last - begin]
                    # From different windows of the first, as neighbours lead to one minimum.
                    column = part.argmax(axis=1)
                    row = np.argsort(-part.max(axis=1))[:STARTS]
                    first.append(begin + row)
                    second.append(other + column[row])
                    is_product.append(np.full(len(row), bool(kind)))
        nothing = [np.zeros(0, dtype=int)]
        return _Pairs(
            windows.take(np.concatenate(nothing + first)),
            windows.take(np.concatenate(nothing + second)),
            np.concatenate([np.zeros(0, dtype=bool), *is_product]),
        )

    def windows(self) -> _Windows:
        """Some windows of every function of every input, those of one function together."""
        found = []
        for column in range(len(self.t)):
            for part, candidate in enumerate(self.parts):
                grid = start_grid(candidate)
                starts = grid.groups[~grid.straddling[grid.groups]]
                # Of waves the slow ones in both phases, of the others some of each kind.
                if candidate.periodic:
                    rows = (starts[: WINDOWS // 2, None] + [0, QUARTER]).ravel()
                    rows = rows[rows < grid.p.size]
                else:
                    count = min(WINDOWS, len(starts))
                    rows = starts[np.linspace(0, max(0, len(starts) - 1), count).astype(int)]
                like = np.ones(len(rows), dtype=int)
                found.append(_Windows(part * like, column * like, grid.p[rows], grid.q[rows]))
        return _Windows.joined(found)

    def _shares(
        self, some: Float[Array, "n rows"], others: Float[Array, "m rows"]
    ) -> tuple[Float[Array, "n m"], Float[Array, "n m"]]:
        """Shares of the variance that all sums, and all products, of functions explain."""
        target, weight = self.y * self.root, self.root**2
        left, right = self._directions(some), self._directions(others)
        a, b, angle = (left @ target)[:, None], right @ target, left @ right.T
        sums = (a**2 + b**2 - 2 * a * b * angle) / np.maximum(1.0 - angle**2, PARALLEL)
        mean = (some * weight) @ others.T
        square = (some**2 * weight) @ (others**2).T
        along = (some * weight * self.y) @ others.T
        products = along**2 / np.maximum(square - mean**2, PARALLEL * square)
        return np.nan_to_num(sums), np.nan_to_num(products)

    def _directions(self, values: Float[Array, "n rows"]) -> Float[Array, "n rows"]:
        """Values without their mean, of norm 1, times root weight."""
        values = self._centred(values)
        return values / np.linalg.norm(values, axis=-1, keepdims=True)

    def _centred(self, values: Float[Array, "*n rows"]) -> Float[Array, "*n rows"]:
        """Values without their mean, times root weight."""
        values = values * self.root
        return values - (values @ self.root)[..., None] * self.root

    # -- refinement ------------------------------------------------------------------------------

    def refined(self, pairs: _Pairs, steps: int) -> tuple[_Pairs, Float[Array, " n"]]:
        """Inner constants of all pairs after some steps, and the losses reached."""
        ended = lambda: self.deadline.passed  # noqa: E731 - a property is no function
        inner, loss = minimise_all(
            lambda inner, rows: self.linearised(pairs.take(rows).moved(inner)),
            pairs.inner, steps=steps, tolerance=SETTLED, ended=ended,
        )  # fmt: skip
        return pairs.moved(inner), loss

    def linearised(self, pairs: _Pairs) -> NormalEquations:
        """Losses of pairs with the best outer constants, and normal equations of all constants.

        Projecting out the outer ones, as in variable projection, would lose more digits where two
        functions are nearly parallel: two of sixteen pairs then end at errors of 1e-5.
        """
        f, g = self.values(pairs.first), self.values(pairs.second)
        is_product = pairs.is_product[:, None]
        basis = np.stack([np.where(is_product, f * g, f), np.where(is_product, 0.0, g)], axis=1)
        basis = self._centred(basis)
        size = np.linalg.norm(basis, axis=2)
        size = np.where(size > 0, size, 1.0)
        basis /= size[..., None]
        target = self.y * self.root
        height = basis @ target
        angle = np.vecdot(basis[:, 0], basis[:, 1])[:, None]
        height = (height - angle * height[:, ::-1]) / np.maximum(1.0 - angle**2, PARALLEL)
        residual = target - np.einsum("nk,nkr->nr", height, basis)
        c, d = (height / size).T[..., None]
        by_first = np.where(is_product, c * g, c) * self.slopes(pairs.first)
        by_second = np.where(is_product, c * f, d) * self.slopes(pairs.second)
        t, u = self.t[pairs.first.column], self.t[pairs.second.column]
        slopes = np.stack([by_first * t, by_first, by_second * u, by_second], axis=1)
        slopes = self._centred(np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0))
        slopes *= self._free(pairs)[..., None]
        jacobian = np.concatenate([slopes, basis], axis=1)
        loss = np.vecdot(residual, residual)
        legal = np.isfinite(loss) & self._defined(pairs.first) & self._defined(pairs.second)
        gradient = np.einsum("nkr,nr->nk", jacobian, residual)
        matrix = jacobian @ jacobian.transpose(0, 2, 1)
        return NormalEquations(np.where(legal, loss, np.inf), matrix, gradient)

    def values(self, windows: _Windows) -> Float[Array, "n rows"]:
        """f(p t + q)."""
        return self._evaluated(windows, Candidate.numpy)

    def slopes(self, windows: _Windows) -> Float[Array, "n rows"]:
        """f'(p t + q)."""
        return self._evaluated(windows, Candidate.derivative)

    def _evaluated(
        self, windows: _Windows, of: Callable[[Candidate, Array], Array]
    ) -> Float[Array, "n rows"]:
        """Something of every function in its windows, one call per function."""
        u = windows.p[:, None] * self.t[windows.column] + windows.q[:, None]
        found = np.empty_like(u)
        for part in np.unique(windows.part).tolist():
            rows = windows.part == part
            found[rows] = of(self.parts[part], u[rows])
        return found

    def _free(self, pairs: _Pairs) -> Bool[Array, "n 4"]:
        """Whether inner constants are not absorbed by the outer ones."""
        in_sum = np.array([(not part.scale_free, not part.shift_free) for part in self.parts])
        in_product = ~np.array([_absorbed(part) for part in self.parts])
        free = np.stack([in_sum, in_product])
        kind = pairs.is_product.astype(int)
        return np.concatenate([free[kind, pairs.first.part], free[kind, pairs.second.part]], axis=1)

    def _defined(self, windows: _Windows) -> Bool[Array, " n"]:
        """Whether functions exist on the whole of their windows."""
        found = np.zeros(len(windows.p), dtype=bool)
        for part in np.unique(windows.part).tolist():
            rows = windows.part == part
            middle, half = windows.q[rows], np.abs(windows.p[rows])
            found[rows] = self.parts[part].domain.covers(middle - half, middle + half)
        return found

    # -- formulas --------------------------------------------------------------------------------

    def expression(self, pair: _Pairs, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
        """One pair as an expression in the inputs, its outer constants fitted once more."""
        (f, values), (g, others) = (
            self._part(window, free, symbols)
            for window, free in zip(
                (pair.first, pair.second), self._free(pair).reshape(2, 2), strict=True
            )
        )
        terms, columns = [f, g], [values, others]
        if pair.is_product[0]:
            terms, columns = [f * g], [values * others]
        design = np.stack([*columns, np.ones_like(values)], axis=1) * self.root[:, None]
        outer = np.linalg.lstsq(design, self.y * self.root)[0].tolist()
        return sympy.Add(*map(sympy.Mul, map(sympy.Float, outer), [*terms, sympy.Integer(1)]))

    def _part(
        self, window: _Windows, free: Bool[Array, " 2"], symbols: Sequence[sympy.Symbol]
    ) -> tuple[sympy.Expr, Float[Array, " rows"]]:
        """One function in its window, without redundant constants, and its values."""
        (part,), (column,), (p,), (q,) = window.part, window.column, window.p, window.q
        candidate, middle, half = self.parts[part], self.middle[column], self.half[column]
        a, b = float(p / half), float(q - p * middle / half)
        if candidate.even or candidate.odd:
            a, b = abs(a), b * float(np.sign(a))
        if not free[0]:
            a, b = float(np.sign(a)), b / abs(a)
        if not free[1]:
            b = 0.0
        fit = EdgeFit(candidate, a, b)
        return fit.expr(symbols[column]), fit(half * self.t[column] + middle)


@lru_cache(maxsize=256)
def _absorbed(candidate: Candidate) -> tuple[bool, bool]:
    """Whether a factor takes up the scale, and the shift, of its argument: x**2, exp(x)."""
    x = np.linspace(-3.0, 3.0, 241)
    with np.errstate(all="ignore"):
        ratios = [candidate.numpy(moved) / candidate.numpy(x) for moved in (1.3 * x, x + 0.7)]
    ratios = [ratio[np.isfinite(ratio)] for ratio in ratios]
    scale, shift = (bool(len(r)) and bool(np.ptp(r) <= SAME * np.abs(r).max()) for r in ratios)
    return scale, shift
