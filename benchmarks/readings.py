"""What networks of usual shapes and other makers know: trained once, read by function and weights.

``OMP_NUM_THREADS=1 python benchmarks/readings.py mlps`` and the other figures; ``--every 10``
takes one problem in ten, ``--seconds 5`` less time for training and for each reading. Results are
kept in ``readings-FIGURE.jsonl``; a run that was stopped goes on there.

mlps      MLP [n, 20, 20, 1], tanh, SiLU and ReLU, on the Feynman equations, 1000 rows, 30 s each
sklearn   scikit-learn's MLPRegressor, tanh and ReLU, else its defaults, between scalers, on 20 of
          them
known     share recovered among runs of both whose network has an error below 1e-3
toy       exp(sin(pi x) + y^2) from the MLP [2, 12, 12, 1], seeds 0 to 4
plain     plain functions of 4 inputs with noise in their answers
boosting  gradient boosting with 300 trees on m v^2/2, 3000 rows
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from kansym import MLP, extract, train
from kansym.problems import load_problem
from kansym.shared.error_measures import rmse
from kansym.studies.bench import Budget, Record, find_problems, plan, read_results, run_benchmark
from kansym.studies.bench.kinds import Trained
from kansym.studies.bench.measuring import read
from kansym.studies.bench.protocols import rows_of
from kansym.studies.bench.runs import Run
from kansym.studies.comparison.comparison import compare
from kansym.studies.comparison.words import percent
from kansym.symbolic.formulas.equivalence import equivalent

WIDTH = 20
READINGS = ("function-data", "function", "weights")
MLPS = ("tanh", "silu", "relu")
ESTIMATORS = ("sklearn-tanh", "sklearn-relu")
HELD_OUT = 100


def measure(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Train the network that a run's kind names, and read it in all ways."""
    warnings.simplefilter("ignore")  # estimators that have not converged say so
    run = runs[0]
    rows = rows_of(run)
    yield "training"
    make = _estimator if run.kind in ESTIMATORS else _mlp
    trained = make(run, rows.X, rows.y)
    for each in runs:
        yield from read(each, trained, rows, run.budget.limit / 2)


def _mlp(run: Run, X: pd.DataFrame, y: np.ndarray) -> Trained:
    """An MLP of kansym."""
    widths = (X.shape[1], WIDTH, WIDTH, 1)
    model = MLP(widths, activation=run.kind, seed=run.seed, device="cpu")
    limit = run.budget.limit / 2
    history = train(model, X, y, seed=run.seed, seconds=limit, progress=False)
    return _trained(model, run, history.validation, history.seconds)


