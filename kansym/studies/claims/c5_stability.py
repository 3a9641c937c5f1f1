"""C5: KAN training is unstable."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from torch import nn

from kansym.neural.models.kan import KAN
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
from kansym.studies.claims.estimates import bootstrap, geometric_mean, proportion, several, spread
from kansym.studies.claims.fitting import dense, fit_once, relative_error, rows_of
from kansym.studies.claims.plots import Strip, strips_plot
from kansym.studies.claims.rows import combinations, rows_by, values_of

__all__ = ["CLAIM"]

_FAILED, _MUCH = 0.5, 2.0
_OPTIMISERS = {"lm": "Levenberg-Marquardt", "lbfgs": "L-BFGS", "adam": "Adam"}
_KINDS = {
    "kan-3": "cubic KAN",
    "tanh": "tanh MLP",
    "kan-1": "KAN of degree 1",
    "relu": "ReLU MLP",
}
_PAIRS = {"kan-3": "tanh", "kan-1": "relu"}
_SPREAD = "spread of the test error over seeds (decades)"


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(["toy-exp-sin"], ["toy-exp-sin"], ["toy-exp-sin", "toy-division", "I.6.2"])
    steps = effort.of(
        {"lm": 5, "lbfgs": 5, "adam": 20},
        {"lm": 20, "lbfgs": 6, "adam": 80},
        {"lm": 80, "lbfgs": 150, "adam": 4000},
    )
    plan = combinations(
        problem=problems,
        optimiser=list(_OPTIMISERS),
        rows=effort.of(200, 300, 1000),
        seed=range(effort.of(3, 10, 20)),
    )
    return [settings | {"steps": steps[settings["optimiser"]]} for settings in plan]


def _measure(settings: Settings) -> Row:
    """One start of each kind of network; the rows are the same for all seeds."""
    rows = rows_of(settings["problem"], settings["rows"], seed=0)
    optimiser, steps, seed = (settings[name] for name in ("optimiser", "steps", "seed"))
    found = {}
    for kind in _KINDS:
        model = _network(kind, rows.x.shape[1], seed)
        fit_once(model, rows, optimiser=optimiser, steps=steps, seed=seed)
        found[kind] = relative_error(model, rows)
    return {"error": found}


def _network(kind: str, n_inputs: int, seed: int) -> nn.Module:
    """A network of the size of a KAN [n, 5, 1] of that degree with 5 intervals."""
    degree = 3 if kind in ("kan-3", "tanh") else 1
    kan = KAN([n_inputs, 5, 1], grid=5, degree=degree, seed=seed)
    if kind.startswith("kan"):
        return kan
    return dense(n_inputs, kan.n_parameters(), kind, seed)


def _judge(rows: Sequence[Row]) -> Ruling:
    figures: list[Estimate] = []
    ratios: dict[str, Estimate] = {}
    for optimiser, own in rows_by(rows, "optimiser").items():
        errors, words = _table(own), _OPTIMISERS[optimiser]
        group = _heading(own)
        spreads, gaps = _spreads(errors, group)
        means = {
            f"test error, {_KINDS[kind]}": (10 ** np.log10(found).mean(0)).tolist()
            for kind, found in errors.items()
        }
        failures = [_failures(kind, found.ravel(), group) for kind, found in errors.items()]
        figures += [*spreads, *gaps.values(), *failures]
        figures += several(geometric_mean, means, group)
        # Pairs count of which at least half of the runs got anywhere.
        ratios |= {
            f"{words} trains a {_KINDS[kan]}": gaps[kan]
            for kan, mlp in _PAIRS.items()
            if max(np.median(errors[kan]), np.median(errors[mlp])) <= _FAILED
        }
    plots = tuple(_plot(problem, own) for problem, own in rows_by(rows, "problem").items())
    verdict, condition = _verdict(ratios)
    return Ruling(verdict, tuple(figures), condition, _remarks(ratios), plots=plots)


def _heading(rows: Sequence[Row]) -> str:
    return f"{_OPTIMISERS[rows[0]['optimiser']]}, {rows[0]['steps']} steps"


def _plot(problem: str, rows: Sequence[Row]) -> Plot:
    """Every run on one problem."""
    groups = [
        (
            _heading(own),
            [
                Strip(name, values_of(own, "error", kind), kind.startswith("kan"))
                for kind, name in _KINDS.items()
            ],
        )
        for own in rows_by(rows, "optimiser").values()
    ]
    caption = (
        f"Test error over the spread of the target on {problem}: a dot per seed, a bar at the "
        "geometric mean; left of the dashed line, three quarters of the variance are explained."
    )
    picture = strips_plot(groups, "test error over the spread of the target", _FAILED)
    return Plot(picture, caption, f"errors of every run on {problem}; the tables hold the means")


def _table(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    """Errors of every kind, (problems, seeds), for the seeds that all problems have."""
    tables = pd.json_normalize(rows).pivot(index="problem", columns="seed").dropna(axis="columns")
    return {kind: tables[f"error.{kind}"].to_numpy() for kind in _KINDS}


def _spreads(
    errors: dict[str, np.ndarray], group: str
) -> tuple[list[Estimate], dict[str, Estimate]]:
    """Spreads over seeds in decades, and how many times as wide those of KANs are as of MLPs."""
    seeds = next(iter(errors.values())).shape[1]

    def pooled(kind: str, runs: np.ndarray) -> np.ndarray:
        """Root mean square over the problems."""
        return np.sqrt(np.mean([spread(own[runs]) ** 2 for own in errors[kind]], axis=0))

    def ratio(kan: str, runs: np.ndarray) -> np.ndarray:
        return pooled(kan, runs) / np.maximum(pooled(_PAIRS[kan], runs), 1e-12)

    spreads = [
        bootstrap(f"{_SPREAD}, {name}", seeds, partial(pooled, kind), group)
        for kind, name in _KINDS.items()
    ]
    gaps = {
        kan: bootstrap(
            f"spread, {_KINDS[kan]} over {_KINDS[mlp]}", seeds, partial(ratio, kan), group
        )
        for kan, mlp in _PAIRS.items()
    }
    return spreads, gaps


def _failures(kind: str, errors: np.ndarray, group: str) -> Estimate:
    name = f"runs that explain less than three quarters of the variance (%), {_KINDS[kind]}"
    return proportion(name, int((errors > _FAILED).sum()), errors.size, group)


def _verdict(ratios: dict[str, Estimate]) -> tuple[Verdict, str]:
    """Unstable is where the spread is larger than the MLP's beyond chance."""
    if not ratios or any(figure.low is None for figure in ratios.values()):
        return Verdict.UNDECIDED, ""
    unstable = [words for words, figure in ratios.items() if figure.above(1)]
    if len(unstable) == len(ratios):
        return Verdict.HOLDS, ""
    if unstable:
        return Verdict.ONLY_IF, " or ".join(unstable)
    excluded = all(figure.below(_MUCH) for figure in ratios.values())
    return (Verdict.DOES_NOT_HOLD if excluded else Verdict.UNDECIDED), ""


