"""Simplifiers on expressions as composed edges give them: kansym, egglog (e-graphs), and sympy.

Prints the bits of every expression before and after, the seconds, and whether the value stayed.
egglog is no dependency: `pip install egglog` (13.2 was used), or its column stays empty.

    python benchmarks/simplifiers.py [--seconds 2] [--only tanh]
"""

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from kansym.programs.program import evaluate
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.formulas.simplification import simplified_by_sympy, simplify
from kansym.symbolic.formulas.sympy_programs import from_sympy

LOW, HIGH, TOLERANCE = 0.1, 0.9, 1e-9
NAMES = ("v", "w", "x", "y", "z")

EXPRESSIONS = """
exp(x)*exp(y)*exp(-z/2)
exp(log(x) + 2*log(y) - log(z))
exp(-2*log(x) + 1/2*log(y) + log(3))
exp(2*(log(x) + log(y)))/exp(log(z))
2*exp(x + 3)*exp(2*y - 3)
exp(x)**2*exp(-x)
log(exp(x)*y**2)
log(x*y) - log(x/z)
log(exp(2*x + 1)) - 1
sin(x)*cos(y) + cos(x)*sin(y)
2*cos(x)*cos(y) - 2*sin(x)*sin(y)
sin(x)**2 + cos(x)**2 + y
2*sin(x)*cos(x)
1 - sin(x + y)**2
tanh(atanh(x) + atanh(y))
tanh(atanh(x) - atanh(y))
tan(atan(x) + atan(y))
3*tanh(atanh(x/3) + atanh(y/3))
tanh(2*atanh(x))
((x + y)**2 - (x - y)**2)/4
(x + y)**2/2 - x**2/2 - y**2/2
sqrt(x**2 - 2*x*y + y**2 + z**2)
sqrt((x - y)**2 + z**2 + 2*z*w + w**2)
x**2 + 6*x*y + 9*y**2
2*x*y + 2*x*z
x*y/z + x*w/z
3*x*exp(y) + 6*z*exp(y)
-2*(3*x - 4*(y - 1)) - 8
2*(3*(x/6 + 1) - 3)
(x*y)**2/(x*z)
sqrt(x)*sqrt(y)*x**(3/2)
(x**2*y**4)**(1/2)
(x**(1/3))**6/x
1/(1/x + 1/y)
x/(x + y) + y/(x + y)
(x*y - x)/(y - 1)
exp(-(x - y)**2/2)*exp(x*y)
exp(-log(sqrt(2*pi)) - log(y) - x**2/(2*y**2))
exp((sin(pi*x)*cos(pi*y) + cos(pi*x)*sin(pi*y))/2)*exp(z/2)
v*(w - x)/(w - x)**3
sqrt(2)*sqrt(x)*sqrt(2)*sqrt(x + 1)
x*(1 + y**2/z**2)**(-1/2)*z/sqrt(z**2 + y**2)
""".strip().splitlines()

Simplifier = Callable[[sympy.Expr, float], sympy.Expr]


# -- egglog ----------------------------------------------------------------------------------------


