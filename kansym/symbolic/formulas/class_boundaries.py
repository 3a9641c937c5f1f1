"""Decision boundaries of classifiers as equations, from formulas of their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import sympy

from kansym.shared.errors import InputError
from kansym.shared.symbol_names import latex_name
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import written

__all__ = ["Boundary", "boundaries"]

_ONE = sympy.Integer(1)

Inverse = tuple[Callable[[sympy.Expr], sympy.Expr], Callable[[sympy.Expr], bool]]

INCREASING: dict[type[sympy.Function], Inverse] = {
    sympy.exp: (sympy.log, lambda value: value > 0),
    sympy.log: (sympy.exp, lambda value: True),
    sympy.tanh: (sympy.atanh, lambda value: abs(value) < 1),
    sympy.atanh: (sympy.tanh, lambda value: True),
    sympy.sinh: (sympy.asinh, lambda value: True),
    sympy.asinh: (sympy.sinh, lambda value: True),
    sympy.atan: (sympy.tan, lambda value: abs(value) < sympy.pi / 2),
    sympy.erf: (sympy.erfinv, lambda value: abs(value) < 1),
    sympy.sign: (lambda value: sympy.Integer(0), lambda value: abs(value) < 1),
}
"""Functions that keep the order, their inverses, and the values that these take."""


@dataclass(frozen=True)
class Boundary:
    """Where a classifier is undecided between two classes.

    Attributes
    ----------
    classes : the two classes; the first is the likelier one where the score is negative.
    equation : in the inputs, simplified; ``sympy.false`` if one class is likelier everywhere.
    score : the formula that is zero there: log-odds of the second class against the first.
    inputs : names of the inputs.
    """

    classes: tuple[str, str]
    equation: sympy.Basic
    score: sympy.Expr
    inputs: tuple[str, ...]

    def latex(self) -> str:
        """The equation in LaTeX."""
        names = {sympy.Symbol(name): latex_name(name) for name in self.inputs}
        return sympy.latex(self.equation, symbol_names=names)

    def __str__(self) -> str:
        between = f"{self.classes[0]} | {self.classes[1]}"
        if not isinstance(self.equation, sympy.Eq):
            return f"{between}: no boundary"
        left, right = (written(side, full_precision=False) for side in self.equation.args)
        return f"{between}: {left} = {right}"


def boundaries(formulas: Sequence[Formula], classes: Sequence[str]) -> tuple[Boundary, ...]:
    """The boundary between every two classes.

    Parameters
    ----------
    formulas : scores. With one class more than formulas they are log-odds against the first
        class, as in training with cross-entropy; with as many, values before a softmax.
    classes : names, in order.

    Raises
    ------
    InputError
        If the numbers of classes and formulas do not match.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> inside = Formula(3 - 5 * sympy.tanh(2 * x**2 + 2 * y**2), ("x", "y"))
    >>> print(*boundaries([inside], ["outside", "inside"]))
    outside | inside: x**2 + y**2 = atanh(3/5)/2
    """
    names = tuple(str(name) for name in classes)
    scores: list[sympy.Expr] = [formula.expr for formula in formulas]
    if len(names) == len(scores) + 1:
        scores = [sympy.Integer(0), *scores]
    if len(names) != len(scores) or len(names) < 2:
        raise InputError(
            f"{len(names)} classes were named for {len(formulas)} formulas: name one class more "
            "(the formulas are log-odds against the first), or as many (values before a softmax)."
        )
    inputs = formulas[0].inputs
    found = []
    for (one, first), (other, second) in combinations(zip(names, scores, strict=True), 2):
        score = second - first
        found.append(Boundary((one, other), _equation(score, inputs), score, inputs))
    return tuple(found)


def _equation(score: sympy.Expr, inputs: tuple[str, ...]) -> sympy.Basic:
    """Where a score is zero, with what cannot change that taken off."""
    symbols = {sympy.Symbol(name) for name in inputs}
    left, right = score, sympy.Integer(0)
    while True:
        constant, rest = left.as_independent(*symbols, as_Add=True)
        left, right = rest, right - constant
        if not left.free_symbols & symbols:
            return sympy.false
        factor, rest = left.as_independent(*symbols, as_Add=False)
        left, right = rest, right / factor
        if right == 0:
            left = sympy.Mul(*(part for part in sympy.Mul.make_args(left) if not _positive(part)))
            if left == _ONE:
                return sympy.false
        inner = _inside(left, right)
        if inner is None:
            return _scaled(left, right)
        left, right = inner
        if right is sympy.nan:
            return sympy.false


def _positive(part: sympy.Expr) -> bool:
    """Whether a factor is above zero everywhere."""
    return isinstance(part, sympy.exp | sympy.cosh) or bool(part.is_positive)


def _inside(left: sympy.Expr, right: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """f(u) = v as u = g(v); v is nan where f never takes that value; None if f has no inverse."""
    if left.func in INCREASING:
        inverse, takes = INCREASING[left.func]
        return left.args[0], inverse(right) if takes(right) else sympy.nan
    if isinstance(left, sympy.Pow) and left.exp.is_number:
        base, power = left.args
        if power.is_Integer and power > 0 and power % 2 == 0:
            return (base, sympy.Integer(0)) if right == 0 else None
        odd = power.is_Integer and power % 2 == 1
        if power < 0 and right == 0:
            return base, sympy.nan
        if odd:
            size = abs(right) ** (_ONE / power)
            return base, size if right >= 0 else -size
        return base, right ** (_ONE / power) if right >= 0 else sympy.nan
    return None


def _scaled(left: sympy.Expr, right: sympy.Expr) -> sympy.Basic:
    """Divided by the number before the first term."""
    if isinstance(left, sympy.Add):
        terms = [term.as_coeff_Mul() for term in left.as_ordered_terms()]
        first = terms[0][0]
        parts = [(number / first if k else _ONE) * rest for k, (number, rest) in enumerate(terms)]
        left, right = sympy.Add(*parts), right / first
    return sympy.Eq(left, right, evaluate=False)
