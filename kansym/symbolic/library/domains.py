"""Where a function of one variable is defined on the real line."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from kansym.programs.program import Program, evaluate
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Domain", "derive_domain", "parse_domain"]

_INTERVAL = re.compile(r"\s*([\[(])\s*([^,()\[\]]+?)\s*,\s*([^,()\[\]]+?)\s*([\])])")
_REACH = 1e4  # ends and poles are looked for up to there
_GRID = np.concatenate([-np.geomspace(_REACH, 1e-6, 3000), [0.0], np.geomspace(1e-6, _REACH, 3000)])
_BISECTIONS = 60  # from a step of the grid to less than a rounding error


@dataclass(frozen=True)
class Domain:
    """Disjoint intervals of the real line, in increasing order.

    Attributes
    ----------
    low, high : ends of the intervals.
    closed_low, closed_high : whether an end belongs to its interval.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    closed_low: tuple[bool, ...]
    closed_high: tuple[bool, ...]

    def contains(self, u: Any) -> np.ndarray:
        """Whether the function is defined at each point.

        Examples
        --------
        >>> parse_domain("(-oo, 0) (0, oo)").contains([-1.0, 0.0, 2.0])
        array([ True, False,  True])
        """
        u = np.asarray(u, dtype=float)
        return self.covers(u, u)

    def covers(self, low: Any, high: Any) -> np.ndarray:
        """Whether each whole interval [low, high] lies in the domain, no pole inside.

        Examples
        --------
        >>> parse_domain("(-oo, 0) (0, oo)").covers([-1.0, 1.0], [1.0, 2.0])
        array([False,  True])
        """
        low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        finite = np.isfinite(low) & np.isfinite(high)
        if len(self.low) == 1:
            above = low >= self.low[0] if self.closed_low[0] else low > self.low[0]
            below = high <= self.high[0] if self.closed_high[0] else high < self.high[0]
            return above & below & finite
        starts, ends, closed_low, closed_high = self._arrays
        i = np.maximum(np.searchsorted(starts, low, side="right") - 1, 0)
        # An end shared by an open and a closed interval belongs to the closed one on its left.
        earlier = (low == starts[i]) & ~closed_low[i] & (i > 0)
        i = np.where(earlier, i - 1, i)
        above = np.where(closed_low[i], low >= starts[i], low > starts[i])
        below = np.where(closed_high[i], high <= ends[i], high < ends[i])
        return above & below & finite

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The ends and whether they are closed, as arrays."""
        return (
            np.asarray(self.low),
            np.asarray(self.high),
            np.asarray(self.closed_low),
            np.asarray(self.closed_high),
        )

    @cached_property
    def whole_line(self) -> bool:
        """Whether the function is defined everywhere."""
        return len(self.low) == 1 and self.low[0] == -np.inf and self.high[0] == np.inf

    @property
    def description(self) -> str:
        """The intervals in mathematical notation.

        Examples
        --------
        >>> parse_domain("[0, oo)").description
        '[0, ∞)'
        """
        if self.whole_line:
            return "all real numbers"
        shown = [
            f"{'[' if c else '('}{_end(a)}, {_end(b)}{']' if d else ')'}"
            for a, b, c, d in zip(
                self.low[:4], self.high[:4], self.closed_low, self.closed_high, strict=False
            )
        ]
        return " ∪ ".join(shown) + (" ∪ ..." if len(self.low) > 4 else "")

    def __str__(self) -> str:
        return self.description


def _end(value: float) -> str:
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.6g}"


def parse_domain(text: str) -> Domain:
    """Read intervals such as ``"(-oo, 0) (0, oo)"`` or ``"[-1, 1]"``.

    Raises
    ------
    InputError
        If the text holds anything else.

    Examples
    --------
    >>> parse_domain("[-1, 1]").contains([1.0, 1.5])
    array([ True, False])
    """
    found = list(_INTERVAL.finditer(text))
    if not found or _INTERVAL.sub("", text).strip(" u∪,"):
        raise InputError(
            f"The domain {text[:60]!r} cannot be read: write intervals such as '(0, oo)' or "
            "'(-oo, 0) (0, oo)'."
        )
    rows = [(_bound(m[2]), _bound(m[3]), m[1] == "[", m[4] == "]") for m in found]
    if any(a > b for a, b, *_ in rows):
        raise InputError(f"The domain {text[:60]!r} has an interval whose ends are swapped.")
    low, high, closed_low, closed_high = zip(*sorted(rows), strict=True)
    return Domain(low, high, closed_low, closed_high)


def _bound(text: str) -> float:
    text = text.replace("∞", "oo")
    if text in ("oo", "+oo", "-oo"):
        return -np.inf if text == "-oo" else np.inf
    try:
        return float(text)
    except ValueError:
        raise InputError(f"The end {text[:20]!r} of an interval is no number, oo or -oo.") from None


def derive_domain(expression: sympy.Expr, symbol: sympy.Symbol) -> Domain:
    """Find the domain of an expression by looking where its value exists.

    Candidate ends are found on a grid to 1e4 and sharpened by bisection; zeros of denominators
    (and the poles of tangents) split the intervals.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> derive_domain(sympy.sqrt(x - 1), x).description
    '[1, ∞)'
    """
    program = from_sympy(expression)
    name = symbol.name
    defined = _defined(program, name, _GRID)
    if not defined.any():
        raise InputError(f"The function {str(expression)[:60]!r} is defined nowhere.")
    poles = _poles(expression, symbol)
    rows: list[tuple[float, float, bool, bool]] = []
    steps = np.flatnonzero(np.diff(defined.astype(int)))
    edges = [0, *(steps + 1), len(_GRID)]
    for start, stop in pairwise(edges):
        if defined[start]:
            rows.extend(_split(program, name, start, stop, poles))
    low, high, closed_low, closed_high = zip(*rows, strict=True)
    return Domain(low, high, closed_low, closed_high)


def _defined(program: Program, name: str, u: np.ndarray) -> np.ndarray:
    return ~np.isnan(np.broadcast_to(evaluate(program, {name: u}), u.shape))


def _split(
    program: Program, name: str, start: int, stop: int, poles: np.ndarray
) -> list[tuple[float, float, bool, bool]]:
    low = _sharpened(program, name, start - 1, start) if start > 0 else -np.inf
    high = _sharpened(program, name, stop, stop - 1) if stop < len(_GRID) else np.inf
    inner = poles[(poles > low) & (poles < high)]
    bounds = [low, *inner, high]
    return [
        (a, b, _finite(program, name, a), _finite(program, name, b)) for a, b in pairwise(bounds)
    ]


def _finite(program: Program, name: str, u: float) -> bool:
    return bool(np.isfinite(u) and np.isfinite(evaluate(program, {name: np.float64(u)})))


def _sharpened(program: Program, name: str, outside: int, inside: int) -> float:
    out, within = _GRID[outside], _GRID[inside]
    for _ in range(_BISECTIONS):
        middle = (out + within) / 2
        if _defined(program, name, np.array([middle]))[0]:
            within = middle
        else:
            out = middle
    nearest = round(float(within), 9)
    return nearest if abs(nearest - within) < 1e-9 else float(within)


def _poles(expression: sympy.Expr, symbol: sympy.Symbol) -> np.ndarray:
    denominators = [
        power.base
        for power in expression.atoms(sympy.Pow)
        if power.exp.is_number and power.exp.is_negative and power.base.has(symbol)
    ]
    denominators += [sympy.cos(tangent.args[0]) for tangent in expression.atoms(sympy.tan)]
    fine = np.unique(np.concatenate([_GRID, np.linspace(-100, 100, 20001)]))
    found = [_zeros(from_sympy(sympy.factor_terms(d)), symbol.name, fine) for d in denominators]
    # Zeros of periodic functions beyond this reach fall between the points of the grid.
    found = [zeros if len(zeros) < 20 else zeros[np.abs(zeros) <= 100] for zeros in found]
    return np.unique(np.round(np.concatenate(found), 10)) if found else np.empty(0)


def _zeros(program: Program, name: str, grid: np.ndarray) -> np.ndarray:
    values = np.broadcast_to(evaluate(program, {name: grid}), grid.shape)
    exact = grid[values == 0]
    cross = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    low, high = grid[cross], grid[cross + 1]
    sign = np.sign(values[cross])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        same = np.sign(evaluate(program, {name: middle})) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.concatenate([exact, low])
