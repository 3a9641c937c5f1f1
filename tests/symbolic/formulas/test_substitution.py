"""Values in place of symbols: the same function as sympy's own substitution, and at once."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.substitution import replaced
from kansym.symbolic.formulas.sympy_programs import from_sympy
from kansym.symbolic.library.library import ALL
from tests.clock import at_most

a, b, c, x, y = sympy.symbols("a b c x y")
NUMBERS = st.sampled_from([0, 1, -1, 2, -3, 0.5, 2.5, -1.25])


def grown(inner):
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda e: e[0] + e[1]),
        two.map(lambda e: e[0] * e[1]),
        two.map(lambda e: sympy.Max(e[0], e[1])),
        inner.map(lambda e: sympy.sqrt(1 + sympy.exp(e))),
        inner.map(lambda e: 1 / sympy.sqrt(2 + sympy.tanh(e))),
        inner.map(lambda e: (c + sympy.sin(e)) ** 2),
        inner.map(sympy.tanh),
    )


EXPRESSIONS = st.recursive(st.sampled_from([a, b, c, x, y]), grown, max_leaves=6)


def values(expression: sympy.Expr) -> np.ndarray:
    given = {"x": np.linspace(-1.0, 1.0, 7), "y": np.linspace(0.3, 1.1, 7)}
    return np.broadcast_to(evaluate(from_sympy(expression), given), 7)


@given(EXPRESSIONS, NUMBERS, NUMBERS, NUMBERS)
def test_the_value_is_that_of_substitution(template, first, second, third):
    numbers = {a: sympy.sympify(first), b: sympy.sympify(second), c: sympy.sympify(third)}
    ours, theirs = values(replaced(template, numbers)), values(template.xreplace(numbers))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("template", "numbers", "text"),
    [
        (a * (x + b), {a: 2, b: 1}, "2*(x + 1)"),
        (a * sympy.sqrt(sympy.exp(x) + b), {a: -1, b: 1}, "-sqrt(exp(x) + 1)"),
        (a + b * sympy.sqrt(sympy.exp(x) + 1), {a: 3, b: 0}, "3"),
        (a * b * sympy.Max(0, x - c), {a: 2, b: 3, c: 0}, "6*Max(0, x)"),
        ((x + a) * (x + b), {a: 1, b: 1}, "(x + 1)**2"),
    ],
)
def test_formulas_read_well(template, numbers, text):
    assert str(replaced(template, {s: sympy.Integer(n) for s, n in numbers.items()})) == text


def nested(depth: int) -> tuple[sympy.Expr, dict[sympy.Symbol, sympy.Expr]]:
    """A chain of functions with four constants each, as composed networks have them."""
    expression, numbers = x, {}
    for i in range(depth):
        k = sympy.symbols(f"k{4 * i}:{4 * i + 4}")
        numbers |= {s: sympy.Float(f"0.{37 + 11 * i}{j}", 3) for j, s in enumerate(k)}
        inner = k[0] * expression + k[1]
        function = (sympy.sin, sympy.exp, sympy.tanh, lambda u: sympy.sqrt(1 + u**2))[i % 4]
        expression = k[2] * function(inner) + k[3]
    return expression, numbers


def test_deep_formulas_take_no_time():
    expression, numbers = nested(8)
    with at_most(2.0):
        bits = complexity(replaced(expression, numbers), ["x"])
    assert bits > 300


class Unasked(sympy.Function):
    """A function about which no question may be asked."""

    def _eval_is_extended_real(self):
        raise AssertionError("asked whether it is real")

    _eval_is_real = _eval_is_zero = _eval_is_extended_negative = _eval_is_extended_real
    _eval_is_extended_positive = _eval_is_infinite = _eval_is_extended_real


@pytest.mark.parametrize("candidate", list(ALL), ids=lambda candidate: candidate.name)
def test_nothing_is_asked_about_a_sum_of_functions(candidate):
    rich = a * Unasked(b * x) + c
    with pytest.raises(AssertionError, match="asked"):
        sympy.Abs(rich)
    found = replaced(candidate.expr, {x: rich})
    assert found.has(Unasked)
