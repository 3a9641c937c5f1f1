"""Law 10: every status is reached by some input, and its text names a next step."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch

from kansym.extraction import Extraction, extract
from kansym.extraction.discovery import discover
from kansym.extraction.evidence import Evidence
from kansym.neural.models.kan import KAN
from kansym.neural.models.mlp import MLP
from kansym.shared.status import Finding, Status
from kansym.symbolic.library.library import LIBRARY, Library
from kansym.symbolic.measurements import search
from kansym.symbolic.measurements.formula_fitting import fit_formula
from tests.planted_models import Function, exp_sin, know, rows, two_layers

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "x^3", "exp", "sin", "log")])
STEPS = (
    "give", "choose", "add", "train", "widen", "use", "restrict", "raise", "compare", "collect",
    "drop", "hand", "call",
)  # fmt: skip
X = np.linspace(0.0, 10.0, 60)
NOISE = np.random.default_rng(4).normal(0.0, 0.03, 60)
DECAY = "A*exp(-x/tau) + c"
Y = 3 * np.exp(-X / 2.5) + 1 + NOISE
HYPERBOLA = 1 / (X[:10] + 3) + NOISE[:10] / 4
MANY = np.linspace(0.0, 6.0, 300)
GROUPS = ["a", "b", "c"] * 20
LEVELS = np.array([1.0, 1.0, 3.0] * 20)


def read(model: object, *data: np.ndarray, **settings: object) -> Extraction:
    """A result by weights, few functions and no search, unless the settings say otherwise."""
    chosen = {"library": FEW, "engine": None, "reading": "weights", "progress": False} | settings
    return extract(model, *data, **chosen)


def straight(first: Function, low: float = -1.0) -> KAN:
    """A KAN for first(x1) + x2^2."""
    return two_layers(first, torch.square, lambda u: u, low)


def constant() -> Iterable[Finding]:
    model = KAN([2, 1])
    with torch.no_grad():
        model.kan_layers[0].coef.fill_(0.75)
    know(model, rows())
    return read(model).status


def drifted_copies() -> Iterable[Finding]:
    """A hidden unit points almost as another one does."""
    model = MLP([2, 4, 1], seed=0)
    first, last = (layer for layer in model.modules() if isinstance(layer, torch.nn.Linear))
    with torch.no_grad():
        first.weight[1] = first.weight[0] * (1 + 1e-3)
        last.weight[:, 1] = last.weight[:, 0] * (1 + 1e-3)
    return read(model, rows(), tolerance=0.05, budget=0.5).status


def undefined_rows() -> Iterable[Finding]:
    """The rows kept aside lie where the logarithm is not defined."""
    result = read(straight(torch.log, low=0.2))
    evidence = result.evidence
    assert isinstance(evidence, Evidence)
    split = replace(evidence.split, check_X=-evidence.split.check_X)
    return replace(evidence, split=split).conclude().status


def untrained() -> Iterable[Finding]:
    """Rows that the network, and so the formula, explains as badly as their mean."""
    data = rows(300, seed=1)
    return read(exp_sin(), data, np.random.default_rng(0).normal(0, 5, 300)).status


def dependent() -> Iterable[Finding]:
    data = rows()
    data[:, 1] = 0.5 * data[:, 0] + 0.2
    return read(straight(torch.sin), data).status


def ambiguous() -> Iterable[Finding]:
    """Noise hides which of the growing functions the flat edge is."""
    data = rows()
    noise = np.random.default_rng(0).normal(0, 0.1, len(data))
    y = np.exp(0.3 * data[:, 0]) + data[:, 1] ** 2 + noise
    return read(straight(lambda u: torch.exp(0.3 * u)), data, y).status


def odd(u: torch.Tensor) -> torch.Tensor:
    return torch.sin(7 * u) * torch.exp(-u) + torch.sin(4 * u**2)


def large() -> Iterable[Finding]:
    model = KAN([20, 20, 2], seed=0)
    know(model, rows(inputs=20))
    return read(model).status


def by_function(function: Function, known: bool = False, budget: float = 4) -> Extraction:
    """A function of rows, read by its answers, or judged by the product that it nearly is."""
    data = rows(300)
    y = [data[:, 0] * data[:, 1]] if known else []
    return read(function, data, *y, reading="function", budget=budget)


def nearly_a_product(X: np.ndarray) -> np.ndarray:
    return X[:, 0] * X[:, 1] + 0.03 * np.sin(7 * X[:, 0]) * np.cos(5 * X[:, 1])


def hurried() -> Iterable[Finding]:
    """A fit that may take one step only."""
    whole = search.minimise

    def first_step(*arguments: object, **settings: object) -> object:
        return whole(*arguments, **{**settings, "max_steps": 1})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "minimise", first_step)
        patch.setattr(search, "_MAX_STEPS", 1)
        start = {"A": 1.0, "tau": 9.0, "c": 0.0}
        return fit_formula(DECAY, {"x": X}, Y, start=start).findings


def outlier() -> np.ndarray:
    return Y + 2.0 * (np.arange(60) == 7)


REACHED: dict[Status, Callable[[], Iterable[Finding]]] = {
    Status.OK: lambda: read(straight(torch.sin)).status,
    Status.AMBIGUOUS_EDGE: ambiguous,
    Status.UNEXPLAINED_EDGE: lambda: read(straight(odd)).status,
    Status.SEARCHED_EDGE: lambda: (
        read(straight(lambda u: u + torch.sin(3 * u)), engine="pairs").status
    ),
    Status.LOW_FIDELITY: lambda: read(straight(torch.sin)).fix(1, "x").status,
    Status.OUTSIDE_DOMAIN: undefined_rows,
    Status.NETWORK_DIFFERS: lambda: by_function(nearly_a_product, budget=8).status,
    Status.POOR_NETWORK: untrained,
    Status.NOT_READABLE: large,
    Status.BUDGET_SPENT: lambda: read(exp_sin(), budget=0.01).status,
    Status.UNCERTAIN_CONSTANT: lambda: fit_formula("a + b*x", {"x": X}, 1e-3 * X + NOISE).findings,
    Status.NO_FREEDOM: lambda: fit_formula("a + b*x", {"x": X[:2]}, Y[:2]).findings,
    Status.INSEPARABLE_CONSTANTS: lambda: fit_formula("a*b*x", {"x": X}, X + NOISE).findings,
    Status.CONSTANT_AT_BOUND: lambda: (
        fit_formula(DECAY, {"x": X}, Y, bounds={"c": (1.05, None)}).findings
    ),
    Status.OUTLYING_ROWS: lambda: fit_formula(DECAY, {"x": X}, outlier()).findings,
    Status.ROWS_LEFT_OUT: lambda: (
        discover(X + 1, outlier(), seconds=1, progress=False).result.status
    ),
    Status.EQUAL_GROUPS: lambda: (
        fit_formula("a*x", {"x": X}, X * LEVELS + NOISE, groups=GROUPS).findings
    ),
    Status.UNITS_DISAGREE: lambda: (
        discover(MANY, np.sin(MANY), units={"x1": "m"}, seconds=20, progress=False).result.status
    ),
    Status.RELATIVE_ERRORS: lambda: (
        discover(X + 1, 2 * (X + 1) * (1 + NOISE), seconds=1, progress=False).result.status
    ),
    Status.COPIED_ROWS: lambda: (
        discover(np.repeat(X, 2), np.repeat(Y, 2), seconds=1, progress=False).result.status
    ),
    Status.RIVAL_FORMS: lambda: (
        discover(X[:10], HYPERBOLA, seconds=3, n_jobs=1, progress=False).result.status
    ),
    Status.RESIDUAL_PATTERN: lambda: fit_formula("a + b*x", {"x": X}, Y).findings,
    Status.ERRORS_DISAGREE: lambda: fit_formula(DECAY, {"x": X}, Y, sigma=0.003).findings,
    Status.NOT_CONVERGED: hurried,
    Status.MERGED_APPROXIMATELY: drifted_copies,
    Status.TRANSCRIBED: lambda: read(MLP([2, 12, 12, 1], seed=0), rows(), budget=1).status,
    Status.SMOOTH_STUDENT: lambda: by_function(lambda X: np.floor(4 * X[:, 0]), budget=1).status,
    Status.BETTER_THAN_NETWORK: lambda: (
        by_function(lambda X: X[:, 0] * X[:, 1] + 0.1 * np.sin(5 * X[:, 0]), known=True).status
    ),
    Status.DEPENDENT_INPUTS: dependent,
    Status.CONSTANT_OUTPUT: constant,
}


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_an_input_reaches_it(status):
    assert status in {finding.status for finding in REACHED[status]()}


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_its_text_names_a_next_step(status):
    words = status.advice.lower().replace(",", " ").replace(":", " ").replace(".", " ").split()
    assert set(words) & set(STEPS), status.advice
