"""What every search engine offers: formulas of one to three inputs, simplest first."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from kansym.programs.program import evaluate
from kansym.shared.errors import InputError
from kansym.symbolic.fitting.edge_fit import EdgeFit, error_bits
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["Engine", "Found", "read_formulas", "search_edge"]

Array = NDArray[np.floating]

MOST_INPUTS = 3
# Constants of a search closer to an integer than this are meant to be that integer.
INTEGER = 1e-7
# Relative error below which a curve counts as reproduced.
_FLOOR = 1e-6


@dataclass(frozen=True)
class Found:
    """A formula that a search engine found.

    Parameters
    ----------
    expr : expression in one symbol per input, in the units of the data.
    error : weighted root mean square of the residual over the standard deviation of y.
    complexity : bits of the expression.
    """

    expr: sympy.Expr
    error: float
    complexity: float

    def __str__(self) -> str:
        text = sympy.sstr(self.expr.evalf(6), full_prec=False)
        return f"{text}  (relative error {self.error:.1e}, {self.complexity:.0f} bits)"


class Engine(ABC):
    """A symbolic regression program behind one method, `search`."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the program."""

    @property
    def reference(self) -> str:
        """Publication of the program."""
        return ""

    @property
    def alone(self) -> Library | None:
        """Functions that an edge may be by itself, tried before the search; none if None."""
        return None

    def without(self, names: Collection[str]) -> "Engine | None":
        """The engine without some functions; None if nothing is left to search with."""
        del names
        return self

    @property
    def is_random(self) -> bool:
        """Whether another seed may find something else."""
        return True

    def check(self) -> None:  # noqa: B027 - most engines of a user need nothing else
        """Make sure that the program can run.

        Raises
        ------
        MissingPackageError
            If it cannot, with what to install.
        """

    @abstractmethod
    def expressions(
        self, inputs: Array, target: Array, weights: Array, *, seconds: float, seed: int
    ) -> list[sympy.Expr]:
        """Formulas for scaled data, in the symbols of :meth:`symbols`.

        Parameters
        ----------
        inputs : (rows, inputs), each column of largest magnitude 1.
        target : (rows,), mean 0 and variance 1.
        weights : (rows,), positive sum 1.
        seconds : time that the search may take.
        seed : of its random numbers.
        """

    @final
    @staticmethod
    def symbols(count: int) -> list[sympy.Symbol]:
        """Symbols of the scaled inputs."""
        return [sympy.Symbol(f"u{index}") for index in range(1, count + 1)]

    @final
    def search(
        self,
        inputs: ArrayLike,
        target: ArrayLike,
        names: Sequence[str] = ("x",),
        *,
        weights: ArrayLike | None = None,
        seconds: float = 10.0,
        seed: int = 0,
    ) -> tuple[Found, ...]:
        """Search for formulas of one to three inputs.

        Parameters
        ----------
        inputs : (rows,) or (rows, inputs), any units.
        target : (rows,), any unit.
        names : names of the inputs, which become the symbols of the formulas.
        weights : (rows,), not negative; equal if None.
        seconds : time that the search may take.
        seed : of its random numbers.

        Returns
        -------
        Formulas of ascending complexity and descending error: none is both simpler and better
        than another.

        Raises
        ------
        InputError
            If shapes differ, values are not finite, or the target is constant.
        MissingPackageError
            If the engine is not installed.
        """
        x, y, w = _checked(inputs, target, weights, names)
        scale = np.abs(x).max(axis=0)
        scale = np.where(scale > 0.0, scale, 1.0)
        mean = float(w @ y)
        deviation = float(np.sqrt(w @ (y - mean) ** 2))
        formulas = self.expressions(
            x / scale, (y - mean) / deviation, w, seconds=seconds, seed=seed
        )
        back = {
            symbol: sympy.Symbol(name) / sympy.Float(size)
            for symbol, name, size in zip(self.symbols(len(names)), names, scale, strict=True)
        }
        found = [
            _judged(mean + deviation * _replaced(formula, back), x, y, w, names)
            for formula in formulas
        ]
        return _front([formula for formula in found if np.isfinite(formula.error)])


