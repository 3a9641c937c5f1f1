"""Rich functions give way to plain ones where the whole formula allows."""

import numpy as np
import pytest

from kansym.network.network import Network, Node
from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.choice import choose, options_of
from kansym.symbolic.choosing.judge import Choice, Judge
from kansym.symbolic.choosing.simpler_functions import shorten
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_edges import SOME, curves, edge, planted

X = np.random.default_rng(0).uniform(0.2, 2.0, (300, 2))


def chosen(network: Network, y: np.ndarray, only: list[str]) -> tuple[Choice, Judge]:
    """A choice among few functions, which are too rich."""
    library = Library([LIBRARY[name] for name in only])
    fits = fit_curves(*curves(network), library=library)
    fits = [[fit for fit in each if fit.candidate.name in only] for each in fits]
    judge = Judge(X, y[:, None], "data", 1e-11)
    deadline = Deadline.after(600)
    best, *_ = choose(
        network, options_of(network, fits), judge, deadline=deadline, tell=lambda f, m: None
    )
    return best, judge


def shortened(network: Network, best: Choice, judge: Judge, library: Library = SOME, seconds=600.0):
    deadline = Deadline.after(seconds)
    libraries = [library] * len(network.edges)
    return shorten(network, best, libraries, judge, deadline=deadline, tell=lambda f, m: None)


def names(choice: Choice) -> list[str]:
    return [option.function.name for option in choice.options]


def test_a_softplus_that_is_almost_straight_and_a_sine_at_its_top_give_way_together():
    network = planted(
        X,
        lambda u: np.log1p(np.exp(9 * u)) / 9,
        lambda u: np.exp(0.8 * u),
        lambda u: -np.cos(0.02 * (u + 0.3)) / 2e-4,
    )
    y = (X[:, 0] + np.exp(0.8 * X[:, 1]) + 0.3) ** 2
    best, judge = chosen(network, y, ["softplus", "exp", "sin"])
    assert names(best)[0] == "softplus"
    assert names(best)[2] == "sin"
    after = shortened(network, best, judge)[0]
    assert names(after) == ["x", "exp", "x^2"]
    assert after.error < 1e-9
    assert after.bits < best.bits
    assert (after.picks[0], after.picks[2]) == (-1, -1)


@pytest.fixture(scope="module")
def power() -> tuple[Network, Choice, Judge, Choice]:
    """A product of roots, raised to a power: what was chosen at first, and what after it."""
    network = planted(
        X, lambda u: np.sqrt(u + 0.02), lambda u: np.exp(0.5 * u), lambda q: q**4, "product"
    )
    y = X[:, 0] ** 2 * np.exp(2 * X[:, 1])
    y += np.random.default_rng(1).normal(0, 1e-2 * y.std(), len(y))
    best, judge = chosen(network, y, ["sqrt", "exp", "x^4"])
    return network, best, judge, shortened(network, best, judge)[0]


def test_a_product_takes_the_power_at_which_its_factors_are_plain(power):
    _, best, _, after = power
    assert after.bits < best.bits
    assert after.length < best.length
    assert after.error < 1.1e-2


def test_each_is_shorter_than_the_next_and_none_is_longer_than_the_first():
    network = planted(X, lambda u: np.sinh(0.01 * u) * 100, np.square, lambda u: np.tan(1e-3 * u))
    best, judge = chosen(network, 1e-3 * (X[:, 0] + X[:, 1] ** 2), ["sinh", "x^2", "tan"])
    lengths = [each.length for each in shortened(network, best, judge)]
    assert lengths
    assert lengths == sorted(lengths)
    assert lengths[-1] < best.length


def test_only_functions_of_the_library_are_offered():
    network = planted(X, lambda u: np.sinh(0.01 * u) * 100, np.square, lambda u: u)
    best, judge = chosen(network, X[:, 0] + X[:, 1] ** 2, ["sinh", "x^2"])
    allowed = Library([LIBRARY[name] for name in ("sinh", "x^2", "exp")])
    assert names(shortened(network, best, judge)[0])[0] == "x"
    found = shortened(network, best, judge, allowed)
    assert "x" not in {names(each)[0] for each in (*found, best)}


def test_past_the_deadline_nothing_is_tried():
    network = planted(X, np.sinh, np.square, lambda u: u)
    best, judge = chosen(network, X[:, 0] + X[:, 1] ** 2, ["sinh", "x^2", "x"])
    assert shortened(network, best, judge, seconds=-1.0) == []


