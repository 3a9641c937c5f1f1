"""C1: a piecewise-linear function is a line plus shifted ReLUs."""

from collections.abc import Sequence

import numpy as np
import sympy

from kansym.studies.claims.claim import Claim, Effort, Estimate, Row, Ruling, Settings, Verdict
from kansym.studies.claims.estimates import largest

__all__ = ["CLAIM"]

_ROUNDING = 1e-12
_X = sympy.Symbol("x", real=True)


def _plan(effort: Effort) -> list[Settings]:
    functions = effort.of(20, 200, 2000)
    return [{"part": "example"}, {"part": "random", "functions": functions, "seed": 0}]


def _measure(settings: Settings) -> Row:
    if settings["part"] == "example":
        return _example()
    return _random(settings["functions"], settings["seed"])


def _example() -> Row:
    """-2x below 0, -x/2 to 1, then 2x - 5/2, against -2x + 3/2 relu(x) + 5/2 relu(x - 1)."""
    half = sympy.Rational(1, 2)
    pieces = (-2 * _X, -half * _X, 2 * _X - 5 * half)
    claimed = -2 * _X + 3 * half * sympy.Max(0, _X) + 5 * half * sympy.Max(0, _X - 1)
    # On each piece either argument of Max has one sign, which a positive symbol makes known.
    t = sympy.Symbol("t", positive=True)
    inside = (-t, t / (1 + t), 1 + t)
    unequal = sum(
        sympy.simplify(claimed.subs(_X, x) - piece.subs(_X, x)) != 0
        for piece, x in zip(pieces, inside, strict=True)
    )
    jumps = sum(
        sympy.simplify(pieces[i].subs(_X, at) - pieces[i + 1].subs(_X, at)) != 0
        for i, at in ((0, 0), (1, 1))
    )
    x = np.linspace(-10, 10, 20_001)
    truth = np.select([x < 0, x < 1], [-2 * x, -x / 2], 2 * x - 2.5)
    found = -2 * x + 1.5 * np.maximum(x, 0) + 2.5 * np.maximum(x - 1, 0)
    return {
        "unequal": int(unequal),
        "jumps": int(jumps),
        "difference": float(np.abs(found - truth).max()),
    }


def _random(functions: int, seed: int) -> Row:
    """Largest relative differences over random functions with 2 to 12 pieces."""
    rng = np.random.default_rng(seed)
    full, without = [], []
    for _ in range(functions):
        pieces = int(rng.integers(2, 13))
        knots = np.sort(rng.uniform(-1, 1, pieces - 1))
        slopes, constant = rng.normal(size=pieces), rng.normal()
        x = rng.uniform(-5, 5, 500)
        truth = _integrated(x, knots, slopes, constant)
        relus = np.maximum(x[:, None] - knots, 0) @ np.diff(slopes)
        size = np.abs(truth).max()
        full.append(np.abs(constant + slopes[0] * x + relus - truth).max() / size)
        design = np.column_stack([np.ones_like(x), np.maximum(x[:, None] - knots, 0)])
        best = design @ np.linalg.lstsq(design, truth, rcond=None)[0]
        without.append(np.abs(best - truth).max() / size)
    return {"difference": float(max(full)), "without line": [float(v) for v in without]}


def _integrated(x: np.ndarray, knots: np.ndarray, slopes: np.ndarray, at_zero: float) -> np.ndarray:
    """The function by integration of its slopes piece by piece, which knows nothing of ReLUs."""
    ends = np.concatenate([[-10.0], knots, [10.0]])
    heights = np.concatenate([[0.0], np.cumsum(np.diff(ends) * slopes)])
    # The line of the first piece passes at_zero at x = 0, as in the formula under test.
    return np.interp(x, ends, heights) + at_zero + slopes[0] * -10.0


def _judge(rows: Sequence[Row]) -> Ruling:
    figures: list[Estimate] = []
    for row in rows:
        figures += _example_figures(row) if row["part"] == "example" else _random_figures(row)
    good = all(row.get("unequal", 0) == 0 and row["difference"] < _ROUNDING for row in rows)
    return Ruling(Verdict.HOLDS if good else Verdict.DOES_NOT_HOLD, tuple(figures), "", _REMARKS)


def _example_figures(row: Row) -> list[Estimate]:
    group = "The article's example"
    return [
        Estimate("pieces on which algebra finds a difference", row["unequal"], group=group),
        Estimate("jumps of the example", row["jumps"], group=group),
        Estimate("largest difference on [-10, 10]", row["difference"], group=group),
    ]


def _random_figures(row: Row) -> list[Estimate]:
    group, runs = "Random functions of 2 to 12 pieces", len(row["without line"])
    return [
        Estimate("largest relative difference", row["difference"], runs=runs, group=group),
        largest("largest relative difference without the line", row["without line"], group),
    ]


_REMARKS = (
    "The line is needed: ReLUs that face right are all zero left of the first knot. Written with "
    "ReLUs alone, it is one more unit that faces left, which is how to_mlp does it; on an "
    "interval, a ReLU whose knot is the left end does as well.",
    "k pieces have k slopes and a constant: k + 1 numbers, given the k - 1 knots.",
)

CLAIM = Claim(
    identifier="C1",
    title="Lines and ReLUs",
    statement="A piecewise-linear function is a line plus shifted ReLUs: -2x below 0, -x/2 up to "
    "1, then 2x - 2.5 equals -2x + 1.5 relu(x) + 2.5 relu(x - 1).",
    source="the article that calls a KAN just an MLP",
    tried="The example by algebra on each of its three pieces and by numbers on [-10, 10]; random "
    "continuous piecewise-linear functions, integrated from their slopes, against a line plus "
    "ReLUs weighted by the changes of slope.",
    rule="Holds if algebra finds no difference on any piece of the example, and no relative "
    "difference exceeds 1e-12.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
    version=2,
)