def search_edge(
    engine: Engine,
    x: ArrayLike,
    y: ArrayLike,
    *,
    density: ArrayLike | None = None,
    seconds: float = 10.0,
    seed: int = 0,
) -> list[EdgeFit]:
    """Search for the function of one edge, as fits like those of the library.

    Parameters
    ----------
    engine : the search engine.
    x, y : the curve, (points,).
    density : weight of each point, (points,), not negative; equal if None.
    seconds, seed : limit and random seed of the search.

    Returns
    -------
    Fits with a = c = 1 and b = d = 0, whose candidate is the formula that was found, best score
    first.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    fits = []
    for found in engine.search(x, y, weights=density, seconds=seconds, seed=seed):
        if not found.expr.free_symbols:
            continue
        text = sympy.sstr(found.expr.evalf(4), full_prec=False)
        candidate = Candidate(
            f"{engine.name}: {text}",
            found.expr,
            complexity=found.complexity,
            reference=engine.reference,
        )
        score = float(error_bits(found.error, _FLOOR)) + found.complexity
        fits.append(EdgeFit(candidate, error=found.error, complexity=found.complexity, score=score))
    return sorted(fits, key=lambda fit: fit.score)


def read_formulas(texts: Iterable[str], names: Sequence[str]) -> list[sympy.Expr]:
    """Formulas that an engine printed, read safely; what cannot be read is left out.

    Examples
    --------
    >>> read_formulas(["u1 + 2.0", "u1*nan", "__import__('os')"], ["u1"])
    [u1 + 2.0]
    """
    found = []
    for text in texts:
        with suppress(InputError):
            found.append(parse(text, names))
    return found


def _checked(
    inputs: ArrayLike, target: ArrayLike, weights: ArrayLike | None, names: Sequence[str]
) -> tuple[Array, Array, Array]:
    x, y = np.asarray(inputs, dtype=float), np.asarray(target, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    w = np.ones(y.shape) if weights is None else np.asarray(weights, dtype=float)
    if x.ndim != 2 or y.shape != (x.shape[0],) or w.shape != y.shape:
        raise InputError(
            f"A search needs inputs (rows, inputs), target and weights (rows,); "
            f"{x.shape}, {y.shape} and {w.shape} were given."
        )
    if not 1 <= x.shape[1] <= MOST_INPUTS or len(names) != x.shape[1]:
        raise InputError(
            f"{x.shape[1]} inputs and {len(names)} names were given to a search: "
            f"give 1 to {MOST_INPUTS} inputs and as many names."
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(w).all()):
        raise InputError("The rows of a search have values that are not finite: remove them.")
    if (w < 0.0).any() or not w.any():
        raise InputError("The weights of a search must be zero or more, and not all zero.")
    x, y, w = x[w > 0.0], y[w > 0.0], w[w > 0.0]
    if np.ptp(y) <= 1e-14 * np.abs(y).max():
        raise InputError("The target of a search is constant: it needs no formula.")
    return x, y, w / w.sum()


def _judged(expr: sympy.Expr, x: Array, y: Array, weights: Array, names: Sequence[str]) -> Found:
    """A formula with its error on the data, infinite where it is undefined on a row."""
    expr = _with_integers(expr)
    try:
        values = evaluate(from_sympy(expr), dict(zip(names, x.T, strict=True)))
    except InputError:  # not real, or not a number
        return Found(expr, np.inf, np.inf)
    residual = np.broadcast_to(np.asarray(values, dtype=float), y.shape) - y
    spread = np.sqrt(weights @ (y - weights @ y) ** 2)
    with np.errstate(all="ignore"):
        error = float(np.sqrt(weights @ residual**2) / spread)
    return Found(expr, error if np.isfinite(error) else np.inf, complexity(expr))


def _with_integers(expr: sympy.Expr) -> sympy.Expr:
    """Floats that are integers but for rounding, as integers."""
    integers = {
        number: sympy.Integer(round(float(number)))
        for number in expr.atoms(sympy.Float)
        if 0.5 < abs(number) < 1e6 and abs(number - round(float(number))) < INTEGER
    }
    return _replaced(expr, integers)


def _replaced(expr: sympy.Expr, parts: Mapping[Any, sympy.Expr]) -> sympy.Expr:
    """An expression with some of its parts exchanged."""
    return cast(sympy.Expr, expr.xreplace(dict(parts)))


def _front(found: Sequence[Found]) -> tuple[Found, ...]:
    """The formulas that no other beats in both complexity and error."""
    front: list[Found] = []
    for formula in sorted(found, key=lambda f: (f.complexity, f.error)):
        if not front or formula.error < front[-1].error:
            front.append(formula)
    return tuple(front)