def _estimator(run: Run, X: pd.DataFrame, y: np.ndarray) -> Trained:
    """An estimator of scikit-learn, with scalers around it."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    started = time.perf_counter()
    activation = run.kind.removeprefix("sklearn-")
    network = MLPRegressor(activation=activation, random_state=run.seed)
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    model = make_pipeline(StandardScaler(), scaled)
    model.fit(X[HELD_OUT:], y[HELD_OUT:])
    error = rmse(model.predict(X[:HELD_OUT]), y[:HELD_OUT]) / float(np.std(y))
    return _trained(model, run, error, time.perf_counter() - started, network.hidden_layer_sizes)


def _trained(
    model: object, run: Run, error: float, seconds: float, hidden: Sequence[int] = (WIDTH, WIDTH)
) -> Trained:
    widths = (len(run.problem.inputs), *hidden, 1)
    numbers = sum((a + 1) * b for a, b in pairwise(widths))
    return Trained(model, f"{list(widths)} {run.kind}", widths, numbers, seconds, error)  # pyright: ignore


def study(figure: str, kinds: Sequence[str], step: int, options: argparse.Namespace) -> None:
    """Train and read networks on the Feynman equations, and print both answers."""
    problems = find_problems(["feynman"])[options.offset :: step * options.every]
    # Each kind by itself: the plan names kinds of networks that bench itself does not train.
    budget = Budget(2 * options.seconds, 1000)
    runs = [
        Run(run.problem, kind, run.seed, run.noise, budget, reading=reading)
        for run in plan(problems, ["kan"], [0], budget=budget)
        for kind in kinds
        for reading in options.readings
    ]
    from benchmarks.readings import measure as work  # by a name that other processes can import

    print(run_benchmark(runs, _place(figure), jobs=options.jobs, work=work))
    print(compare(read_results(_place(figure)).records))


def known(options: argparse.Namespace) -> None:
    """Among runs of both studies whose network has learnt the law: how many laws were found."""
    places = [_place(figure) for figure in ("mlps", "sklearn") if _place(figure).exists()]
    records = [record for place in places for record in read_results(place).records]
    if not records:
        sys.exit("There are no results yet: run mlps or sklearn first.")
    for one in compare(records).kinds:
        if one.where_learnt is not None:
            print(
                f"{one.kind}, by {one.reading}: {percent(one.where_learnt)} of the "
                f"{one.where_learnt.problems} problems whose network has an error below 1e-3"
            )


def toy(options: argparse.Namespace) -> None:
    """One law from five networks, by function and by weights."""
    problem = load_problem("toy-exp-sin")
    X, y = problem.sample(1000, seed=0)
    for seed in range(5):
        model = MLP([2, 12, 12, 1], activation="tanh", seed=seed, device="cpu")
        train(model, X, y, seed=seed, seconds=options.seconds, progress=False)
        rows = pd.DataFrame(X, columns=list(problem.inputs))
        _report(f"seed {seed}", model, rows, str(problem.truth), options.seconds)
        started = time.perf_counter()
        result = extract(model, X, y, progress=False, budget=options.seconds)
        first = ", ".join(str(reading) for reading in result.provenance.readings)
        print(f"    auto: {time.perf_counter() - started:.1f} s; {first[:200]}")


def plain(options: argparse.Namespace) -> None:
    """Functions whose answers have noise."""
    laws: dict[str, Callable[[Sequence[np.ndarray]], np.ndarray]] = {
        "a*b/(4*pi*c*d**2)": lambda x: x[0] * x[1] / (4 * np.pi * x[2] * x[3] ** 2),
        "sqrt(a**2 + b**2)*c + d": lambda x: np.hypot(x[0], x[1]) * x[2] + x[3],
    }
    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 3, (1000, 4)), columns=list("abcd"))
    for truth, law in laws.items():
        noise = np.random.default_rng(1)

        def noisy(rows: np.ndarray, law: Callable = law, noise: np.random.Generator = noise):
            answers = law(rows.T)
            return answers + 1e-3 * noise.standard_normal(len(answers))

        _report(truth, noisy, X, truth, options.seconds)


def boosting(options: argparse.Namespace) -> None:
    """A function that is constant by pieces."""
    from sklearn.ensemble import GradientBoostingRegressor

    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 3, (3000, 2)), columns=["m", "v"])
    y = (X["m"] * X["v"] ** 2 / 2).to_numpy()
    model = GradientBoostingRegressor(n_estimators=300, random_state=0).fit(X, y)
    _report("300 trees", model, X, "m*v**2/2", options.seconds)


def _report(name: str, model: object, X: pd.DataFrame, truth: str, budget: float) -> None:
    """Read a model by its function alone, and say how it went."""
    started = time.perf_counter()
    result = extract(model, X, reading="function", budget=budget, exact=True, progress=False)
    seconds = time.perf_counter() - started
    ranges = {str(column): (float(X[column].min()), float(X[column].max())) for column in X}
    verdict = equivalent(result.formulas[0].expr, truth, ranges=ranges) if result.formulas else None
    found = str(result.formulas[0].expr) if result.formulas else "no formula"
    findings = ", ".join(dict.fromkeys(finding.status.name for finding in result.status))
    mark = "ok  " if verdict else "MISS"
    away = "" if verdict is None else f", largest difference {verdict.difference:.1e}"
    print(f"{mark} {name}: {seconds:.1f} s{away}; {found[:110]}; {findings}", flush=True)


def _place(figure: str) -> Path:
    return Path(f"readings-{figure}.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    figures: dict[str, Callable[[argparse.Namespace], None]] = {
        "mlps": lambda options: study("mlps", MLPS, 1, options),
        "sklearn": lambda options: study("sklearn", ESTIMATORS, 5, options),
        "known": known,
        "toy": toy,
        "plain": plain,
        "boosting": boosting,
    }
    parser.add_argument("figure", choices=figures)
    parser.add_argument("--every", type=int, default=1, help="take one problem in so many")
    parser.add_argument("--offset", type=int, default=0, help="the first problem taken")
    parser.add_argument("--seconds", type=float, default=30.0, help="to train, and to read")
    parser.add_argument("--readings", type=lambda text: text.split(","), default=READINGS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    figures[options.figure](options)


if __name__ == "__main__":
    main()
