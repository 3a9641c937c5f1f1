"""Symmetries that gradients show, for functions whose symmetries are known."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from kansym.network.structure.symmetries import importances, symmetries

X = np.random.default_rng(0).uniform(1, 2, (400, 4))
NAMES = ["a", "b", "c", "d"]
Function = Callable[[torch.Tensor], torch.Tensor]


def found(function: Function, tolerance: float = 1e-6) -> dict[tuple[str, tuple[str, ...]], str]:
    """Statements by kind and inputs."""

    def gradients(rows: np.ndarray) -> np.ndarray:
        x = torch.tensor(rows, requires_grad=True)
        (gradient,) = torch.autograd.grad(function(x.T).sum(), x)
        return gradient.numpy()

    values = function(torch.tensor(X).T).numpy()
    every = symmetries(X, values, gradients, NAMES, tolerance=tolerance)
    assert all(one.residual < tolerance for one in every)
    return {(one.kind, one.inputs): one.statement for one in every}


CASES: dict[str, tuple[Function, tuple[str, tuple[str, ...]], str]] = {
    "product": (lambda x: torch.sin(x[0] * x[1]) + x[2], ("product", ("a", "b")), "a*b"),
    "quotient": (lambda x: torch.exp(x[0] / x[3]), ("quotient", ("a", "d")), "a/d"),
    "difference": (lambda x: torch.sin(x[0] - 2 * x[1]), ("translation", ("a", "b")), "a - 2*b"),
    "sum": (lambda x: torch.exp(-3 * x[2] - x[3]), ("translation", ("c", "d")), "c + 0.333*d"),
    "rotation": (lambda x: torch.hypot(x[0], x[2]) * x[1], ("rotation", ("a", "c")), "a^2 + c^2"),
    "parts": (lambda x: x[0] ** 3 + x[1] * x[2], ("sum of parts", ("a", "b")), "different terms"),
    "scaling": (lambda x: x[0] ** 2 / torch.sin(x[1]), ("scaling", ("a",)), "s^"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_symmetry_is_found_and_said(name: str):
    function, place, words = CASES[name]
    assert words in found(function)[place]


def test_a_function_without_symmetries_shows_none():
    seen = found(lambda x: torch.sin(x[0] * x[1] + x[2]) * torch.exp(x[0]) + x[1] ** 2 * x[2])
    assert seen == {}


def test_the_words_say_which_powers():
    seen = found(lambda x: x[0] * torch.sqrt(x[1] / x[2]))
    assert seen[("quotient", ("b", "c"))] == "b and c enter as b/c"
    assert seen[("scaling", ("a",))] == "under a -> s a the function takes the factor s"


def test_an_input_that_does_not_matter_takes_part_in_nothing():
    assert all("d" not in inputs for _, inputs in found(lambda x: x[0] * x[1] + x[2]))


def test_importances_are_shares():
    gradient = np.stack([X[:, 1], X[:, 0], 0 * X[:, 0], 0 * X[:, 0]], axis=1)
    shares = importances(X, gradient)
    assert_allclose(shares.sum(), 1.0)
    assert shares[2] == shares[3] == 0


def test_powers_that_are_no_fractions_are_said_as_they_are():
    seen = found(lambda x: x[0] ** 0.37 * x[1] ** 1.5)
    assert "b -> s^-0.247 b" in seen[("scaling", ("a", "b"))]


@pytest.mark.parametrize(
    "function",
    [lambda x: 20 * x[1] + x[0] * x[1], lambda x: 100 + x[0] ** 2 / 10],
    ids=["a small product beside a large term", "little beside a constant"],
)
def test_what_is_small_beside_something_large_is_no_symmetry(function: Function):
    kinds = {kind for kind, _ in found(function, tolerance=0.03)}
    assert "sum of parts" not in kinds
    assert not any("s^0.0" in words for words in found(function, tolerance=0.03).values())
