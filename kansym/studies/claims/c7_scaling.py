"""C7: error falls faster with parameters for KANs than for MLPs."""

from collections.abc import Sequence

import numpy as np

from kansym.neural.models.kan import KAN
from kansym.neural.models.parameter_counts import parameter_counts
from kansym.studies.claims.claim import (
    Claim,
    Effort,
    Estimate,
    Plot,
    Row,
    Ruling,
    Settings,
    Verdict,
)
from kansym.studies.claims.estimates import geometric_mean, mean, several, slope
from kansym.studies.claims.fitting import (
    ScaledRows,
    dense,
    fit_once,
    relative_error,
    rows_of,
)
from kansym.studies.claims.plots import Series, curves_plot
from kansym.studies.claims.rows import combinations, rows_by

__all__ = ["CLAIM"]

_SHAPES = {
    "toy-exp-sin": (2, 1, 1),
    "toy-product": (2, 2, 1),
    "toy-division": (2, 1, 1),
    "toy-exp-bessel": (2, 1, 1),
    "toy-phase-transition": (3, 1, 1),
    "toy-deep-4": (4, 2, 1, 1),
}
"""The shape that each formula itself has."""

_GRIDS = (3, 6, 12, 24)
_KINDS = {
    "right": "KAN of the formula's shape",
    "generic": "KAN [n, 5, 1]",
    "tanh": "tanh MLP, two hidden layers",
    "relu": "ReLU MLP, two hidden layers",
}
_KANS = {"right": "the shape is the formula's", "generic": "the shape is [n, 5, 1]"}


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(["toy-exp-sin"], ["toy-exp-sin", "toy-division"], list(_SHAPES))
    return combinations(
        problem=problems,
        seed=range(effort.of(2, 3, 10)),
        sizes=effort.of(2, 3, 4),
        steps=effort.of(4, 10, 50),
        rows=effort.of(200, 500, 2000),
    )


def _measure(settings: Settings) -> Row:
    """Sizes and errors of every kind."""
    rows = rows_of(settings["problem"], settings["rows"], settings["seed"])
    shape = _SHAPES[settings["problem"]]
    return {
        "right": _kan_curve(shape, rows, settings),
        "generic": _kan_curve((shape[0], 5, 1), rows, settings),
        "tanh": _mlp_curve("tanh", rows, settings),
        "relu": _mlp_curve("relu", rows, settings),
    }


def _kan_curve(shape: Sequence[int], rows: ScaledRows, settings: Settings) -> list[list[float]]:
    """One KAN whose grids are refined again and again, (size, error) after each."""
    seed, steps = settings["seed"], settings["steps"]
    kan, curve = KAN(list(shape), grid=_GRIDS[0], seed=seed), []
    for number in range(settings["sizes"]):
        if number:
            kan.refine_grids(2)
        starts = 1 if number else 3
        fit_once(kan, rows, optimiser="lm", steps=steps, seed=seed, starts=starts)
        curve.append([parameter_counts(kan).stored, relative_error(kan, rows)])
    return curve


def _mlp_curve(activation: str, rows: ScaledRows, settings: Settings) -> list[list[float]]:
    """MLPs of growing width, each with all the steps that the KAN has had by that size."""
    seed, curve, n_inputs = settings["seed"], [], rows.x.shape[1]
    for number in range(settings["sizes"]):
        kan = KAN([n_inputs, 5, 1], grid=_GRIDS[number])
        mlp = dense(n_inputs, kan.n_parameters(), activation, seed)
        steps = settings["steps"] * (number + 1)
        fit_once(mlp, rows, optimiser="lm", steps=steps, seed=seed, starts=3)
        curve.append([parameter_counts(mlp).stored, relative_error(mlp, rows)])
    return curve


