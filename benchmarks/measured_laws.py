"""40 laws of one or two inputs as measured tables, each asked for the form of its law.

Every law with 8, 20 and 60 rows, 1 and 5 % noise, several seeds, asked by `discover`. A form is
right if it has no more constants than the law, but those that are told to agree with 1, and
leaves nothing when it is fitted to the law without noise. A table tells the law from its rivals
if its BIC leads by more than 6 over those of all wrong forms on the front; there it must be
selected, elsewhere it should be on the front, or among the rivals that the result names.
Intervals are those of the constants of right forms, whose true values are those without noise.

    python benchmarks/measured_laws.py --every 5 --seeds 1       # a sample
    python benchmarks/measured_laws.py --cases 60 --first 20     # rows and noise in turn
    python benchmarks/measured_laws.py --only "a*x**4,a/x"       # these laws
    python benchmarks/measured_laws.py --coverage 1000           # intervals of fit_formula
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
import sympy

from kansym import discover, fit_formula
from kansym.results.result import Extraction
from kansym.shared.row_errors import row_errors
from kansym.shared.status import Status
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.measurements.refitting import refitted

ROWS, NOISE = (8, 20, 60), (0.01, 0.05)
EXACT, LEAD = 1e-4, 6.0
"""Error of a right form without noise, and lead in BIC of a law that a table tells from others."""

Ranges = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Law:
    """A form, its constants, and where its inputs lie."""

    form: str
    constants: dict[str, float]
    ranges: Ranges

    def values(self, X: np.ndarray) -> np.ndarray:
        """Without noise (rows,)."""
        return self.formula.numpy(*X.T)

    @property
    def formula(self) -> Formula:
        """With its constants free."""
        constants = tuple(Constant(n, v, np.inf) for n, v in self.constants.items())
        return Formula(
            parse(self.form, [*self.ranges, *self.constants]), tuple(self.ranges), constants
        )

    def inputs(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """One input evenly, two at random (rows, inputs)."""
        if len(self.ranges) == 1:
            return np.linspace(*next(iter(self.ranges.values())), rows)[:, None]
        return np.column_stack([rng.uniform(*ends, rows) for ends in self.ranges.values()])


def _law(form: str, ranges: Ranges, **constants: float) -> Law:
    return Law(form, constants, ranges)


ONE: Ranges = {"x": (0.5, 5.0)}
LAWS = (
    _law("a*x", ONE, a=1.7), _law("a*x + b", ONE, a=2.3, b=-1.1), _law("a*x**2", ONE, a=0.49),
    _law("a*x**2 + b*x + c", ONE, a=-4.9, b=21.3, c=1.3), _law("a*sqrt(x)", ONE, a=2.006),
    _law("a/x", ONE, a=3.7), _law("a/x**2", ONE, a=8.99), _law("a*x**3", ONE, a=0.13),
    _law("a*x**(3/2)", ONE, a=0.77), _law("a*x**p", ONE, a=1.3, p=0.42),
    _law("a*exp(b*x)", ONE, a=5.1, b=-0.71), _law("a*exp(b*x) + c", ONE, a=6.4, b=-0.9, c=2.1),
    _law("a*(1 - exp(b*x))", ONE, a=3.3, b=-0.8), _law("a*log(x) + b", ONE, a=1.9, b=4.2),
    _law("a*x/(b + x)", ONE, a=2.4, b=1.3), _law("a/(x + b)", ONE, a=4.4, b=0.6),
    _law("a*x/(x - b)", {"x": (12.0, 70.0)}, a=10.0, b=9.7), _law("a + b/x**2", ONE, a=1.5, b=0.3),
    _law("a*exp(b/x)", {"x": (290.0, 360.0)}, a=3e9, b=-6500.0), _law("a*x**4", ONE, a=0.057),
    _law("a*sin(b*x)", {"x": (0.0, 6.0)}, a=1.8, b=1.3), _law("a*tanh(b*x)", ONE, a=2.1, b=0.5),
    _law("a*sin(b*x + c)", {"x": (0.0, 6.0)}, a=1.2, b=2.1, c=0.5),
    _law("a*exp(-(x - b)**2/c)", ONE, a=2.7, b=2.4, c=1.1),
    _law("a*x*exp(b*x)", ONE, a=3.1, b=-0.9),
    _law("a/(1 + exp(b*(x - c)))", ONE, a=2.2, b=-2.0, c=2.6),
    _law("sqrt(a + b*x**2)", ONE, a=3.1, b=2.4),
    _law("a/(1 + b*x**2)", ONE, a=4.1, b=0.7), _law("a*x + b/x", ONE, a=0.8, b=3.9),
    _law("a*x**2 + b", ONE, a=1.1, b=2.7),
    _law("a*x*y", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=1.4),
    _law("a*x/y", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=8.3),
    _law("a*sqrt(x/y)", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=6.1),
    _law("a*x*y**2", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=0.52),
    _law("a*x/y**2", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=6.7),
    _law("a*x + b*y", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=1.4, b=-2.2),
    _law("a*x + b*y + c", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=0.9, b=1.7, c=3.0),
    _law("a*x*y/(x + y)", {"x": (1.0, 4.0), "y": (1.0, 4.0)}, a=1.0),
    _law("a*x*exp(b*y)", {"x": (1.0, 4.0), "y": (0.0, 2.0)}, a=2.5, b=-0.8),
    _law("a*x**p*y**q", {"x": (1.0, 9.0), "y": (1.0, 9.0)}, a=0.6, p=0.42, q=0.29),
)  # fmt: skip


def is_right(law: Law, formula: Formula) -> bool:
    """Whether a form is that of the law."""
    free = [c for c in formula.constants if c.exact is None and not _agrees_with_one(c)]
    if len(free) > len(law.constants) or formula.curves:
        return False
    X = law.inputs(200, np.random.default_rng(9))
    fit = fitted(formula, X, law.values(X))
    return fit is not None and 1 - fit.r2 < EXACT**2


def _agrees_with_one(constant: Constant) -> bool:
    """Whether a measured constant stands where a law has none, and is told to agree with 1."""
    near = constant.near
    return near is not None and abs(near.number) == 1 and near.p > 0.05


def fitted(formula: Formula, X: np.ndarray, y: np.ndarray):
    constants = tuple(replace(c, stderr=np.inf) for c in formula.constants)
    free = replace(formula, constants=constants, covariance=None)
    try:
        with np.errstate(all="ignore"):
            return refitted(free, X, y, row_errors(len(y)), exact=False)
    except (np.linalg.LinAlgError, ArithmeticError):
        return None


@dataclass(frozen=True)
class Outcome:
    """What became of a table: selected, front, named or missed; with a star if it is identifiable.

    Attributes
    ----------
    word, text, seconds : what became of it, the formula selected, and the time.
    held, intervals : how many 95 % intervals of a right form that is selected hold the truth.
    """

    word: str
    text: str
    seconds: float
    held: int = 0
    intervals: int = 0


def judged(law: Law, rows: int, noise: float, seed: int, seconds: float) -> Outcome:
    """What `discover` makes of a table of a law."""
    rng = np.random.default_rng([seed, rows, int(100 * noise)])
    X = law.inputs(rows, rng)
    y = law.values(X)
    y = y + noise * np.std(y) * rng.normal(size=rows)
    begin = time.perf_counter()
    table = pd.DataFrame(X, columns=list(law.ranges))
    result = discover(table, y, seconds=seconds, progress=False).result
    took = time.perf_counter() - begin
    rights = [is_right(law, point.formulas[0]) for point in result.front]
    chosen = [right for right, point in zip(rights, result.front, strict=True) if point.selected]
    truth = fitted(law.formula, X, y)
    rivals = [
        point.bic
        for right, point in zip(rights, result.front, strict=True)
        if not right and point.bic is not None
    ]
    clear = truth is not None and truth.bic + LEAD < min(rivals, default=np.inf)
    named = any(is_right(law, rival) for rival in _rivals(result))
    word = "selected" if any(chosen) else "front" if any(rights) else "named" if named else "missed"
    held = total = 0
    if any(chosen):
        held, total = _intervals(law, result.formulas[0], X)
    return Outcome(word + ("*" if clear else ""), str(result.expr), took, held, total)


def _rivals(result: Extraction) -> Iterator[Formula]:
    """The formulas that a result names as rivals, every number with a point a constant."""
    for finding in result.status:
        for told in finding.detail.split("; ") if finding.status is Status.RIVAL_FORMS else ():
            expr = parse(told.split(" takes ")[0])
            numbers = {sympy.Symbol(f"k{i}"): n for i, n in enumerate(expr.atoms(sympy.Float))}
            constants = tuple(Constant(str(k), float(n), np.inf) for k, n in numbers.items())
            template = expr.xreplace({n: k for k, n in numbers.items()})
            yield Formula(template, result.input_names, constants)


def _intervals(law: Law, formula: Formula, X: np.ndarray) -> tuple[int, int]:
    """How many intervals of a right form hold what its constants are without noise, of how many."""
    fit = fitted(formula, X, law.values(X))
    measured = [c for c in formula.constants if c.exact is None and c.stderr]
    if fit is None:
        return 0, 0
    ends = [(c.interval(0.95, formula.freedom), fit.values[c.name]) for c in measured]
    return sum(low <= truth <= high for (low, high), truth in ends), len(ends)


def coverage(tables: int) -> None:
    """Share of 95 % intervals of `fit_formula` that hold the true constant."""
    held = total = false = claims = 0
    for number in range(tables):
        law, rows = LAWS[number % len(LAWS)], ROWS[number % 3]
        rng = np.random.default_rng([number, 77])
        X = law.inputs(rows, rng)
        values = law.values(X)
        y = values + 0.02 * np.std(values) * rng.normal(size=rows)
        table = pd.DataFrame(X, columns=list(law.ranges))
        fit = fit_formula(law.form, table, y, start=law.constants)
        for name, truth in law.constants.items():
            low, high = fit.intervals[name]
            held, total = held + (low <= truth <= high), total + 1
        exact = [c for c in fit.formula.constants if c.exact is not None]
        claims += len(exact)
        false += sum(float(c.exact) != law.constants[c.name] for c in exact)
    print(f"{tables} tables: {100 * held / total:.1f} % of {total} intervals hold the truth")
    print(f"{false} of {claims} exact numbers that took a constant's place are false")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="one law in so many")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first law")
    parser.add_argument("--cases", type=int, default=0, help="tables in all, one or more of a law")
    parser.add_argument("--only", help="forms of laws, with commas")
    parser.add_argument("--coverage", type=int, default=0, metavar="TABLES")
    options = parser.parse_args()
    if options.coverage:
        coverage(options.coverage)
        return
    outcomes: list[Outcome] = []
    for law, rows, noise, seed in _tables(options):
        found = judged(law, rows, noise, seed, options.seconds)
        outcomes.append(found)
        about = f"{law.form:24s} {rows:3d} rows {100 * noise:.0f} %"
        print(f"{found.word:10s} {found.seconds:5.1f} s  {about}  {found.text[:80]}", flush=True)
    words = [found.word for found in outcomes]
    clear = [word for word in words if word.endswith("*")]
    held, intervals = (sum(getattr(o, name) for o in outcomes) for name in ("held", "intervals"))
    print(
        f"{len(words)} tables: {sum('selected' in w for w in words)} selected, "
        f"{sum('front' in w for w in words)} on the front, {words.count('named')} named; "
        f"identifiable: {sum('selected' in w for w in clear)} of {len(clear)} selected; "
        f"{held} of {intervals} intervals hold the truth"
    )


def _tables(options: argparse.Namespace) -> Iterator[tuple[Law, int, float, int]]:
    """Law, rows, noise and seed of every table that is asked for."""
    chosen = LAWS[options.first :: options.every]
    if options.only:
        chosen = [law for law in LAWS if law.form in options.only.split(",")]
    every = list(product(ROWS, NOISE, range(options.seeds)))
    if not options.cases:
        yield from ((law, *case) for law in chosen for case in every)
    for number in range(options.cases):
        # Rows and noise go on by another step than laws do, so that all of them meet.
        yield (chosen[number % len(chosen)], *every[(5 * number + number // 40) % len(every)])


if __name__ == "__main__":
    main()
