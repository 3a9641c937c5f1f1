r"""Symmetries of a function, read from its gradient at rows.

With f_i = df/dx_i at rows, and every claim a null vector of a matrix of columns:

- scaling: sum_i p_i x_i f_i = d f for all rows, so f(s^p x) = s^d f(x);
- translation: sum_i t_i f_i = 0, so f(x + s t) = f(x);
- rotation of a pair: x_i f_j = x_j f_i, so f depends on x_i^2 + x_j^2;
- a pair as a product or quotient, x_i f_i = -+ x_j f_j;
- different terms of a sum: f_ij = 0, from gradients a step apart.

References
----------
S.-M. Udrescu, M. Tegmark, AI Feynman, Science Advances 6 (2020) eaay2631,
doi:10.1126/sciadv.aay2631.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Float

from kansym.network.structure.null_spaces import echelon_form, null_directions

__all__ = ["Symmetry", "importances", "symmetries"]

Array = np.ndarray
Kind = Literal["scaling", "translation", "rotation", "product", "quotient", "sum of parts"]
STEP = 0.05
"""Of differences of gradients, over the spread of an input."""
LARGEST, CLOSE = 6, 0.01
"""Largest denominator of a power that is a fraction, and how near it has to be."""
NO_WORSE, ROUNDED = 3.0, 1e-4
"""Growth of a residual when powers become fractions, or its size, that change no claim."""
CONSTANT = 0.1
"""What the mean of a term counts beside its variation: a constant cancels any other."""


@dataclass(frozen=True)
class Symmetry:
    """A symmetry of a function.

    Attributes
    ----------
    kind : what it is.
    inputs : the inputs that take part.
    statement : in words, for a reader.
    residual : root-mean-square of what should vanish, over the size of its largest term.
    """

    kind: Kind
    inputs: tuple[str, ...]
    statement: str
    residual: float

    def __str__(self) -> str:
        return f"{self.statement} (residual {self.residual:.1e})"


def importances(
    X: Float[Array, "rows inputs"], gradient: Float[Array, "rows inputs"]
) -> Float[Array, " inputs"]:
    """Share of every input in the variation of the function: spread times slope, squared.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(size=(100, 2))
    >>> importances(X, np.tile([1.0, 0.0], (100, 1))).tolist()
    [1.0, 0.0]
    """
    size = X.var(axis=0) * np.mean(gradient**2, axis=0)
    total = size.sum()
    return size / total if total > 0 else size


def symmetries(
    X: Float[Array, "rows inputs"],
    f: Float[Array, " rows"],
    gradients: Callable[[Float[Array, "rows inputs"]], Float[Array, "rows inputs"]],
    names: Sequence[str],
    *,
    tolerance: float = 0.03,
) -> tuple[Symmetry, ...]:
    """Symmetries whose residual is below a tolerance, the surest first.

    Parameters
    ----------
    X, f : rows and values.
    gradients : of the function, at any rows of its domain.
    names : of the inputs.
    tolerance : largest relative residual that counts as zero.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 2, (300, 2))
    >>> both = lambda X: np.stack([X[:, 1], X[:, 0]], axis=1)
    >>> for found in symmetries(X, X[:, 0] * X[:, 1], both, ["u", "v"])[:1]:
    ...     print(found.kind, found.inputs)
    product ('u', 'v')
    """
    g = gradients(X)
    used = [i for i, share in enumerate(importances(X, g)) if share > tolerance**2]
    if not used:
        return ()
    found = [*_pairs(X, g, names, used), *_scalings(X, f, g, names, used, tolerance)]
    found += _translations(g, names, used)
    found += _parts(X, g, gradients, names, used)
    good = [symmetry for symmetry in found if symmetry.residual < tolerance]
    return tuple(sorted(good, key=lambda symmetry: symmetry.residual))


def _residual(*terms: Array) -> float:
    """Root mean square of a sum over that of its largest term."""
    largest = max(float(np.sqrt(np.mean(term**2))) for term in terms)
    total = float(np.sqrt(np.mean(np.sum(terms, axis=0) ** 2)))
    return total / largest if largest > 0 else np.inf


def _pairs(X: Array, g: Array, names: Sequence[str], used: Sequence[int]) -> list[Symmetry]:
    """Pairs that enter as a product, a quotient, or the sum of their squares."""
    found = []
    for i, j in combinations(used, 2):
        u, v = names[i], names[j]
        own, other = X[:, i] * g[:, i], X[:, j] * g[:, j]
        found += [
            Symmetry("product", (u, v), f"{u} and {v} enter as {u}*{v}", _residual(own, -other)),
            Symmetry("quotient", (u, v), f"{u} and {v} enter as {u}/{v}", _residual(own, other)),
            Symmetry(
                "rotation",
                (u, v),
                f"{u} and {v} enter as {u}^2 + {v}^2",
                _residual(X[:, j] * g[:, i], -X[:, i] * g[:, j]),
            ),
        ]
    return found


def _scalings(
    X: Array, f: Array, g: Array, names: Sequence[str], used: Sequence[int], tolerance: float
) -> list[Symmetry]:
    """Inputs that can be scaled together so that the function takes a power of the factor."""
    columns = np.column_stack([X[:, used] * g[:, used], -f])
    directions, left = null_directions(columns)
    small, found = directions[left < tolerance], []
    basis = echelon_form(small, np.ones(len(used) + 1, dtype=bool)) if len(small) else None
    for vector in () if basis is None else basis:
        powers, residual = _simple_powers(vector, columns)
        powers *= np.sign(powers[-1]) or np.sign(powers[np.flatnonzero(powers)[0]])
        moved = [k for k in range(len(used)) if powers[k] != 0]
        scaled = ", ".join(
            f"{names[used[k]]} -> {_of_s(powers[k])} {names[used[k]]}" for k in moved
        )
        statement = f"under {scaled} the function takes the factor {_of_s(powers[-1])}"
        if powers[-1] == 0:
            statement = f"under {scaled} the function stays the same"
        inputs = tuple(names[used[k]] for k in moved)
        found.append(Symmetry("scaling", inputs, statement, residual))
    return found


def _simple_powers(vector: Array, columns: Array) -> tuple[Array, float]:
    """Powers as fractions if they are no worse than the numbers found, and their residual."""

    def residual(powers: Array) -> float:
        """Of the terms, whose variation is what has to cancel: any two constants do."""
        terms = columns * powers
        varying = np.sqrt(terms.var(axis=0) + CONSTANT**2 * np.mean(terms**2, axis=0))
        return float(np.sqrt(np.mean(terms.sum(axis=1) ** 2)) / varying.max())

    fractions = np.array([_fraction(part) for part in vector])
    if fractions.any() and residual(fractions) <= max(NO_WORSE * residual(vector), ROUNDED):
        return fractions, residual(fractions)
    return vector, residual(vector)


def _of_s(power: float) -> str:
    """A power of the factor s in words."""
    return "s" if power == 1 else f"s^{power:.3g}"


def _fraction(value: float) -> float:
    """The fraction of smallest denominator within one per cent, or the value itself."""
    for bottom in range(1, LARGEST + 1):
        if abs(round(value * bottom) / bottom - value) < CLOSE:
            return round(value * bottom) / bottom
    return value


def _translations(g: Array, names: Sequence[str], used: Sequence[int]) -> list[Symmetry]:
    """Pairs that enter as a difference or a sum, with any factor."""
    found = []
    for i, j in combinations(used, 2):
        (vector, _), (residual, _) = null_directions(g[:, [i, j]])
        ratio = -vector[0] / vector[1] if vector[1] != 0 else np.inf
        if not np.isfinite(ratio) or ratio == 0:
            continue
        factor = _fraction(ratio) if abs(ratio) >= 1 else 1 / _fraction(1 / ratio)
        sign, size = ("-" if factor < 0 else "+"), abs(factor)
        words = f"{names[i]} {sign} {'' if size == 1 else f'{size:.3g}*'}{names[j]}"
        statement = f"{names[i]} and {names[j]} enter as {words}"
        found.append(Symmetry("translation", (names[i], names[j]), statement, residual))
    return found


def _parts(
    X: Array,
    g: Array,
    gradients: Callable[[Array], Array],
    names: Sequence[str],
    used: Sequence[int],
) -> list[Symmetry]:
    """Pairs that stand in different terms of a sum."""
    spread, found = X.std(axis=0), []
    middle = np.clip(X, X.min(axis=0) + STEP * spread, X.max(axis=0) - STEP * spread)
    for i in used:
        step = np.zeros(X.shape[1])
        step[i] = STEP * spread[i]
        bend = (gradients(middle + step) - gradients(middle - step)) / (2 * STEP)
        for j in (j for j in used if j > i):
            mixed = float(np.sqrt(np.mean((bend[:, j] * spread[j]) ** 2)))
            # Of the smaller term: beside a large one any product looks like a constant.
            size = min(float(np.sqrt(np.mean((g[:, k] * spread[k]) ** 2))) for k in (i, j))
            pair = (names[i], names[j])
            statement = f"{pair[0]} and {pair[1]} stand in different terms of a sum"
            residual = mixed / size if size > 0 else np.inf
            found.append(Symmetry("sum of parts", pair, statement, residual))
    return found