def _remarks(ratios: dict[str, Estimate]) -> tuple[str, ...]:
    steadier = ", ".join(words for words, figure in ratios.items() if figure.below(1))
    less = (f"The KAN's spread is the smaller one where {steadier}.",) if steadier else ()
    return (
        *less,
        "These are single starts of a fixed shape. kansym.train runs several starts and keeps the "
        "best, which is how a spread over starts is dealt with.",
        "A spread in decades compares relative changes: a network that reaches 1e-5 in some runs "
        "and 1e-4 in others is as spread as one between 0.01 and 0.1. The errors stand beside it.",
    )


CLAIM = Claim(
    identifier="C5",
    title="Stability of training",
    statement="KAN training is unstable.",
    source="the article that calls a KAN just an MLP",
    tried="Single random starts, 20 seeds (10 in a quick run), of KANs [n, 5, 1] with 5 "
    "intervals (cubic and of degree 1), and of tanh and ReLU MLPs with two hidden layers and as "
    "many parameters; the same rows, steps and optimiser for all, and three optimisers.",
    rule="The spread is the standard deviation over seeds of log10 of the test error; pairs count "
    "of which at least half of the runs explain three quarters of the variance. Holds if the "
    "KAN's spread divided by the MLP's has an interval above 1 for every optimiser and degree; "
    "holds only if for those where it has; does not hold where none has and none reaches 2; else "
    "not decided.",
    plan=_plan,
    measure=_measure,
    judge=_judge,
)
