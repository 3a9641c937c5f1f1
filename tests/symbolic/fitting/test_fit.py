"""Fits of library functions to curves: the truth is found, simply, at any scale."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.shared.errors import InputError
from kansym.symbolic.fitting.fit import EdgeFit, fit_curves, fit_edge, margin
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import ALL, LIBRARY, Library
from tests.curve_draws import Draw, draw_curve

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "log", "sin", "tanh", "sqrt", "1/x")])
T = np.linspace(-1.0, 1.0, 128)


def drawn(library: Library, each: int, seed: int) -> list[Draw]:
    rng = np.random.default_rng(seed)
    return [draw_curve(candidate, rng) for candidate in library for _ in range(each)]


def fitted(draws: list[Draw], library: Library, noise: float = 0.0) -> list[list[EdgeFit]]:
    rng = np.random.default_rng(99)
    x = np.stack([draw.x for draw in draws])
    y = np.stack([draw.y for draw in draws])
    y = y + noise * y.std(axis=1, keepdims=True) * rng.standard_normal(y.shape)
    return fit_curves(x, y, library=library)


@pytest.fixture(scope="module")
def exact() -> tuple[list[Draw], list[list[EdgeFit]]]:
    draws = drawn(LIBRARY, 5, seed=7)
    return draws, fitted(draws, LIBRARY)


def same_or_simpler(draw: Draw, fits: list[EdgeFit]) -> bool:
    """The truth is found to 1e-8, and nothing but an equally good, simpler fit precedes it."""
    truth = [fit for fit in fits if fit.candidate == draw.candidate]
    if not truth or truth[0].error > 1e-8:
        return False
    return fits[0] is truth[0] or (
        fits[0].error < 4e-6 and fits[0].complexity <= truth[0].complexity
    )


def test_every_candidate_is_found_on_exact_curves(
    exact: tuple[list[Draw], list[list[EdgeFit]]],
) -> None:
    draws, fits = exact
    wrong = [d for d, f in zip(draws, fits, strict=True) if not same_or_simpler(d, f)]
    assert len(wrong) <= 0.02 * len(draws), [(d.candidate.name, d.constants) for d in wrong]
    names = [draw.candidate.name for draw in wrong]
    assert all(names.count(name) <= 2 for name in names), names


def test_fits_evaluate_to_what_they_claim(exact: tuple[list[Draw], list[list[EdgeFit]]]) -> None:
    for draw, fits in zip(*exact, strict=True):
        for fit in fits[:3]:
            spread = draw.y.std()
            error = np.sqrt(np.mean((fit(draw.x) - draw.y) ** 2)) / spread
            np.testing.assert_allclose(error, fit.error, rtol=1e-3, atol=1e-9)


def test_scores_ascend_and_names_differ(exact: tuple[list[Draw], list[list[EdgeFit]]]) -> None:
    for fits in exact[1]:
        assert [fit.score for fit in fits] == sorted(fit.score for fit in fits)
        assert len({fit.candidate.name for fit in fits}) == len(fits)
        assert margin(fits) >= 0.0


def test_truth_is_among_three_at_noise_of_a_thousandth(
    exact: tuple[list[Draw], list[list[EdgeFit]]],
) -> None:
    draws, clean = exact
    # Curves that three other functions reproduce to three times the noise carry no truth.
    telling = [
        draw
        for draw, fits in zip(draws, clean, strict=True)
        if sum(fit.error < 3e-3 and fit.candidate != draw.candidate for fit in fits) < 3
    ]
    assert len(telling) > 0.5 * len(draws)
    found = [
        draw.candidate in [fit.candidate for fit in fits[:3]]
        for draw, fits in zip(telling, fitted(telling, LIBRARY, noise=1e-3), strict=True)
    ]
    assert np.mean(found) >= 0.95


def test_physics_functions_are_found() -> None:
    physics = Library(c for c in ALL.subset("physics") if c not in LIBRARY)
    draws = drawn(physics, 3, seed=3)
    library = LIBRARY + physics
    found = [same_or_simpler(d, f) for d, f in zip(draws, fitted(draws, library), strict=True)]
    assert np.mean(found) >= 0.95


@pytest.mark.parametrize("frequency", [0.5, 3.0, 40.0, 97.3, 150.0])
def test_high_frequencies_are_found(frequency: float) -> None:
    best = fit_edge(T, np.sin(frequency * T + 0.4))[0]
    assert best.candidate.name == "sin"
    np.testing.assert_allclose([abs(best.a), best.error], [frequency, 0.0], rtol=1e-9, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(["exp", "sin", "tanh"]),
    x_scale=st.floats(-9.0, 9.0),
    y_scale=st.floats(-12.0, 12.0),
    offset=st.floats(-3.0, 3.0),
)
def test_amplitudes_and_units_do_not_matter(
    name: str, x_scale: float, y_scale: float, offset: float
) -> None:
    plain = FEW[name].numpy(3.0 * T + 0.7)
    best = fit_edge(T * 10.0**x_scale, (plain + offset) * 10.0**y_scale, FEW)[0]
    assert best.candidate.name == name
    assert best.error < 1e-10
    np.testing.assert_allclose(abs(best.a), 3.0 * 10.0**-x_scale, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(p=st.floats(-5.0, 5.0), q=st.floats(-5.0, 5.0), seed=st.integers(0, 2**16))
def test_an_affine_change_of_y_changes_only_the_outer_constants(
    p: float, q: float, seed: int
) -> None:
    draw = draw_curve(FEW["tanh"], np.random.default_rng(seed))
    scale = 10.0**p * draw.y.std()
    before, after = (fit_edge(draw.x, y, FEW)[0] for y in (draw.y, draw.y * 10.0**p + q * scale))
    assert before.candidate == after.candidate
    np.testing.assert_allclose(after.a, before.a, rtol=1e-5)
    np.testing.assert_allclose(after.c, before.c * 10.0**p, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "low"),
    [("sqrt", 0.0), ("sqrt", 1.0), ("log", 0.3), ("1/x", 0.01), ("1/x^2", 5.0), ("x^2", -1.0)],
)
def test_branch_point_at_zero_gives_the_form_without_shift(name: str, low: float) -> None:
    x = np.linspace(low, low + 3.0, 100)
    best = fit_edge(x, 2.0 * LIBRARY[name].numpy(x) - 1.0)[0]
    assert (best.candidate.name, best.a, best.b) == (name, 1.0, 0.0)
    np.testing.assert_allclose([best.c, best.d, best.error], [2.0, -1.0, 0.0], atol=1e-9)


def test_branch_point_on_the_range_end_and_whole_domain() -> None:
    root = fit_edge(T, np.sqrt(T + 1.0))[0]
    assert (root.candidate.name, root.a, root.b) == ("sqrt", 1.0, 1.0)
    x = np.linspace(2.0, 6.0, 128)
    arc = fit_edge(x, np.arcsin(0.5 * (x - 4.0)))[0]
    assert arc.candidate.name == "asin"
    assert arc.error < 1e-6
    assert np.isfinite(arc(x)).all()


def test_no_fit_has_a_pole_within_the_range() -> None:
    y = 1.0 / (T**2 + 0.01) + T
    for fit in fit_edge(T, y, top=50):
        assert np.isfinite(fit(T)).all()
        ends = sorted([fit.a * T[0] + fit.b, fit.a * T[-1] + fit.b])
        assert fit.candidate.domain.covers(*ends)


def test_a_gap_without_density_may_hold_the_pole() -> None:
    density = (np.abs(T) > 0.3).astype(float)
    y = np.where(density > 0.0, 1.0 / np.where(T == 0.0, 1.0, T), 1e9)
    best = fit_edge(T, y, density=density)[0]
    assert (best.candidate.name, best.a, best.b) == ("1/x", 1.0, 0.0)


def test_a_simple_function_within_the_floor_beats_a_closer_one() -> None:
    y = 3.0 * T + 1.0 + 1e-5 * np.sin(7.0 * T)
    assert fit_edge(T, y, floor=1e-4)[0].candidate.name == "x"


def test_the_straight_line_is_always_a_candidate() -> None:
    fits = fit_edge(T, 3.0 * T + 1.0, Library([LIBRARY["sin"]]))
    assert fits[0].candidate.name == "x"
    np.testing.assert_allclose(fits[0].c * fits[0].a, 3.0)


def test_a_step_is_placed_between_its_points() -> None:
    best = fit_edge(T, np.where(T > 0.2, 5.0, -1.0))[0]
    assert best.candidate.name == "sign"
    assert best.error < 1e-12


def test_a_user_candidate_is_fitted() -> None:
    pulse = Candidate("pulse", "x**2*exp(-x)")
    x = np.linspace(0.0, 4.0, 100)
    best = fit_edge(x, 5.0 * pulse.numpy(2.0 * x), FEW + pulse)[0]
    assert (best.candidate, best.b) == (pulse, 0.0)
    np.testing.assert_allclose([best.a, best.c], [2.0, 5.0], rtol=1e-8)


def test_many_curves_give_what_each_gives_alone(
    exact: tuple[list[Draw], list[list[EdgeFit]]],
) -> None:
    draws, fits = exact
    for index in range(0, len(draws), 40):
        alone = fit_edge(draws[index].x, draws[index].y)[0]
        assert alone.candidate == fits[index][0].candidate
        np.testing.assert_allclose(alone.constants, fits[index][0].constants, rtol=1e-5, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(["sin", "exp", "tanh", "x^2"]),
    constants=st.tuples(*[st.floats(-2.0, 2.0)] * 4),
)
def test_jacobian_and_slope_agree_with_differences(
    name: str, constants: tuple[float, float, float, float]
) -> None:
    fit = EdgeFit(LIBRARY[name], *constants)
    x, step = np.linspace(-1.0, 1.0, 7), 1e-5
    for index in range(4):
        up, down = list(constants), list(constants)
        up[index] += step
        down[index] -= step
        difference = (fit.with_constants(*up)(x) - fit.with_constants(*down)(x)) / (2.0 * step)
        np.testing.assert_allclose(fit.jacobian(x)[:, index], difference, rtol=1e-6, atol=1e-7)
    slope = (fit(x + step) - fit(x - step)) / (2.0 * step)
    np.testing.assert_allclose(fit.derivative(x), slope, rtol=1e-6, atol=1e-7)


def test_an_edge_fit_prints_and_composes() -> None:
    fit = EdgeFit(LIBRARY["sin"], a=2.0, b=0.5, c=3.0, d=-1.0, error=1e-7, complexity=20.0)
    assert str(fit) == "3*sin(2*x + 0.5) - 1  (relative error 1.0e-07, 20 bits)"
    np.testing.assert_allclose(evaluate(fit.program, {"x": T}), fit(T))
    assert float(fit.expr(sympy.Float(0.25))) == pytest.approx(float(fit(0.25)))


BAD = {
    "constant": (T, np.full(128, 2.0), "is constant"),
    "two points": ([0.0, 1.0], [1.0, 2.0], "2 different points"),
    "one abscissa": (np.ones(128), T, "1 different points"),
    "not finite": (T, np.where(T > 0.9, np.nan, T), "not finite"),
    "lengths": (T, T[1:], "one length"),
    "text": (["a"], ["b"], "rectangular array of numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_curves_get_one_sentence(case: str) -> None:
    x, y, words = BAD[case]
    with pytest.raises(InputError, match=words):
        fit_edge(x, y, FEW)


def test_bad_settings_get_one_sentence() -> None:
    with pytest.raises(InputError, match="one shape"):
        fit_curves([T, T], [T], library=FEW)
    with pytest.raises(InputError, match="rectangular"):
        fit_curves([T, T[1:]], [T, T], library=FEW)
    with pytest.raises(InputError, match="negative"):
        fit_edge(T, T, FEW, density=-np.ones(128))
    with pytest.raises(InputError, match="floor"):
        fit_edge(T, T, FEW, floor=0.0)
    with pytest.raises(InputError, match="at least one fit"):
        fit_edge(T, T, FEW, top=0)


def test_a_stated_domain_is_respected() -> None:
    narrow = Candidate("narrow", "sin(x)", domain="(0, 1)")
    fits = {fit.candidate.name: fit for fit in fit_edge(T, np.sin(3.0 * T), Library([narrow]))}
    assert set(fits) == {"narrow", "x"}
    fit = fits["narrow"]
    assert narrow.domain.contains(fit.a * T + fit.b).all()
    assert fit.error > 1e-2
