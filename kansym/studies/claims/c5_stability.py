"""C5: KAN training is unstable."""

from collections.abc import Sequence

import numpy as np
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
    rows_where,
)
from kansym.studies.claims.estimates import bootstrap, geometric_mean, proportion, spread
from kansym.studies.claims.fitting import dense, fit_once, relative_error, rows_of
from kansym.studies.claims.plots import Strip, strips_plot

__all__ = ["CLAIM"]

_FAILED, _MUCH = 0.5, 2.0
_OPTIMISERS = {"lm": "Levenberg-Marquardt", "lbfgs": "L-BFGS", "adam": "Adam"}
_KINDS = {
    "kan-3": "cubic KAN",
    "tanh": "tanh MLP",
    "kan-1": "KAN of degree 1",
    "relu": "ReLU MLP",
}
_PAIRS = (("kan-3", "tanh"), ("kan-1", "relu"))


def _plan(effort: Effort) -> list[Settings]:
    problems = effort.of(["toy-exp-sin"], ["toy-exp-sin"], ["toy-exp-sin", "toy-division", "I.6.2"])
    steps = effort.of(
        {"lm": 5, "lbfgs": 5, "adam": 20},
        {"lm": 20, "lbfgs": 6, "adam": 80},
        {"lm": 80, "lbfgs": 150, "adam": 4000},
    )
    return [
        {
            "problem": problem,
            "optimiser": optimiser,
            "steps": steps[optimiser],
            "rows": effort.of(200, 300, 1000),
            "seed": seed,
        }
        for problem in problems
        for optimiser in _OPTIMISERS
        for seed in range(effort.of(3, 10, 20))
    ]


def _measure(settings: Settings) -> Row:
    """One start of each kind of network; the rows are the same for all seeds."""
    rows = rows_of(settings["problem"], settings["rows"], seed=0)
    found = {}
    for kind in _KINDS:
        model = _network(kind, rows.x.shape[1], settings["seed"])
        fit_once(
            model,
            rows,
            optimiser=settings["optimiser"],
            steps=settings["steps"],
            seed=settings["seed"],
        )
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
    for optimiser, words in _OPTIMISERS.items():
        own = rows_where(rows, optimiser=optimiser)
        if not own:
            continue
        errors = _table(own)
        group = f"{words}, {own[0]['steps']} steps"
        figures += [_spread(kind, errors, group) for kind in _KINDS]
        for kan, mlp in _PAIRS:
            figures.append(_ratio(kan, mlp, errors, group))
            if _trained(kan, errors) and _trained(mlp, errors):
                ratios[f"{words} trains a {_KINDS[kan]}"] = figures[-1]
        figures += [_failures(kind, errors, group) for kind in _KINDS]
        figures += [_error(kind, errors, group) for kind in _KINDS]
    verdict, condition = _verdict(ratios)
    plots = tuple(_plot(problem, rows) for problem in dict.fromkeys(row["problem"] for row in rows))
    return Ruling(verdict, tuple(figures), condition, _remarks(ratios), plots=plots)


def _plot(problem: str, rows: Sequence[Row]) -> Plot:
    """Every run on one problem."""
    groups = []
    for optimiser, words in _OPTIMISERS.items():
        own = rows_where(rows, problem=problem, optimiser=optimiser)
        if own:
            strips = [
                Strip(name, [row["error"][kind] for row in own], kind.startswith("kan"))
                for kind, name in _KINDS.items()
            ]
            groups.append((f"{words}, {own[0]['steps']} steps", strips))
    caption = (
        f"Test error over the spread of the target on {problem}: a dot per seed, a bar at the "
        "geometric mean; left of the dashed line, three quarters of the variance are explained."
    )
    picture = strips_plot(groups, "test error over the spread of the target", _FAILED)
    return Plot(picture, caption, f"errors of every run on {problem}; the tables hold the means")


def _table(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    """Errors of every kind, (problems, seeds), for the seeds that all problems have."""
    problems = list(dict.fromkeys(row["problem"] for row in rows))
    seeds = [
        seed
        for seed in sorted({row["seed"] for row in rows})
        if len(rows_where(rows, seed=seed)) == len(problems)
    ]
    return {
        kind: np.array(
            [
                [rows_where(rows, problem=p, seed=s)[0]["error"][kind] for s in seeds]
                for p in problems
            ]
        )
        for kind in _KINDS
    }


def _pooled(errors: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Spread over seeds in decades, as a root mean square over problems."""
    return np.sqrt(np.mean([spread(own[runs]) ** 2 for own in errors], axis=0))


def _spread(kind: str, errors: dict[str, np.ndarray], group: str) -> Estimate:
    own = errors[kind]
    name = f"spread of the test error over seeds (decades), {_KINDS[kind]}"
    return bootstrap(name, own.shape[1], lambda runs: _pooled(own, runs), group)


def _ratio(kan: str, mlp: str, errors: dict[str, np.ndarray], group: str) -> Estimate:
    def ratio(runs: np.ndarray) -> np.ndarray:
        return _pooled(errors[kan], runs) / np.maximum(_pooled(errors[mlp], runs), 1e-12)

    name = f"spread, {_KINDS[kan]} over {_KINDS[mlp]}"
    return bootstrap(name, errors[kan].shape[1], ratio, group)


def _failures(kind: str, errors: dict[str, np.ndarray], group: str) -> Estimate:
    own = errors[kind].ravel()
    name = f"runs that explain less than three quarters of the variance (%), {_KINDS[kind]}"
    return proportion(name, int((own > _FAILED).sum()), own.size, group)


def _error(kind: str, errors: dict[str, np.ndarray], group: str) -> Estimate:
    own = 10 ** np.log10(errors[kind]).mean(0)
    return geometric_mean(f"test error, {_KINDS[kind]}", own.tolist(), group)


def _trained(kind: str, errors: dict[str, np.ndarray]) -> bool:
    """Whether at least half of the runs got anywhere."""
    return float(np.median(errors[kind])) <= _FAILED


def _verdict(ratios: dict[str, Estimate]) -> tuple[Verdict, str]:
    """Unstable is where the spread is larger than the MLP's beyond chance."""
    if not ratios or any(figure.low is None for figure in ratios.values()):
        return Verdict.UNDECIDED, ""
    unstable = [words for words, figure in ratios.items() if (figure.low or 0.0) > 1]
    if len(unstable) == len(ratios):
        return Verdict.HOLDS, ""
    if unstable:
        return Verdict.ONLY_IF, " or ".join(unstable)
    excluded = all((figure.high or 0.0) < _MUCH for figure in ratios.values())
    return (Verdict.DOES_NOT_HOLD if excluded else Verdict.UNDECIDED), ""


def _remarks(ratios: dict[str, Estimate]) -> tuple[str, ...]:
    steadier = [w for w, figure in ratios.items() if figure.high is not None and figure.high < 1]
    less = f"The KAN's spread is the smaller one where {', '.join(steadier)}." if steadier else ""
    plain = (
        "These are single starts of a fixed shape. kansym.train runs several starts and keeps the "
        "best, which is how a spread over starts is dealt with.",
        "A spread in decades compares relative changes: a network that reaches 1e-5 in some runs "
        "and 1e-4 in others is as spread as one between 0.01 and 0.1. The errors stand beside it.",
    )
    return (less, *plain) if less else plain


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
