"""The joint choice prefers the truth to what fits each edge best alone."""

import numpy as np
import pytest

from kansym.network.network import Network
from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.choice import CURVE_BITS, CurveFunction, choose, options_of
from kansym.symbolic.choosing.judge import Choice, Judge, Option
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_edges import curves, edge, planted

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])
X = np.random.default_rng(0).uniform(-1, 1, (300, 2))


def found(network: Network, library: Library = FEW, **settings) -> list[Choice]:
    fits = fit_curves(*curves(network), library=library)
    judge = Judge(X, network(X), "network", 1e-6)
    options = options_of(network, fits)
    deadline = settings.pop("deadline", Deadline.after(30))
    return choose(network, options, judge, deadline=deadline, tell=lambda f, m: None)


def names(choice: Choice) -> list[str]:
    return [option.function.name for option in choice.options]


def test_the_functions_that_were_planted_are_chosen():
    network = planted(X, lambda u: np.sin(3 * u), np.square, np.exp)
    best, *others = found(network)
    assert names(best) == ["sin", "x^2", "exp"]
    assert best.error < 1e-6
    assert all(best.length <= other.length for other in others)


def test_an_edge_that_nothing_explains_stays_its_curve():
    def odd(u: np.ndarray) -> np.ndarray:
        return np.sin(9 * u) * np.exp(-u) + np.abs(u - 0.3)

    best, *_ = found(planted(X, odd, np.square, lambda u: u))
    assert isinstance(best.options[0].function, CurveFunction)
    assert best.options[0].fit is None
    assert names(best)[1] == "x^2"


def test_the_judge_decides_where_one_edge_alone_cannot():
    """A curve with a small error: which function is meant shows in the whole formula."""
    rng = np.random.default_rng(3)

    def disturbed(u: np.ndarray) -> np.ndarray:
        return np.tanh(1.2 * u) + 2e-3 * np.sin(40 * u + rng.normal())

    network = planted(X, disturbed, np.square, np.exp)
    truth = np.exp(np.tanh(1.2 * X[:, 0]) + X[:, 1] ** 2)[:, None]
    fits = fit_curves(*curves(network), library=FEW)
    judge = Judge(X, truth, "data", 1e-11)
    best, *_ = choose(
        network, options_of(network, fits), judge,
        deadline=Deadline.after(30), tell=lambda f, m: None,
    )  # fmt: skip
    assert names(best) == ["tanh", "x^2", "exp"]
    assert best.error < 1e-6


def test_past_the_deadline_the_best_so_far_is_returned():
    network = planted(X, lambda u: np.sin(3 * u), np.square, np.exp)
    choices = found(network, deadline=Deadline.after(-1))
    assert choices
    assert len(choices) <= 3


def test_progress_is_told():
    told: list[float] = []
    network = planted(X, np.sin, np.square, np.exp)
    fits = fit_curves(*curves(network), library=FEW)
    choose(
        network, options_of(network, fits), Judge(X, network(X), "network", 1e-6),
        deadline=Deadline.after(30), tell=lambda fraction, message: told.append(fraction),
    )  # fmt: skip
    assert told == sorted(told)
    assert all(0 <= fraction < 1 for fraction in told)


def test_options_are_the_fits_that_come_near_and_the_curve_if_none_is_good():
    network = planted(X, lambda u: np.sin(9 * u) * np.exp(-u) + np.abs(u - 0.3), np.square, np.exp)
    fits = fit_curves(*curves(network), library=FEW)
    wild, *tame = options_of(network, fits)
    (curve,) = [option for option in wild if isinstance(option.function, CurveFunction)]
    assert (curve.bits, curve.fit) == (CURVE_BITS, None)
    for edge_fits, options in zip(fits[1:], tame, strict=True):
        fitted = [option for option in options if option.fit is not None]
        assert [option.fit for option in fitted] == edge_fits[: len(fitted)]
        assert all(o.constants == o.fit.constants for o in fitted if o.fit is not None)
        assert not any(isinstance(option.function, CurveFunction) for option in options)
    for options in options_of(network, [[], [], []]):
        assert any(isinstance(option.function, CurveFunction) for option in options)


@pytest.mark.parametrize(("kind", "rows", "weight"), [("data", 500, 500.0), ("network", 500, 60.0)])
def test_a_judge_weighs_error_against_bits(kind, rows, weight):
    judge = Judge(np.zeros((rows, 1)), np.zeros((rows, 1)), kind, 1e-6)
    assert judge.weight == weight
    halved = judge.length(0.1, 10.0) - judge.length(0.05, 10.0)
    np.testing.assert_allclose(halved, weight, rtol=1e-6)
    assert judge.length(1e-9, 10.0) == pytest.approx(judge.length(1e-8, 10.0), abs=0.1)
    assert judge.length(float("inf"), 10.0) == float("inf")
    assert judge.length(0.1, 11.0) == judge.length(0.1, 10.0) + 1.0


def test_a_curve_function_is_the_edges_curve():
    one = edge("x1", "y", lambda u: np.sin(3 * u), X[:, 0])
    curve = CurveFunction(one, "f1")
    u = np.linspace(-0.9, 0.9, 33)
    np.testing.assert_allclose(curve.numpy(u), np.sin(3 * u), atol=1e-4)
    np.testing.assert_allclose(curve.derivative(u), 3 * np.cos(3 * u), atol=1e-2)
    assert Option(curve, (1.0, 0.0, 1.0, 0.0), CURVE_BITS, None).fit is None
