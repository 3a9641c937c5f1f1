"""What the library lacks goes to an engine, and back into the same choice and refinement."""

import time

import numpy as np
import pytest
import sympy
import torch

from kansym.extraction import Extraction, extract
from kansym.network.network import Edge
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError, MissingPackageError
from kansym.shared.status import Status
from kansym.symbolic.choosing.choice import choose, options_of
from kansym.symbolic.choosing.engine_search import search_edges
from kansym.symbolic.choosing.formula_fits import formula_fit
from kansym.symbolic.choosing.judge import Choice, Judge
from kansym.symbolic.engines import Engine, Operon, PySR, engine_named
from kansym.symbolic.engines.pysr import julia_is_installed
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_edges import curves, planted
from tests.planted_models import exp_sin, rows, two_layers

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])
x, x1, x2 = sympy.symbols("x x1 x2")
TRUTH = sympy.exp((x1 + x2**2 + sympy.sin(3 * x1**2)) / 2)


def model():
    """exp((x1 + sin(3 x1^2) + x2^2)/2), whose first edge is no function of the library."""
    return two_layers(lambda u: u + (3 * u**2).sin(), torch.square, lambda u: (u / 2).exp())


def truth(X: np.ndarray) -> np.ndarray:
    return np.exp((X[:, 0] + np.sin(3 * X[:, 0] ** 2) + X[:, 1] ** 2) / 2)


