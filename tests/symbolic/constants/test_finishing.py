"""The whole chain: from a composed network formula to the formula of a textbook."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.constants.redundant_constants import ConstantReducer, free_constants
from kansym.symbolic.formulas.equivalence import equivalent
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.sympy_programs import from_sympy
from tests.clock import at_most

SQUARE = (-1.0, 1.0)
TASKS = {
    "toy": (
        "c0*exp(c1*(c2*sin(c3*x1+c4)+c5*(c6*x2+c7)^2+c8)+c9)+c10",
        [1.1, 0.9, 1.1, 3.14, 0.001, 1.2, 0.9, 0.001, 0.001, -0.05, 0.001],
        "exp(x2^2+sin(pi*x1))",
        {"x1": SQUARE, "x2": SQUARE},
    ),
    "product": (
        "c0*(c1*x1+c2*x2+c3)^2+c4*(c5*x1+c6*x2+c7)^2+c8",
        [0.25, 1, 1, 0.001, -0.25, 1, -1, 0.001, 0.001],
        "x1*x2",
        {"x1": SQUARE, "x2": SQUARE},
    ),
    "velocities": (
        "c0*tanh(c1*(c2*atanh(c3*x1+c4)+c5*atanh(c6*x2+c7))+c8)+c9",
        [1, 2, 0.5, 1, 1e-4, 0.5, 1, 1e-4, 0.001, 0.001],
        "(x1+x2)/(1+x1*x2)",
        {"x1": (-0.9, 0.9), "x2": (-0.9, 0.9)},
    ),
    "gaussian": (
        "c0*exp(c1*(c2*x^2)*(c3*s+c4)^(-2)+c5*log(s)+c6)+c7",
        [1, -0.5, 1, 1, 0.001, -1, -0.919, 0.001],
        "exp(-x^2/(2*s^2))/(sqrt(2*pi)*s)",
        {"x": (1, 3), "s": (1, 3)},
    ),
    "distance": (
        "c0*sqrt(c1*(c2*x2+c3*x1+c4)^2+c5*(c6*y2+c7*y1+c8)^2+c9)+c10",
        [1, 1, 1, -1, 0.001, 1, 1, -1, 0.001, 0.001, 0.001],
        "sqrt((x2-x1)^2+(y2-y1)^2)",
        dict.fromkeys(["x1", "x2", "y1", "y2"], (1, 5)),
    ),
    "coulomb": (
        "c0*exp(c1*(c2*log(c3*q1)+c4*log(c5*q2)+c6*log(c7*eps)+c8*log(c9*r)+c10)+c11)+c12",
        [0.08, 1, 1, 1, 1, 1, -1, 1, -2, 1, 0.01, 0.01, 1e-5],
        "q1*q2/(4*pi*eps*r^2)",
        dict.fromkeys(["q1", "q2", "eps", "r"], (1, 5)),
    ),
    "mass": (
        "c0*exp(c1*log(c2*m)+c3*log(c4+c5*exp(c6*log(v)+c7*log(c))))",
        [1, 1, 1, -0.5, 1, -1, 2, -2],
        "m/sqrt(1-v^2/c^2)",
        {"m": (1, 5), "v": (1, 2), "c": (3, 10)},
    ),
    "angles": (
        "c0*sin(c1*x+c2)*cos(c3*y+c4)+c5*cos(c6*x+c7)*sin(c8*y+c9)+c10",
        [1, 1, 0.001, 1, 0.001, 1, 1, 0.001, 1, 0.001, 1e-4],
        "sin(x+y)",
        {"x": (-3, 3), "y": (-3, 3)},
    ),
}


def data(task: str, seed: int = 0):
    text, values, truth, ranges = TASKS[task]
    rng = np.random.default_rng(seed)
    X = np.stack([rng.uniform(low, high, 500) for low, high in ranges.values()], axis=1)
    y = evaluate(from_sympy(parse(truth)), dict(zip(ranges, X.T, strict=True)))
    start = {f"c{i}": v * (1 + 0.003 * rng.normal()) for i, v in enumerate(values)}
    return parse(text), start, ranges, X, y, truth


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("judge", ["data", "network"])
@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_textbook_formulas(task, judge, noise):
    template, start, ranges, X, y, truth = data(task)
    if judge == "data":
        y = y + noise * y.std() * np.random.default_rng(1).normal(size=len(y))
    else:
        y = y + noise * y.std() * np.sin(7 * X[:, 0] + 3 * X[:, -1])
    formula = finish(template, start, tuple(ranges), X, y, judge=judge)
    assert formula.constants == ()
    verdict = equivalent(formula, truth, ranges=ranges)
    assert verdict.numerical, str(formula)
    assert verdict.symbolic is not False


def test_the_exact_words():
    template, start, ranges, X, y, _ = data("toy")
    assert str(finish(template, start, tuple(ranges), X, y)) == "exp(x2**2 + sin(pi*x1))"
    template, start, ranges, X, y, _ = data("velocities")
    assert str(finish(template, start, tuple(ranges), X, y)) == "(x1 + x2)/(x1*x2 + 1)"
    text = "1.0000003*exp(a*sin(b*x1 - c) + d*(x2 + e)^2 + g)"
    template = parse(text, ["x1", "x2", *"abcdeg"])
    start = dict(zip("abcdeg", [0.99999, 3.14159, 1e-7, 1.00002, 1e-8, 2e-9], strict=True))
    _, _, ranges, X, y, _ = data("toy")
    found = finish(template.subs(sympy.Float("1.0000003"), 1), start, tuple(ranges), X, y)
    assert str(found) == "exp(x2**2 + sin(pi*x1))"


def test_constants_that_remain_have_errors_that_cover_the_truth():
    rng = np.random.default_rng(4)
    X = rng.uniform(0, 2, (400, 1))
    covered = 0
    for _ in range(20):
        y = 2.3717 * np.exp(-1.2871 * X[:, 0]) + 0.02 * rng.normal(size=400)
        formula = finish(parse("a*exp(b*x) + c"), {"a": 2, "b": -1, "c": 0.1}, ["x"], X, y)
        assert len(formula.constants) == 2
        low, high = formula.constants[0].interval(0.95, formula.freedom)
        covered += low <= 2.3717 <= high
    assert 16 <= covered <= 20


def test_the_deadline_is_kept():
    template, start, ranges, X, y, _ = data("velocities")
    for seconds in (0.0, 0.05, 0.3):
        with at_most(seconds + 1.0):
            until = Deadline.after(seconds)
            formula = finish(template, start, tuple(ranges), X, y, deadline=until)
        assert np.isfinite(formula.predict(X)).all()


def test_a_template_that_is_undefined_on_the_data_comes_back_as_it_is():
    X = np.linspace(-1, 1, 20)[:, None]
    formula = finish(parse("a*log(x)"), {"a": 1.5}, ["x"], X, X[:, 0])
    assert formula.undefined(X).any()
    assert formula.constants[0].value == 1.5


def test_a_template_without_constants():
    X = np.linspace(0.1, 1, 20)[:, None]
    assert str(finish(parse("exp(log(x))"), {}, ["x"], X, X[:, 0])) == "x"
    with pytest.raises(InputError, match="value"):
        finish(parse("a*x"), {}, ["x"], X, X[:, 0])
    with pytest.raises(InputError, match="both"):
        finish(parse("a*x"), {"x": 1.0, "a": 1.0}, ["x"], X, X[:, 0])


def test_tabulated_curves_stay_in_place():
    grid = np.linspace(-1.5, 1.5, 100)
    curve = TabulatedCurve("s1", grid, np.tanh(3 * grid) + grid**2)
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    y = 2 * curve(X[:, 0]) + np.sin(np.pi * X[:, 1])
    template = parse("b*sin(c*x2) + d").subs({}) + sympy.Symbol("a") * sympy.Function("s1")(
        sympy.Symbol("x1")
    )
    start = {"a": 1.9, "b": 1.1, "c": 3.1, "d": 0.01}
    formula = finish(template, start, ["x1", "x2"], X, y, judge="network", curves=(curve,))
    assert str(formula) == "2*s1(x1) + sin(pi*x2)"
    np.testing.assert_allclose(formula.predict(X), y, atol=1e-6)


def test_named_physical_constants():
    X = np.random.default_rng(0).uniform(1, 3, (200, 1))
    y = 6.62607015e-34 * X[:, 0]
    named = {"h": 6.62607015e-34}
    formula = finish(parse("a*x"), {"a": 6.6e-34}, ["x"], X, y, named=named)
    assert str(formula.template) == "h*x"
    np.testing.assert_allclose(formula.predict(X), y, rtol=1e-12)


@given(
    st.lists(st.floats(-2, 2).filter(lambda v: abs(v) > 0.05), min_size=11, max_size=11),
    st.sampled_from([t[0] for t in TASKS.values()]),
)
@settings(max_examples=60)
def test_absorbing_keeps_the_values(numbers, text):
    template = parse(text)
    inputs = sorted({s.name for s in template.free_symbols} - {f"c{i}" for i in range(20)})
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(0.2, 0.6, 30) for name in inputs}
    constants = sorted({s for s in template.free_symbols if s.name not in inputs}, key=str)
    values = {s: numbers[i % 11] for i, s in enumerate(constants)}
    reducer = ConstantReducer(values, columns)
    before = reducer.sample(template)
    found = reducer(template)
    after = reducer.sample(found)
    before, after = np.broadcast_arrays(before, after)
    finite = np.isfinite(before)
    scale = np.abs(before[finite]).max(initial=1e-300)
    np.testing.assert_allclose(after[finite], before[finite], rtol=1e-7, atol=1e-7 * scale)
    assert len(found.free_symbols - {sympy.Symbol(n) for n in inputs}) <= len(constants)


def test_one_degree_of_freedom_one_constant():
    b, c, x = sympy.symbols("b c x")
    reducer = ConstantReducer({b: 0.3, c: 2.0}, {"x": np.linspace(0, 1, 9)})
    reduced = reducer(c * sympy.exp(x + b))
    (constant,) = free_constants(reduced, ["x"])
    assert reducer.values[constant] == pytest.approx(2 * np.exp(0.3))
    assert reduced.has(sympy.exp(x))


PLAIN = [
    ("0.0795774715459477*q*p/(u*r**2)", {}, "p*q/(4*pi*r**2*u)", {}),
    ("sqrt(-k1*a**3/(b*c + b*d))", {"k1": -39.4784176043574}, "2*pi*sqrt(a**3/(b*(c + d)))", {}),
    (
        "exp((-2*s**2*log(s) - 1.83787706640935*s**2 - x**2 + 2*x*y - y**2)/(2*s**2))",
        {},
        "exp(-(x - y)**2/(2*s**2))/(s*sqrt(2*pi))",
        {},
    ),
    (
        "k1*x + k2*sqrt(x**2/14 - x + 7/2) + k3",
        {"k1": 5.35, "k2": 14.4, "k3": -22.9},
        "5.35*x + 3.85*Abs(x - 7) - 23",
        {"x": (0.0, 14.0)},
    ),
    ("1/(1 + k1*x**(-k2))", {"k1": 2.9, "k2": 2.69}, "1/(1 + (2*x/3)**(-27/10))", {}),
    ("p*(0.5*(2*g*h*r/p + r*v**2/p) + 1.0)", {}, "p + r*(g*h + v**2/2)", {}),
]


@pytest.mark.parametrize(("template", "start", "plain", "ranges"), PLAIN)
def test_finished_in_the_plain_form(template, start, plain, ranges):
    truth = parse(plain)
    names = sorted(s.name for s in truth.free_symbols)
    rng = np.random.default_rng(5)
    X = np.stack([rng.uniform(*ranges.get(name, (1.0, 2.0)), 400) for name in names], axis=1)
    y = np.asarray(evaluate(from_sympy(truth), dict(zip(names, X.T, strict=True))))
    found = finish(parse(template), start, names, X, y, deadline=Deadline.after(30))
    assert str(found) == plain
    np.testing.assert_allclose(found.predict(X), y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("more", [0.0, 0.1])
def test_three_constants_of_a_square_are_two(more):
    x, q, *c = sympy.symbols("x q c1:6")
    X = np.random.default_rng(0).uniform(1, 3, (300, 2))
    u = sympy.log(x + c[3] * q ** c[4])
    template = c[0] / (u**2 + c[2] * u + c[1])
    y = 1.5 / ((np.log(X[:, 0] + 2 / X[:, 1]) + 0.7312345) ** 2 + more)
    # The start is that of a square: whether the law is one, the rows say.
    start = dict(zip(c, [1.5, 0.7312345**2, 2 * 0.7312345, 2.0, -1.0], strict=True))
    expr = finish(template, start, ["x", "q"], X, y).expr
    found = evaluate(from_sympy(expr), dict(zip("xq", X.T, strict=True)))
    assert np.allclose(found, y, rtol=1e-9)
    assert any(p.base.is_Add and p.exp == -2 for p in expr.atoms(sympy.Pow)) == (more == 0)
