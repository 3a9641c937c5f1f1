"""Of all equal forms a formula is given in the plain one: a table, and laws that hold for all."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse, written
from kansym.symbolic.formulas.simplification import simplify
from kansym.symbolic.formulas.sympy_programs import from_sympy

# A strange form, the plain one, and the ranges of the names, (0.5, 2) unless given.
FORMS = [
    ("sin(x)*cos(y)/2 - sin(x) - sin(y)*cos(x)/2", "sin(x-y)/2 - sin(x)", {}),
    ("-c*w/(-c + v)", "c*w/(c - v)", {"c": (3, 9), "v": (1, 2)}),
    ("c*rho*sqrt(-1/(-c**2 + v**2))", "rho/sqrt(1 - v**2/c**2)", {"c": (3, 9), "v": (1, 2)}),
    ("c*m_0*v*sqrt(-1/(-c**2 + v**2))", "m_0*v/sqrt(1 - v**2/c**2)", {"c": (3, 9), "v": (1, 2)}),
    (
        "exp((-2*s**2*log(s) - log(2*pi)*s**2 - x**2 + 2*x*y - y**2)/(2*s**2))",
        "exp(-(x - y)**2/(2*s**2))/(sqrt(2*pi)*s)",
        {},
    ),
    ("(a + b - sqrt((a - b)**2))/2", "Min(a,b)", {}),
    ("a/2 + b/2 - sqrt(a**2 - 2*a*b + b**2)/2", "Min(a,b)", {}),
    ("(a + b + sqrt((a - b)**2))/2", "Max(a,b)", {}),
    ("1/(1 + 9*2**(3/10)*3**(7/10)/(8*x**(27/10)))", "1/(1 + 2.98859562/x**2.7)", {}),
    ("2*pi*sqrt(d**3/(G*m1 + G*m2))", "2*pi*sqrt(d**3/(G*(m1 + m2)))", {}),
    ("(-4*sin(x)**3 + 3*sin(x))*exp(-y)", "sin(3*x)*exp(-y)", {}),
    ("4*cos(x)**3 - 3*cos(x)", "cos(3*x)", {}),
    ("2*cos(x)**2 - 1", "cos(2*x)", {}),
    ("2*sin(x)*cos(x)*a", "a*sin(2*x)", {}),
    (
        "x*sqrt((-c**2*t**2/x**2 + 2*c**2*t/(u*x) - c**2/u**2)/(-c**2/u**2 + 1))",
        "(x - u*t)/sqrt(1 - u**2/c**2)",
        {"x": (5, 10), "c": (3, 20), "u": (1, 2), "t": (1, 2)},
    ),
    (
        "x1*sqrt(1 + 2*x2*cos(t1 - t2)/x1 + x2**2/x1**2)",
        "sqrt(x1**2 + 2*x1*x2*cos(t1 - t2) + x2**2)",
        {},
    ),
    (
        "(-2*alpha*n - 3)/(alpha*n - 3)",
        "(2*alpha*n + 3)/(3 - alpha*n)",
        {"alpha": (0, 1), "n": (0, 1)},
    ),
    ("sqrt(gamma*pr)/sqrt(rho)", "sqrt(gamma*pr/rho)", {}),
    ("Y/(2*sigma + 2)", "Y/(2*(sigma + 1))", {}),
    ("sqrt(Bx**2*mom**2 + By**2*mom**2 + Bz**2*mom**2)", "mom*sqrt(Bx**2 + By**2 + Bz**2)", {}),
    ("a*x + a*y + a*z", "a*(x+y+z)", {}),
    (
        "sqrt(x1**2 - 2*x1*x2 + x2**2 + y1**2 - 2*y1*y2 + y2**2)",
        "sqrt((x1-x2)**2 + (y1-y2)**2)",
        {},
    ),
    (
        "G*m1*m2/(x1**2 - 2*x1*x2 + x2**2 + y1**2 - 2*y1*y2 + y2**2 + z1**2 - 2*z1*z2 + z2**2)",
        "G*m1*m2/((x1-x2)**2 + (y1-y2)**2 + (z1-z2)**2)",
        {},
    ),
    ("-Ef*q/(m*(w**2 - w0**2))", "Ef*q/(m*(w0**2 - w**2))", {"w": (1, 2), "w0": (3, 5)}),
    ("-c*w*(v + c)/(v**2 - c**2)", "c*w/(c - v)", {"c": (3, 9), "v": (1, 2)}),
    ("-h*w/(2*pi*(1 - exp(h*w/(2*pi*k*T))))", "h*w/(2*pi*(exp(h*w/(2*pi*T*k)) - 1))", {}),
    ("exp(a)*exp(-b)*exp(c)", "exp(a - b + c)", {}),
    ("a*log(x) - a*log(y)", "a*log(x/y)", {}),
    ("1/(1/a + 1/b + 1/c)", "a*b*c/(a*b + a*c + b*c)", {}),
    ("x**3*a + x**2*b + x*c", "x*(a*x**2+b*x+c)", {}),
    ("V*x/(K*(x/K + 1))", "V*x/(K + x)", {}),
    ("V*x**2/(K**2*(x**2/K**2 + 1))", "V*x**2/(K**2 + x**2)", {}),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)", {}),
    ("(exp(2*x) - 1)/(exp(2*x) + 1)", "tanh(x)", {}),
    ("x/2 + sqrt(x**2)/2", "Max(0,x)", {"x": (-2, 2)}),
    ("x/2 + Abs(x)/2", "Max(0,x)", {"x": (-2, 2)}),
    ("sqrt((x-3)**2)", "Abs(x-3)", {"x": (0, 6)}),
    ("x**a*y**(-a)", "(x/y)**a", {}),
    ("c**2*(u+v)/(c**2 + u*v)", "(u + v)/(1 + u*v/c**2)", {}),
    ("sqrt(c**2 - v**2)/c", "sqrt(1 - v**2/c**2)", {"c": (3, 9), "v": (1, 2)}),
    ("a*(1 - cos(x)**2)", "a*sin(x)**2", {}),
    ("1 - 2*sin(x/2)**2", "cos(x)", {}),
    ("sqrt(p**2*c**2 + m**2*c**4)", "c*sqrt(c**2*m**2 + p**2)", {}),
    ("1/(1/d1 + n/d2)", "d1*d2/(d1*n+d2)", {}),
    ("m*u**2/2 + m*v**2/2 + m*w**2/2", "m*(u**2+v**2+w**2)/2", {}),
    ("cosh(x)**2 - 1", "sinh(x)**2", {}),
    ("exp(x)/(1+exp(x))", "1/(1 + exp(-x))", {}),
    ("exp(-(En-mu)/T)/(1 + exp(-(En-mu)/T))", "1/(exp((En-mu)/T) + 1)", {}),
    ("-G*M*m*(1/r1 - 1/r2)", "G*M*m*(1/r2-1/r1)", {}),
    ("En/(1 + En*(1-cos(t))/(m*c**2))", "En/(1 + En*(1-cos(t))/(m*c**2))", {}),
    ("En*c**2*m/(-En*cos(t) + En + c**2*m)", "En/(1 + En*(1-cos(t))/(m*c**2))", {}),
    (
        "4*pi*Ef**2*c*epsilon*r**2/(3*(1 - omega_0**2/omega**2)**2)",
        "4*pi*Ef**2*c*epsilon*r**2/(3*(1 - omega_0**2/omega**2)**2)",
        {"omega": (1, 2), "omega_0": (3, 5)},
    ),
    ("exp(-x*g)*cos(x*w)*a + exp(-x*g)*sin(x*w)*b", "exp(-g*x)*(a*cos(w*x)+b*sin(w*x))", {}),
    ("(exp(x)+exp(-x))/2", "cosh(x)", {}),
]


def values(expression: sympy.Expr, point: dict[str, np.ndarray]) -> np.ndarray:
    found = evaluate(from_sympy(expression), point)
    return np.broadcast_to(np.asarray(found, dtype=float), next(iter(point.values())).shape)


def drawn(names, ranges, rows=200, seed=3):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(*ranges.get(name, (0.5, 2.0)), rows) for name in sorted(names)}


@pytest.mark.parametrize(("strange", "plain", "ranges"), FORMS)
def test_the_plain_form_is_found(strange, plain, ranges):
    expression = parse(strange)
    found = simplify(expression, ranges=ranges, seconds=20)
    point = drawn((s.name for s in expression.free_symbols), ranges)
    np.testing.assert_allclose(values(found, point), values(expression, point), rtol=1e-9)
    assert complexity(found) <= complexity(parse(plain)) + 1e-9


@pytest.mark.parametrize("plain", sorted({form[1] for form in FORMS}))
def test_the_plain_form_stays_as_short(plain):
    ranges = next(form[2] for form in FORMS if form[1] == plain)
    found = simplify(parse(plain), ranges=ranges, seconds=20)
    assert complexity(found) <= complexity(parse(plain)) + 1e-9


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("exp(-x**2/2)/sqrt(2*pi)", "exp(-x**2/2)/sqrt(2*pi)"),
        ("-c*w/(v - c)", "w/(1 - v/c)"),
        ("c*m*v*sqrt(-1/(v**2 - c**2))", "m*v/sqrt(1 - v**2/c**2)"),
        ("1/(1 + (2*x/3)**(-27/10))", "1/(1 + (2*x/3)**(-27/10))"),
        ("Y/(2*s + 2)", "Y/(2*(s + 1))"),
        ("sqrt(x/2)", "sqrt(x/2)"),
        ("x/sqrt(2)", "x/sqrt(2)"),
        ("3*sqrt(2)", "3*sqrt(2)"),
        ("V*x/(K*(1 + x/K))", "V*x/(K + x)"),
        ("sqrt(exp(x))", "exp(x/2)"),
        ("log(sqrt(x))", "log(x)/2"),
        ("b - a", "b - a"),
    ],
)
def test_it_is_shown_as_on_paper(text, shown):
    ranges = {"c": (3.0, 5.0)}
    assert written(simplify(parse(text), ranges=ranges, seconds=20)) == shown


def test_all_rows_count_not_only_the_sample():
    x = np.append(np.linspace(7.1, 9, 2000), 6.9)
    distance = parse("sqrt((x - 7)**2)")
    assert simplify(distance, values={"x": x}) == parse("Abs(x - 7)")
    assert simplify(distance, values={"x": x[:-1]}) == parse("x - 7")


def formulas():
    names = sympy.symbols("a b x")
    leaf = st.sampled_from([*names, *names, sympy.Integer(2), sympy.Rational(1, 2), sympy.pi])
    pair = lambda inner: st.tuples(inner, inner)  # noqa: E731
    grow = lambda inner: st.one_of(  # noqa: E731
        pair(inner).map(lambda p: p[0] + p[1]),
        pair(inner).map(lambda p: p[0] - p[1]),
        pair(inner).map(lambda p: p[0] * p[1]),
        pair(inner).map(lambda p: p[0] / (1 + p[1] ** 2)),
        inner.map(lambda u: sympy.sqrt(1 + u**2)),
        inner.map(lambda u: sympy.sqrt(u**2)),
        inner.map(lambda u: sympy.cos(u) ** 2),
        inner.map(lambda u: sympy.exp(-(u**2))),
        inner.map(lambda u: sympy.log(2 + sympy.cos(u))),
    )
    return st.recursive(leaf, grow, max_leaves=7)


@given(formulas())
def test_the_value_never_changes(expression):
    ranges = dict.fromkeys("abx", (-2.0, 2.0))
    found = simplify(expression, ranges=ranges, seconds=1.0)
    assert complexity(found) <= complexity(expression) + 1e-9
    point = drawn("abx", ranges, rows=30)
    before, after = values(expression, point), values(found, point)
    scale = np.abs(before[np.isfinite(before)]).max(initial=1e-300)
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-8 * scale)


@given(formulas())
def test_what_is_shown_is_read_back(expression):
    point = drawn("abx", {}, rows=30)
    before, after = values(expression, point), values(parse(written(expression)), point)
    np.testing.assert_allclose(after, before, rtol=1e-12)
