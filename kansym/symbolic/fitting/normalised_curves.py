"""Curves as arrays, one a row, brought to the range [-1, 1] and to variance 1."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kansym.shared.errors import InputError

__all__ = [
    "FEWEST_POINTS",
    "Curves",
    "NormalisedCurves",
    "centred",
    "dot",
    "long_enough",
    "normalised",
    "numbers",
]

Array = NDArray[np.floating]

# Four constants: fewer points than this are reproduced by any function.
FEWEST_POINTS = 6
BETWEEN = 1e-3
"""Share of the weight of a curve over few levels that lies between them."""
# Points that a thinned curve keeps at least.
FEWEST_THINNED = 24
# Relative deviation of a curve below which only rounding errors are left of it.
CONSTANT = 1e-14


def dot(left: Array, right: Array) -> Array:
    """Inner products of the rows of two arrays."""
    return np.vecdot(left, right)


@dataclass(frozen=True)
class Curves:
    """Curves of one length: abscissae, centred ordinates, weights that sum to 1, each (rows, m)."""

    t: Array
    y: Array
    weight: Array

    @cached_property
    def root(self) -> Array:
        """Square root of the weights: rows of norm 1."""
        return np.sqrt(self.weight)

    @cached_property
    def target(self) -> Array:
        """Ordinates times root weight."""
        return self.y * self.root

    @cached_property
    def gaps(self) -> NDArray[np.bool_] | None:
        """Where the weight is zero, so that a function may be anything there; None if nowhere."""
        gaps = self.weight == 0.0
        return gaps if gaps.any() else None

    def take(self, rows: NDArray[np.intp]) -> "Curves":
        """The curves of some rows, in that order."""
        return Curves(self.t[rows], self.y[rows], self.weight[rows])

    def thinned(self, step: int) -> "Curves":
        """Every `step`-th point and the last one, centred again; all points if too few remain."""
        count = self.t.shape[1]
        keep = np.unique(np.append(np.arange(0, count, step), count - 1))
        if np.count_nonzero(self.weight[:, keep], axis=1).min() < FEWEST_THINNED:
            return self
        return centred(self.t[:, keep], self.y[:, keep], self.weight[:, keep])


def centred(t: Array, y: Array, weight: Array) -> Curves:
    """Curves whose weights sum to 1 and whose ordinates have weighted mean 0 and variance 1.

    Rows that are constant under these weights keep their (zero) variance.
    """
    weight = weight / weight.sum(axis=1, keepdims=True)
    y = y - dot(weight, y)[:, None]
    deviation = np.sqrt(dot(weight, y * y))[:, None]
    return Curves(t, y / np.where(deviation > 0.0, deviation, 1.0), weight)


@dataclass(frozen=True)
class NormalisedCurves:
    """Curves with t in [-1, 1], and the way back: x = middle + half*t, Y = mean + deviation*y.

    Attributes
    ----------
    curves : the curves over t, (edges, points).
    original : the same ordinates over x.
    middle, half : range of x of each edge, (edges,).
    mean, deviation : weighted mean and standard deviation of the ordinates, (edges,).
    """

    curves: Curves
    original: Curves
    middle: Array
    half: Array
    mean: Array
    deviation: Array


def numbers(values: ArrayLike, name: str) -> Array:
    """A rectangular array of floats, or an InputError that names it."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} is not a rectangular array of numbers: "
            "give every edge the same number of points."
        ) from None


def normalised(x: ArrayLike, y: ArrayLike, density: ArrayLike | None) -> NormalisedCurves:
    """Bring curves to t in [-1, 1] and to mean 0 and variance 1, points in order of t.

    Raises
    ------
    InputError
        If shapes differ, values are not finite, or a curve is constant.
    """
    x, y = numbers(x, "x"), numbers(y, "y")
    weight = np.ones_like(x) if density is None else numbers(density, "density")
    _check_values(x, y, weight)
    order = np.argsort(x, axis=1, kind="stable")
    x, y, weight = (np.take_along_axis(values, order, axis=1) for values in (x, y, weight))
    weight = _bridged(x, weight)
    live = weight > 0.0
    y = _filled(y, live)
    low = np.where(live, x, np.inf).min(axis=1)
    high = np.where(live, x, -np.inf).max(axis=1)
    middle, half = 0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low
    x = np.clip(x, low[:, None], high[:, None])
    weight = weight / weight.max(axis=1, keepdims=True)
    weight /= weight.sum(axis=1, keepdims=True)
    size = np.abs(y).max(axis=1)
    scale = np.where(size > 0.0, size, 1.0)
    mean = dot(weight, y / scale[:, None])
    shifted = y / scale[:, None] - mean[:, None]
    deviation = np.sqrt(dot(weight * shifted, shifted))
    _check_varies(deviation, y)
    t = np.clip((x - middle[:, None]) / half[:, None], -1.0, 1.0)
    return NormalisedCurves(
        centred(t, shifted, weight),
        centred(x, shifted, weight),
        middle,
        half,
        mean * scale,
        deviation * scale,
    )


def long_enough(x: Array, y: Array, density: ArrayLike | None) -> NDArray[np.bool_]:
    """Whether curves have enough different points to tell one function from another."""
    weight = np.ones_like(x) if density is None else numbers(density, "density")
    _check_values(x, y, weight)
    order = np.argsort(x, axis=1, kind="stable")
    x, weight = np.take_along_axis(x, order, axis=1), np.take_along_axis(weight, order, axis=1)
    return _distinct(x, _bridged(x, weight) > 0.0) >= FEWEST_POINTS


def _bridged(x: Array, weight: Array) -> Array:
    """Weights in which curves over few levels count a little between the levels as well.

    An input with two to five levels says nothing about the curve between them; the curve itself,
    where it is known there, makes the plain functions win.
    """
    few = _distinct(x, weight > 0.0) < FEWEST_POINTS
    between = BETWEEN * weight.sum(axis=1, keepdims=True) / weight.shape[1]
    return np.where(few[:, None], weight + between, weight)


def _distinct(x: Array, live: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Different points that count, of every curve."""
    fresh = np.diff(np.where(live, x, np.nan), axis=1, prepend=np.nan) != 0.0
    return (live & fresh).sum(axis=1)


def _filled(y: Array, live: NDArray[np.bool_]) -> Array:
    """Ordinates of points without weight replaced by those of the nearest live point before."""
    index = np.where(live, np.arange(y.shape[1]), live.argmax(axis=1)[:, None])
    return np.take_along_axis(y, np.maximum.accumulate(index, axis=1), axis=1)


def _check_values(x: Array, y: Array, weight: Array) -> None:
    if x.ndim != 2 or x.size == 0 or not x.shape == y.shape == weight.shape:
        raise InputError(
            f"Curves need x, y and density of one shape (edges, points); "
            f"{x.shape}, {y.shape} and {weight.shape} were given."
        )
    for name, values in (("x", x), ("y", y), ("density", weight)):
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise InputError(
                f"{name} of edge {bad.argmax()} has values that are not finite: remove them."
            )
    if (weight < 0.0).any():
        raise InputError("The density has negative values: give weights of zero or more.")


def _check_varies(deviation: Array, y: Array) -> None:
    if (deviation <= CONSTANT).any():
        edge = int(np.argmax(deviation <= CONSTANT))
        raise InputError(
            f"Edge {edge} is constant (y = {y[edge, 0]:.6g}): drop it, it needs no function."
        )