def egglog_simplifier() -> Simplifier | None:  # noqa: C901, PLR0915 - a table of rules
    """A simplifier by equality saturation, or None where egglog is not installed."""
    try:
        import egglog as egg
    except ModuleNotFoundError:
        return None

    class Num(egg.Expr):
        @egg.method(cost=3)
        def __init__(self, value: egg.f64Like) -> None: ...
        @egg.method(cost=3)
        @classmethod
        def var(cls, name: egg.StringLike) -> "Num": ...
        @egg.method(cost=4)
        def __add__(self, other: "Num") -> "Num": ...
        @egg.method(cost=4)
        def __mul__(self, other: "Num") -> "Num": ...
        @egg.method(cost=4)
        def __pow__(self, other: "Num") -> "Num": ...
        @egg.method(cost=4)
        def __sub__(self, other: "Num") -> "Num": ...
        @egg.method(cost=4)
        def __truediv__(self, other: "Num") -> "Num": ...

    functions: dict[str, Any] = {}
    for name in ("exp", "log", "sin", "cos", "tan", "tanh", "atanh", "atan"):
        cost = 6 if name in ("exp", "log", "sin", "cos") else 9

        def function(u: Num) -> Num: ...

        function.__name__ = function.__qualname__ = name
        functions[name] = egg.function(cost=cost, egg_fn=f"real_{name}")(function)
    exp, log, sin, cos = (functions[name] for name in ("exp", "log", "sin", "cos"))
    tan, tanh, atanh, atan = (functions[name] for name in ("tan", "tanh", "atanh", "atan"))
    positive = egg.relation("positive", Num)
    one, two, minus = Num(1.0), Num(2.0), Num(-1.0)

    def rules(  # noqa: PLR0915 - a rule a line
        a: Num, b: Num, c: Num, i: egg.f64, j: egg.f64, s: egg.String
    ) -> Iterator[Any]:
        to, both = egg.rewrite, egg.birewrite
        yield to(a + b).to(b + a)
        yield to(a * b).to(b * a)
        yield both(a + (b + c)).to((a + b) + c)
        yield both(a * (b * c)).to((a * b) * c)
        yield both(a * b + a * c).to(a * (b + c))
        yield to(a + a * b).to(a * (one + b))
        yield to(a + a).to(two * a)
        yield to(a + Num(0.0)).to(a)
        yield to(a * one).to(a)
        yield to(a * Num(0.0)).to(Num(0.0))
        yield both(a + minus * b).to(a - b)
        yield both(a * b**minus).to(a / b)
        # Constant folding.
        yield to(Num(i) + Num(j)).to(Num(i + j))
        yield to(Num(i) * Num(j)).to(Num(i * j))
        yield to(Num(i) ** Num(j)).to(Num(i**j), i > 0.0)
        yield to(Num(i)).to(minus * Num(i * -1.0), i < 0.0, i < -1.0)
        # A factor of two coefficients.
        yield to(Num(i) * a + Num(j) * b).to(
            Num(i) * (a + Num(j / i) * b), egg.ne(i).to(egg.f64(0.0))
        )
        yield to(Num(i) * a + b * a).to((Num(i) + b) * a)
        # Powers.
        yield to((minus * a) ** two).to(a**two)
        yield to(a**two + (Num(i) * (a * b) + Num(j) * b**two)).to(
            (a + Num(i / 2.0) * b) ** two, egg.eq(i * i).to(j * 4.0)
        )
        yield to(a**one).to(a)
        yield to(a ** Num(0.0)).to(one)
        yield both(a**two).to(a * a)
        yield to(a * a**b).to(a ** (b + one))
        yield to(a**b * a**c).to(a ** (b + c))
        yield both((a * b) ** c).to(a**c * b**c, positive(a), positive(b))
        yield to((a**b) ** c).to(a ** (b * c), positive(a))
        yield to((a * b) ** minus).to(a**minus * b**minus)
        yield to((a**b) ** minus).to(a ** (b * minus))
        yield to(a**two + (two * (a * b) + b**two)).to((a + b) ** two)
        yield to(a**two + (Num(-2.0) * (a * b) + b**two)).to((a + minus * b) ** two)
        yield both((a + b) * (a + b)).to(a**two + (two * (a * b) + b**two))
        # Exponentials and logarithms.
        yield both(exp(a) * exp(b)).to(exp(a + b))
        yield to(exp(a) ** b).to(exp(a * b))
        yield to(exp(log(a))).to(a)
        yield to(log(exp(a))).to(a)
        yield to(exp(b * log(a))).to(a**b)
        yield both(log(a * b)).to(log(a) + log(b), positive(a), positive(b))
        yield both(log(a**b)).to(b * log(a), positive(a))
        # Angles.
        yield both(sin(a) * cos(b) + cos(a) * sin(b)).to(sin(a + b))
        yield both(cos(a) * cos(b) + minus * (sin(a) * sin(b))).to(cos(a + b))
        yield to(sin(a) ** two + cos(a) ** two).to(one)
        yield to(one + minus * sin(a) ** two).to(cos(a) ** two)
        yield to(two * (sin(a) * cos(a))).to(sin(two * a))
        # Inverse functions.
        yield to(tanh(atanh(a))).to(a)
        yield to(tan(atan(a))).to(a)
        yield to(tanh(atanh(a) + b)).to((a + tanh(b)) * (one + a * tanh(b)) ** minus)
        yield to(tan(atan(a) + b)).to((a + tan(b)) * (one + minus * (a * tan(b))) ** minus)
        yield to(minus * atanh(a)).to(atanh(minus * a))
        yield to(two * atanh(a)).to(atanh(a) + atanh(a))
        # What is positive: the variables are.
        yield egg.rule(egg.eq(a).to(Num.var(s))).then(positive(a))
        yield egg.rule(egg.eq(a).to(Num(i)), i > 0.0).then(positive(a))
        yield egg.rule(egg.eq(a).to(exp(b))).then(positive(a))
        yield egg.rule(egg.eq(a).to(b + c), positive(b), positive(c)).then(positive(a))
        yield egg.rule(egg.eq(a).to(b * c), positive(b), positive(c)).then(positive(a))
        yield egg.rule(egg.eq(a).to(b**c), positive(b)).then(positive(a))

    all_rules = egg.ruleset(name="identities")
    all_rules.register(rules, _increase_frame=True)

    def there(e: sympy.Expr) -> Any:
        if e.is_Symbol:
            return Num.var(e.name)
        if e.is_number:
            return Num(float(e))
        if isinstance(e, sympy.Add | sympy.Mul):
            first, *rest = (there(part) for part in e.args)
            for part in rest:
                first = first + part if e.is_Add else first * part
            return first
        if isinstance(e, sympy.Pow):
            return there(e.base) ** there(e.exp)
        return functions[type(e).__name__](there(e.args[0]))

    operations = [(Num.__add__, sympy.Add), (Num.__mul__, sympy.Mul), (Num.__pow__, sympy.Pow)]
    operations += [(Num.__sub__, lambda u, v: u - v), (Num.__truediv__, lambda u, v: u / v)]
    operations += [(function, getattr(sympy, name)) for name, function in functions.items()]

    def back(e: Any) -> sympy.Expr:
        head, parts = egg.get_callable_fn(e), egg.get_callable_args(e)
        if head == Num.var:
            return sympy.Symbol(egg.get_literal_value(parts[0]))
        if head == Num:
            return number(egg.get_literal_value(parts[0]))
        operation = next(ours for theirs, ours in operations if theirs == head)
        return operation(*map(back, parts))

    def simplified(e: sympy.Expr, seconds: float) -> sympy.Expr:
        started = time.perf_counter()
        graph = egg.EGraph()
        root = graph.let("root", there(e))
        step = egg.run(all_rules, scheduler=egg.back_off(match_limit=300, ban_length=3))
        while time.perf_counter() - started < seconds / 2:  # the next round takes longer
            if not graph.run(step * 3).updated:
                break
        found = back(graph.extract(root))
        del graph, root
        gc.collect()  # a graph must end in its own thread
        return found

    return simplified