def _judge(rows: Sequence[Row]) -> Ruling:
    figures: list[Estimate] = []
    plots: list[Plot] = []
    gaps: dict[tuple[str, str], Estimate] = {}
    for problem, own in rows_by(rows, "problem").items():
        slopes = {kind: [slope(*np.transpose(row[kind])) for row in own] for kind in _KINDS}
        group = f"Slope of log error against log parameters: {problem}"
        means = {kind: mean(words, slopes[kind], group) for kind, words in _KINDS.items()}
        for kind in _KANS:
            gap = np.subtract(slopes[kind], slopes["tanh"]).tolist()
            gaps[kind, problem] = mean(f"{_KINDS[kind]} minus tanh MLP", gap, group)
        figures += [*means.values(), *(gaps[kind, problem] for kind in _KANS)]
        errors = {
            f"{words}, {own[0][kind][i][0]} parameters": [row[kind][i][1] for row in own]
            for kind, words in _KINDS.items()
            for i in range(len(own[0][kind]))
        }
        group = f"Test error over the spread of the target: {problem}"
        figures += several(geometric_mean, errors, group)
        plots.append(_plot(problem, own, means))
    verdict, condition = _verdict(gaps)
    return Ruling(verdict, tuple(figures), condition, _REMARKS, plots=tuple(plots))


def _plot(problem: str, rows: Sequence[Row], slopes: dict[str, Estimate]) -> Plot:
    """Errors against sizes on one problem, with the fitted slopes."""
    series = [
        Series(
            words,
            _slope(slopes[kind]),
            [(size, error) for row in rows for size, error in row[kind]],
            kan=kind in _KANS,
            open=kind in ("generic", "relu"),
        )
        for kind, words in _KINDS.items()
    ]
    picture = curves_plot(series, "parameters", "test error over the spread of the target")
    caption = (
        f"Test error against parameters on {problem}: a dot per seed and size, and the lines of "
        "least squares, with the mean slopes and their intervals over seeds."
    )
    description = f"errors against parameters on {problem}; the tables hold the numbers"
    return Plot(picture, caption, description)


def _slope(figure: Estimate) -> str:
    """A slope with its interval, short."""
    interval = "" if figure.low is None else f" ({figure.low:.2g} to {figure.high:.2g})"
    return f"slope {figure.value:.2g}{interval}".replace("-", "−")


def _verdict(gaps: dict[tuple[str, str], Estimate]) -> tuple[Verdict, str]:
    """From the differences of slopes, KAN minus tanh MLP, by kind and problem."""
    if any(figure.high is None for figure in gaps.values()):
        return Verdict.UNDECIDED, ""
    steeper = {
        kind: [problem for (own, problem), gap in gaps.items() if own == kind and gap.below(0)]
        for kind in _KANS
    }
    everywhere = [kind for kind in _KANS if 2 * len(steeper[kind]) == len(gaps)]
    if len(everywhere) == 2:
        return Verdict.HOLDS, ""
    if everywhere == ["right"]:
        return Verdict.ONLY_IF, "the KAN has the shape of the formula"
    conditions = [
        f"{words} and the problem is {', '.join(steeper[kind])}"
        for kind, words in _KANS.items()
        if steeper[kind]
    ]
    if conditions:
        return Verdict.ONLY_IF, "; or ".join(conditions)
    excluded = all(figure.above(-1) for figure in gaps.values())
    return (Verdict.DOES_NOT_HOLD if excluded else Verdict.UNDECIDED), ""


_REMARKS = (
    "Published slopes come from KANs of the formula's own shape (arXiv:2404.19756, section 3.1), "
    "which nobody has who does not know the formula; the generic shape stands beside it here.",
    "An MLP gets all the steps here that the KAN has had by that size, and as many starts.",
    "Cubic splines promise a slope of -4 once the shape is right and training finds the minimum; "
    "a start that ends in a local minimum has a slope near 0 and widens the interval.",
)

CLAIM = Claim(
    identifier="C7",
    title="Scaling",
    statement="Error falls faster with the number of parameters for KANs than for MLPs.",
    source="arXiv:2404.19756, section 3",
    tried="Cubic KANs of the formula's shape and of the shape [n, 5, 1], refined from 3 to 24 "
    "intervals, and tanh and ReLU MLPs of the generic KAN's sizes; Levenberg-Marquardt for all, "
    "with the same rows, steps and starts.",
    rule="Holds if the slope of the KAN minus that of the tanh MLP has an interval below 0 on "
    "every problem for both shapes; holds only if the shape is the formula's where that is so for "
    "this shape alone, or on the named problems; does not hold where it is so nowhere and no "
    "interval reaches below -1; else not decided.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