def test_a_curve_that_makes_up_for_an_offset_in_a_product_is_solved_for():
    """exp((x1**2 + 0.5)/x2**2) f(x2) is exp(x1**2/x2**2)/x2 for one f only."""
    rows = np.random.default_rng(2).uniform(1.0, 2.0, (400, 2))
    product = (rows[:, 0] ** 2 + 0.5) / rows[:, 1] ** 2
    curve = lambda u: np.exp(-0.5 / u**2) / u  # noqa: E731

    network = Network.from_parts(
        nodes=[
            Node("x1", "input"), Node("x2", "input"), Node("h1.1", "product"),
            Node("y", "product"),
        ],
        edges=[
            edge("x1", "h1.1", lambda u: u**2 + 0.5, rows[:, 0]),
            edge("x2", "h1.1", lambda u: u**-2.0, rows[:, 1]),
            edge("h1.1", "y", np.exp, product),
            edge("x2", "y", curve, rows[:, 1]),
        ],
        inputs=("x1", "x2"),
        outputs=("y",),
        sample=rows,
    )  # fmt: skip
    truth = np.exp(rows[:, 0] ** 2 / rows[:, 1] ** 2) / rows[:, 1]
    few = Library([LIBRARY[name] for name in ("x", "x^2", "1/x^2", "exp", "sin")])
    fits = fit_curves(*curves(network), library=few)
    judge = Judge(rows, truth[:, None], "data", 1e-11)
    best, *_ = choose(
        network, options_of(network, fits), judge,
        deadline=Deadline.after(600), tell=lambda f, m: None,
    )  # fmt: skip
    assert best.options[3].fit is None
    after = shortened(network, best, judge)[0]
    assert names(after) == ["x^2", "1/x^2", "exp", "1/x"]
    assert after.error < 1e-9


def test_other_powers_of_a_product_bring_back_no_function_that_its_edge_may_not_have(power):
    network, best, judge, free = power
    taken = names(free)[0]
    assert taken != names(best)[0]
    others = Library([candidate for candidate in SOME if candidate.name != taken])
    kept = shorten(
        network, best, [others, SOME, SOME], judge,
        deadline=Deadline.after(600), tell=lambda f, m: None,
    )  # fmt: skip
    assert kept
    assert taken not in {names(each)[0] for each in kept}


def test_an_edge_with_every_function_forbidden_stays_its_curve():
    def odd(u: np.ndarray) -> np.ndarray:
        return np.sin(9 * u) * np.exp(-u) + np.abs(u - 0.3)

    network = planted(X, odd, np.square, lambda u: u)
    # The last edge takes a sine of a small argument, for which the line may stand.
    best, judge = chosen(network, odd(X[:, 0]) + X[:, 1] ** 2, ["sin", "x^2"])
    libraries = [(), SOME, SOME]
    found = shorten(
        network, best, libraries, judge, deadline=Deadline.after(600), tell=lambda f, m: None
    )
    assert found
    assert {names(each)[0] for each in found} == {names(best)[0]}


def test_a_function_too_plain_gives_way_to_the_one_that_the_residual_asks_for():
    network = planted(X, lambda u: np.exp(-3 * u), lambda u: 0.6 * u, np.sin)
    rng = np.random.default_rng(1)
    y = np.sin(-np.tanh(1.8 * X[:, 0] + 0.25) + 0.6 * X[:, 1])
    y += rng.normal(0, 1e-2 * y.std(), len(y))
    best, judge = chosen(network, y, ["exp", "x", "sin"])
    assert names(best)[0] == "exp"
    after = shortened(network, best, judge)[0]
    assert names(after) == ["tanh", "x", "sin"]
    assert after.bits > best.bits
    assert after.error < 1.05e-2


def test_curves_made_for_one_another_are_solved_for_one_after_the_other():
    # Where the product vanishes nothing depends on the first factor, and its curve may do anything.
    network = planted(
        X,
        lambda u: np.where(u < 1.2, np.exp(-2 * u**2), np.exp(-2 * u**2) + 0.02 * (u - 1.2) ** 2),
        lambda u: np.arctan(1.4 * u + 0.3),
        lambda p: np.exp(-((4 * p + 0.2) ** 2)),
        "product",
    )
    y = np.exp(-((4 * np.exp(-2 * X[:, 0] ** 2) * np.arctan(1.4 * X[:, 1] + 0.3) + 0.2) ** 2))
    y += np.random.default_rng(1).normal(0, 1e-2 * y.std(), len(y))
    best, judge = chosen(network, y, ["x", "atan"])
    assert any(option.fit is None for option in best.options)
    after = shortened(network, best, judge)[0]
    assert all(option.fit is not None for option in after.options)
    assert after.length < best.length
    assert after.error < 1.1e-2