def number(value: float) -> sympy.Expr:
    """A small fraction, a root or a multiple of pi, if it is one; egglog's numbers are floats."""
    for factor in (sympy.Integer(1), sympy.pi, sympy.sqrt(2), 1 / sympy.sqrt(2 * sympy.pi)):
        near = Fraction(value / float(factor)).limit_denominator(100)
        if near and abs(float(near) * float(factor) - value) <= 1e-14 * abs(value):
            return sympy.Rational(near.numerator, near.denominator) * factor
    return sympy.Float(value) if value else sympy.Integer(0)


# -- the comparison --------------------------------------------------------------------------------


def by_kansym(e: sympy.Expr, seconds: float) -> sympy.Expr:
    """The simplifier of kansym."""
    return simplify(e, ranges=dict.fromkeys(NAMES, (LOW, HIGH)), seconds=seconds)


def same(left: sympy.Expr, right: sympy.Expr) -> bool:
    """Whether two expressions agree at random points."""
    rng = np.random.default_rng(0)
    given = {name: rng.uniform(LOW, HIGH, 50) for name in NAMES}
    first, second = (np.broadcast_to(evaluate(from_sympy(e), given), 50) for e in (left, right))
    size = np.abs(first) + np.abs(first).max()
    return bool(np.all(np.abs(first - second) <= TOLERANCE * size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="limit per expression")
    parser.add_argument("--only", default="", help="a part of the expressions wanted")
    options = parser.parse_args()
    simplifiers: dict[str, Simplifier] = {"kansym": by_kansym, "sympy": simplified_by_sympy}
    graphs = egglog_simplifier()
    if graphs is None:
        print("egglog is not installed: run pip install egglog to compare with it.")
    else:
        simplifiers["egglog"] = graphs
    texts = [text for text in EXPRESSIONS if options.only in text]
    bits: dict[str, list[float]] = {name: [] for name in ("before", *simplifiers)}
    taken: dict[str, list[float]] = {name: [] for name in simplifiers}
    wrong = dict.fromkeys(simplifiers, 0)
    for name, simplifier in simplifiers.items():  # what is loaded at the first call
        simplifier(parse("x*(y + 1)", NAMES), 0.1)
        assert name
    for text in texts:
        expression = parse(text, NAMES)
        before = complexity(expression)
        bits["before"].append(before)
        row = f"{text[:46]:46s} {before:5.0f}"
        for name, simplifier in simplifiers.items():
            started = time.perf_counter()
            found = simplifier(expression, options.seconds)
            taken[name].append(time.perf_counter() - started)
            good = same(expression, found)
            wrong[name] += not good
            bits[name].append(complexity(found) if good else before)
            row += f" | {name} {bits[name][-1]:4.0f} {taken[name][-1]:5.2f} s {str(found)[:34]:34s}"
            row += "" if good else " WRONG"
        print(row, flush=True)
    best = np.min([bits[name] for name in simplifiers], axis=0)
    print(f"{len(texts)} expressions, {sum(bits['before']):.0f} bits before")
    for name in simplifiers:
        shortest = int(np.sum(np.array(bits[name]) <= best + 1e-9))
        print(
            f"{name:8s} {sum(bits[name]):6.0f} bits after, shortest on {shortest}, "
            f"{wrong[name]} of another value, {np.median(taken[name]):.3f} s median, "
            f"{np.max(taken[name]):.2f} s at most"
        )


if __name__ == "__main__":
    main()