class Clock:
    """A clock that counts searches and looks at it, however busy the machine."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        self.now += 2e-4
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("kansym.shared.deadline.time", found)
    return found


class Fake(Engine):
    """An engine that always returns what it was told, and takes all the time that it may."""

    def __init__(self, *texts: str, clock: Clock | None = None, missing: str = "") -> None:
        self.texts, self.clock, self.missing = texts, clock, missing
        self.calls: list[tuple[float, int]] = []

    @property
    def name(self) -> str:
        return "fake"

    @property
    def reference(self) -> str:
        return "Nobody, doi:10.0/0"

    def check(self) -> None:
        if self.missing:
            raise MissingPackageError(self.missing)

    def expressions(self, inputs, target, weights, *, seconds, seed):
        self.calls.append((seconds, seed))
        if self.clock is not None:
            self.clock.now += seconds
        return [sympy.sympify(text) for text in self.texts]


# Off by a few per cent, as found by a search that was cut short.
NEAR = "1.02*u1 + 0.97*sin(3.05*u1**2) - 0.5"


def statuses(result: Extraction) -> set[Status]:
    return {finding.status for finding in result.status}


@pytest.fixture(scope="module")
def result() -> Extraction:
    return extract(
        model(), library=FEW, engine=Fake("u1", NEAR, "u1**2"), progress=False, reading="weights"
    )


def test_the_formula_of_an_engine_is_refined_and_snapped_like_any_other(result):
    assert sympy.simplify(result.expr - TRUTH) == 0
    assert not result.formulas[0].curves


def test_the_result_says_that_an_engine_found_it_and_which(result):
    (finding,) = [f for f in result.status if f.status is Status.SEARCHED_EDGE]
    assert finding.where == "x1 -> h1.1"
    assert "fake: x + sin(3*x**2)" in finding.detail
    assert Status.UNEXPLAINED_EDGE not in statuses(result)
    report = result.edges[0]
    assert report.fit is not None
    assert report.fit.candidate.name.startswith("fake: ")
    assert "fake" not in " ".join(fit.candidate.name for fit in report.alternatives)
    assert result.provenance.settings["engine"] == "fake"
    assert any("doi:10.0/0" in each for each in result.provenance.references)


def test_the_result_is_saved_and_changed_like_any_other(result):
    again = Extraction.from_json(result.to_json())
    np.testing.assert_allclose(again.predict(rows(9)), result.predict(rows(9)))
    fits = [fit for each in (again, result) if (fit := each.edges[0].fit) is not None]
    np.testing.assert_allclose(*(fit(rows(9)[:, 0]) for fit in fits))
    assert len({fit.candidate.name for fit in fits}) == 1
    fixed = result.fix(0, "sin")
    assert fixed.edges[0].fit is not None
    assert fixed.edges[0].fit.candidate.name == "sin"
    searched = {one.where for one in fixed.status if one.status is Status.SEARCHED_EDGE}
    assert fixed.edges[0].name not in searched


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_data_judge_what_an_engine_found(noise):
    X = rows(600, seed=4)
    y = truth(X) + noise * np.random.default_rng(0).normal(size=600)
    found = extract(
        model(), X, y, library=FEW, engine=Fake(NEAR), exact=True, reading="weights", progress=False
    )
    assert sympy.simplify(found.expr - TRUTH) == 0


@pytest.fixture(scope="module")
def plain() -> Extraction:
    return extract(model(), library=FEW, engine=None, progress=False, reading="weights")


def test_without_an_engine_the_edge_stays_a_curve_and_nothing_is_said(plain):
    assert Status.UNEXPLAINED_EDGE in statuses(plain)
    assert Status.SEARCHED_EDGE not in statuses(plain)
    assert "engine" not in plain.provenance.settings


def test_edges_that_the_library_explains_are_not_searched():
    engine = Fake("u1")
    found = extract(exp_sin(), library=FEW, engine=engine, progress=False, reading="weights")
    assert engine.calls == []
    assert statuses(found) == {Status.OK}


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("u1", "0.9*u1 + 0.1"),
        ("1/u1", "log(u1)", "zoo*u1", "sqrt(-1.5)*u1", "nan"),
        ("+".join(f"{1.1 + k / 7}*sin({1.3 + k / 9}*u1 + {k + 0.123})" for k in range(9)),),
    ],
    ids=["nothing", "too rough", "undefined", "longer than the curve"],
)
def test_a_formula_is_kept_only_if_it_shortens_the_description(plain, texts):
    found = extract(model(), library=FEW, engine=Fake(*texts), progress=False, reading="weights")
    assert found.formulas[0].curves
    assert Status.UNEXPLAINED_EDGE in statuses(found)
    np.testing.assert_allclose(found.fidelity.rmse_network, plain.fidelity.rmse_network, rtol=1e-3)


def searched(engine: Engine, seconds: float) -> Choice | None:
    """What an engine finds for the first edge of the model, which stays a curve in the choice."""
    X = rows(300)
    network = planted(X, lambda u: u + np.sin(3 * u**2), np.square, lambda u: np.exp(u / 2))
    judge = Judge(X, network(X), "network", 1e-6)
    options = options_of(network, fit_curves(*curves(network), library=FEW))
    deadline = Deadline.after(1e6)
    best, *_ = choose(network, options, judge, deadline=deadline, tell=lambda part, words: None)
    return search_edges(
        network, best, judge, engine, libraries=[FEW] * 3, forbidden={},
        deadline=Deadline.after(seconds), seed=5, tell=lambda part, words: None,
    )  # fmt: skip


def test_searches_begin_anew_with_other_seeds_until_one_explains_the_edge(clock):
    engine = Fake("u1", clock=clock)
    assert searched(engine, 10.0) is None
    seconds, seeds = zip(*engine.calls, strict=True)
    assert len(seeds) >= 2
    assert list(seeds) == list(range(5, 5 + len(seeds)))
    assert sum(seconds) < 10
    once = Fake(NEAR, clock=clock)
    found = searched(once, 10.0)
    assert found is not None
    assert found.options[0].engine == "fake"
    assert len(once.calls) == 1


@pytest.mark.parametrize("seconds", [0.01, 5.0])
def test_an_engine_that_takes_all_that_it_may_keeps_the_time(seconds, clock):
    engine = Fake("u1", clock=clock)
    searched(engine, seconds)
    assert bool(engine.calls) == (seconds > 1)
    assert sum(own for own, _ in engine.calls) <= seconds


# -- one edge -------------------------------------------------------------------------------------


def edge(low: float = 0.0) -> Edge:
    t = np.linspace(low, 1.0, 90)
    return Edge("x1", "y", np.sin, t, 2 * np.sin(t**2) + 4 * t + 3, np.full(90, 1 / 90), 1.0)


def test_outer_constants_are_the_edges_own():
    fit = formula_fit(edge(), 2.0 * sympy.sin(x**2) + 4.0 * x + 3.0, Operon())
    assert fit is not None
    assert fit.error < 1e-12
    assert (fit.c, fit.d) == (4.0, 3.0)
    np.testing.assert_allclose(fit(edge().x), edge().y)
    # Measured numbers cost what those of a polynomial cost: two are left inside at most.
    assert fit.complexity < 60


@pytest.mark.parametrize("text", ["1/(x - 0.4321)", "log(x - 0.5)", "I*x", "x + I"])
def test_what_is_undefined_on_the_range_is_no_fit(text):
    assert formula_fit(edge(), sympy.sympify(text), Operon()) is None


# -- engines by name ------------------------------------------------------------------------------


def test_a_missing_package_is_told_before_anything_else():
    with pytest.raises(MissingPackageError, match="install it"):
        extract(object(), engine=Fake(missing="install it"))


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyoperon", None)
    monkeypatch.delitem(__import__("sys").modules, "pyoperon.sklearn", raising=False)
    with pytest.raises(MissingPackageError, match=r"pip install 'kansym\[operon\]'"):
        extract(object(), engine="operon")


@pytest.mark.skipif(julia_is_installed(), reason="Julia is installed")
def test_pysr_without_julia_is_told_at_once():
    with pytest.raises(MissingPackageError, match="install Julia"):
        extract(object(), engine="pysr")


@pytest.mark.parametrize("engine", ["opern", 7, PySR, ""])
def test_what_is_no_engine_gets_one_sentence(engine):
    with pytest.raises(InputError, match="is no search engine: give 'pairs', 'operon' or 'pysr'"):
        extract(exp_sin(), engine=engine, reading="weights")


def test_an_engine_is_taken_as_it_is():
    engine = Fake()
    assert engine_named(engine) is engine


# -- for real -------------------------------------------------------------------------------------


def damped(u):
    """A function that the library lacks."""
    return u * torch.exp(-u) * torch.cos(3 * u)


def test_operon_finds_a_planted_function():
    pytest.importorskip("pyoperon")
    planted = two_layers(damped, torch.square, lambda u: (u / 2).exp())
    found = extract(planted, engine="operon", budget=40, progress=False, reading="weights")
    wanted = sympy.exp((x1 * sympy.exp(-x1) * sympy.cos(3 * x1) + x2**2) / 2)
    assert sympy.simplify(found.expr - wanted) == 0
    assert Status.SEARCHED_EDGE in statuses(found)
