"""Functions of one or two inputs that may stand in a law beside the inputs themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import sympy

from kansym.symbolic.laws.columns import Quantities

__all__ = ["Group", "functions_of_one", "functions_of_two", "powers_with_exponents"]

_LARGEST_EXPONENT = 30.0
_MOST_TURNS = 200.0


@dataclass(frozen=True, eq=False)
class Group:
    """Functions that come together, such as sine and cosine of one argument.

    Attributes
    ----------
    quantities : their values and expressions.
    highest : the highest power of each that is not a polynomial in the others.
    of : the one quantity whose functions they are, by number; None for functions of several.
    """

    quantities: Quantities
    highest: tuple[int, ...]
    of: int | None = None


def functions_of_one(inputs: Quantities) -> list[Group]:
    """Sine and cosine, exp, decay, log and root of each quantity, where they are defined."""
    return [
        replace(group, of=k)
        for name in ("sin", "exp", "decay", "log", "sqrt")
        for k in range(len(inputs))
        for group in _groups(name, [(inputs.exprs[k], inputs.values[:, k])])
    ]


def functions_of_two(inputs: Quantities) -> list[Group]:
    """Functions of products, quotients, sums and differences of two quantities."""
    products = [*_squares(inputs), *_products(inputs), *_quotients(inputs)]
    sums = [*_sums(inputs), *_offsets(inputs)]
    square_sums = list(_square_sums(inputs))
    wanted = {
        "sin": [*products, *sums, *_halves(inputs)],
        "exp": products,
        "decay": products,
        "log": [*sums, *square_sums],
        "sqrt": [*sums, *square_sums, *products[: len(inputs) * (len(inputs) + 1) // 2]],
    }
    return [group for name, arguments in wanted.items() for group in _groups(name, arguments)]


def powers_with_exponents(inputs: Quantities) -> list[Group]:
    """For each quantity v the powers u**v of the others, and (1 + u)**v of rates u, together."""
    found = []
    for j, exponent in enumerate(inputs.exprs):
        exprs: list[sympy.Expr] = []
        columns: list[np.ndarray] = []
        for k, base in enumerate(inputs.exprs):
            rate = np.abs(inputs.values[:, k]).max() < 1
            for added in (0, 1) if rate else (0,):
                values = inputs.values[:, k] + added
                if k == j or values.min() <= 0:
                    continue
                logs = inputs.values[:, j] * np.log(values)
                if np.ptp(logs) > 0 and np.abs(logs).max() < _LARGEST_EXPONENT:
                    exprs.append((base + added) ** exponent)
                    columns.append(np.exp(logs))
        if exprs:
            powers = Quantities(np.stack(columns, axis=1), tuple(exprs))
            found.append(Group(powers, (2,) * len(exprs)))
    return found


_Argument = tuple[sympy.Expr, np.ndarray]


def _squares(of: Quantities) -> Iterator[_Argument]:
    for k, expr in enumerate(of.exprs):
        yield expr**2, of.values[:, k] ** 2


def _halves(of: Quantities) -> Iterator[_Argument]:
    for k, expr in enumerate(of.exprs):
        yield expr / 2, of.values[:, k] / 2


def _products(of: Quantities) -> Iterator[_Argument]:
    for j, k in combinations(range(len(of)), 2):
        yield of.exprs[j] * of.exprs[k], of.values[:, j] * of.values[:, k]


def _quotients(of: Quantities) -> Iterator[_Argument]:
    with np.errstate(all="ignore"):
        for j, k in combinations(range(len(of)), 2):
            yield of.exprs[j] / of.exprs[k], of.values[:, j] / of.values[:, k]
            yield of.exprs[k] / of.exprs[j], of.values[:, k] / of.values[:, j]
        for k, expr in enumerate(of.exprs):
            yield 1 / expr, 1 / of.values[:, k]


def _sums(of: Quantities) -> Iterator[_Argument]:
    for j, k in combinations(range(len(of)), 2):
        difference = of.values[:, j] - of.values[:, k]
        yield of.exprs[j] + of.exprs[k], of.values[:, j] + of.values[:, k]
        if difference.min() >= 0 or difference.max() > 0:
            yield of.exprs[j] - of.exprs[k], difference
        if difference.max() <= 0:
            yield of.exprs[k] - of.exprs[j], -difference


def _offsets(of: Quantities) -> Iterator[_Argument]:
    for k, expr in enumerate(of.exprs):
        yield expr + 1, of.values[:, k] + 1
        yield 1 - expr, 1 - of.values[:, k]
        yield expr - 1, of.values[:, k] - 1


def _square_sums(of: Quantities) -> Iterator[_Argument]:
    for j, k in combinations(range(len(of)), 2):
        left, right = of.values[:, j] ** 2, of.values[:, k] ** 2
        yield of.exprs[j] ** 2 + of.exprs[k] ** 2, left + right
        yield of.exprs[j] ** 2 - of.exprs[k] ** 2, left - right
        yield of.exprs[k] ** 2 - of.exprs[j] ** 2, right - left
    for k, expr in enumerate(of.exprs):
        yield expr**2 + 1, of.values[:, k] ** 2 + 1
        yield 1 - expr**2, 1 - of.values[:, k] ** 2


def _groups(name: str, arguments: list[_Argument]) -> Iterator[Group]:
    """The functions of this name of each argument on which they are defined."""
    for expr, values in arguments:
        if not np.isfinite(values).all():
            continue
        if name == "sin" and np.ptp(values) > 1e-3 and np.abs(values).max() < _MOST_TURNS:
            both = np.stack([np.sin(values), np.cos(values)], axis=1)
            yield Group(Quantities(both, (sympy.sin(expr), sympy.cos(expr))), (9, 1))
        if name == "exp" and np.abs(values).max() < _LARGEST_EXPONENT:
            yield Group(Quantities(np.exp(values)[:, None], (sympy.exp(expr),)), (9,))
        if name == "decay" and 0 <= values.min() < values.max() < _LARGEST_EXPONENT:
            yield Group(Quantities(np.exp(-values)[:, None], (sympy.exp(-expr),)), (9,))
        if name == "log" and values.min() > 0:
            yield Group(Quantities(np.log(values)[:, None], (sympy.log(expr),)), (9,))
        if name == "sqrt" and values.min() >= 0:
            yield Group(Quantities(np.sqrt(values)[:, None], (sympy.sqrt(expr),)), (1,))
