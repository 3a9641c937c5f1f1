"""Powers that cross over are found with their exponents, sums of real powers with their terms."""

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.laws.crossovers import crossovers
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.proposing import propose
from kansym.symbolic.laws.sparse_sums import SparseSums
from kansym.symbolic.laws.unit_factors import without_units

X = np.geomspace(0.05, 40.0, 40)
EDGE = Deadline.never()


def values(expr: sympy.Expr, **numbers: float) -> np.ndarray:
    free = {sympy.Symbol(name): sympy.Float(number) for name, number in numbers.items()}
    return sympy.lambdify(sympy.Symbol("x"), expr.xreplace(free))(X)


@pytest.mark.parametrize(
    "law",
    [
        "3*x/(1 - exp(-sqrt(x/1.2)))", "2/sqrt(1 + (x/3)**2)", "5*x**3/(exp(x/4) - 1)",
        "1.7*sqrt(x)*exp(-x/9)", "4*x**(3/2)/(1 + x/2)", "0.6*log(1 + (x/0.7)**2)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("unit", [1.0, 1e5])
def test_a_law_with_noise_in_proportion_is_the_first(law, unit):
    y = values(sympy.sympify(parse(law)))
    noise = 0.03 * np.random.default_rng(1).normal(size=len(X))
    curve = Curve.of(unit * X, y * (1 + noise), weights=1 / y**2)
    best = min(crossovers(curve, EDGE), key=lambda form: form.length(curve))
    found = best.law(curve, "x")
    start = {s.name: v for s, v in found.start.items()}
    near = values(found.expr.xreplace({sympy.Symbol("x"): unit * sympy.Symbol("x")}), **start)
    np.testing.assert_allclose(near, y, rtol=0.06)
    assert not [n for n in found.expr.atoms(sympy.Float) if abs(n) != 1]


@pytest.mark.parametrize("law", ["x/(1 - exp(-sqrt(x/1.2)))", "x*sqrt(1 + (x/3)**2)"])
@pytest.mark.parametrize("unit", [1.0, 1e5])
def test_a_law_that_is_x_at_one_end_has_its_scale_alone(law, unit):
    y = unit * values(sympy.sympify(parse(law)))
    noise = 0.03 * np.random.default_rng(1).normal(size=len(X))
    curve = Curve.of(unit * X, y * (1 + noise), weights=1 / y**2)
    best = min(crossovers(curve, EDGE), key=lambda form: form.length(curve))
    assert len(best.law(curve, "x").start) == 1


@pytest.mark.parametrize(
    ("names", "law", "terms"),
    [
        ("x", lambda x: 0.7 * x + 0.05 * x**3, {"x", "x**3"}),
        ("x", lambda x: 2 - 0.1 * x**4, {"1", "x**4"}),
        ("Z N", lambda Z, N: 15 * (Z + N) - 17 * (Z + N) ** (2 / 3) - 22 * (N - Z) ** 2 / (Z + N),
         {"Z + N", "(Z + N)**(2/3)", "(Z - N)**2/(Z + N)"}),
    ],
)  # fmt: skip
def test_sums_of_real_powers_with_noise(names, law, terms):
    rng = np.random.default_rng(0)
    inputs = rng.uniform(1, 3, (60, 1)) if names == "x" else rng.integers(5, 90, (300, 2))
    y = law(*inputs.T.astype(float))
    rows = Rows(
        inputs.astype(float), y + 3e-3 * y.std() * rng.normal(size=len(y)), tuple(names.split())
    )
    symbols = {name: sympy.Symbol(name) for name in names.split()}
    wanted = {sympy.sympify(text, locals=symbols) for text in terms}

    def of(found: Law) -> set[sympy.Expr]:
        parts = sympy.Add.make_args(found.expr)
        return {
            sympy.Mul(*(f for f in sympy.Mul.make_args(t) if f not in found.start)) for t in parts
        }

    assert wanted in [of(found) for found in SparseSums().propose(rows, Deadline.after(20))]


def test_weights_decide_which_rows_a_law_follows():
    x = np.linspace(1, 4, 40)
    y = np.where(x < 2.5, 2 * x, 40.0)
    rows = Rows(x[:, None], y, ("x",), weights=np.where(x < 2.5, 1.0, 1e-12))
    *_, found = propose(rows, Deadline.after(5), (SparseSums(),))
    assert found.error < 1e-3


def test_units_are_drawn_into_constants_and_nothing_changes():
    a, c, p = sympy.symbols("a c p")
    start = {a: 2.4, c: 1.3, p: 0.7}
    texts = ("a/(0.001*x - c)", "a*(0.01*x + c)**p", "a*log(0.01*x + c) + p")
    texts += ("a*exp((0.001*x - c)/p)", "p/((100.0*c/x)**a + 1)", "a*tanh(0.01*x/c)/x")
    for text in texts:
        expr = sympy.sympify(parse(text))
        found, moved = without_units(
            expr, {k: v for k, v in start.items() if k in expr.free_symbols}
        )
        assert not found.atoms(sympy.Float), found
        before, after = values(expr, a=2.4, c=1.3, p=0.7), values(found, **{
            s.name: v for s, v in moved.items()})  # fmt: skip
        np.testing.assert_allclose(after, before, rtol=1e-9)
