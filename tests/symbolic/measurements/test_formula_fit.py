"""Constants of given formulas: certified figures, every kind of error, every refusal."""

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy.optimize import curve_fit

from benchmarks.nist import Certified, digits, problems
from kansym import fit_formula
from kansym.shared.errors import InputError
from kansym.shared.row_errors import row_errors
from kansym.shared.status import Status
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.measurements.refitting import refitted

RNG = np.random.default_rng(0)
X = np.linspace(0.0, 10.0, 60)
NOISE = RNG.normal(0, 0.03, 60)
Y = 3 * np.exp(-X / 2.5) + 1 + NOISE
DECAY = "A*exp(-x/tau) + c"


def statuses(fit) -> set[Status]:
    return {finding.status for finding in fit.findings}


@pytest.fixture(params=problems(), ids=lambda problem: problem.name)
def certified(request: pytest.FixtureRequest) -> Certified:
    return request.param


@pytest.mark.parametrize("which", [0, 1])
def test_certified_values_and_errors(certified, which):
    fit = certified.fit(which)
    assert digits(fit.values, certified.values) >= 6
    # A long double that is a double leaves two digits of residuals as small as rounding.
    wide = np.finfo(np.longdouble).eps < 1e-18
    assert digits(fit.stderr, certified.stderr) >= (
        4 if wide or certified.name != "Lanczos1" else 2
    )


def test_no_start_is_needed_and_curve_fit_agrees():
    fit = fit_formula(DECAY, {"x": X}, Y)
    best, covariance = curve_fit(lambda x, a, c, t: a * np.exp(-x / t) + c, X, Y, [1, 1, 1])
    np.testing.assert_allclose(list(fit.values.values()), best, rtol=1e-5)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-3)
    assert fit.free == ("A", "c", "tau")
    assert fit.freedom == 57
    assert fit.findings == ()


def test_errors_of_rows_are_absolute_and_give_chi2():
    sigma = np.where(X < 5, 0.03, 0.06)
    fit = fit_formula(DECAY, {"x": X}, Y, sigma=sigma)
    _, covariance = curve_fit(
        lambda x, a, c, t: a * np.exp(-x / t) + c, X, Y, [3, 1, 2], sigma, absolute_sigma=True
    )
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-3)
    np.testing.assert_allclose(fit.chi2, np.sum((fit.residuals / sigma) ** 2), rtol=1e-9)
    doubled = fit_formula(DECAY, {"x": X}, Y, weights=1 / (2 * sigma) ** 2)
    np.testing.assert_allclose(doubled.covariance, fit.covariance * fit.reduced_chi2, rtol=1e-6)


def test_a_diagonal_covariance_matrix_is_sigma_and_a_full_one_whitens():
    sigma = np.linspace(0.02, 0.05, 60)
    alone = fit_formula(DECAY, {"x": X}, Y, sigma=sigma)
    matrix = fit_formula(DECAY, {"x": X}, Y, covariance=np.diag(sigma**2))
    np.testing.assert_allclose(matrix.covariance, alone.covariance, rtol=1e-5)
    common = np.diag(sigma**2) + 0.1**2
    offset = fit_formula(DECAY, {"x": X}, Y, covariance=common)
    # An error common to all rows is one of the offset alone.
    np.testing.assert_allclose(offset.stderr["c"] ** 2, alone.stderr["c"] ** 2 + 0.1**2, rtol=1e-5)
    np.testing.assert_allclose(offset.stderr["tau"], alone.stderr["tau"], rtol=1e-5)


def test_errors_on_inputs_are_those_of_the_table_of_pearson_and_york():
    x = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    wx = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    wy = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    fit = fit_formula("a + b*x", {"x": x}, y, sigma=wy**-0.5, input_sigma={"x": wx**-0.5})
    # D. York, Canadian Journal of Physics 44 (1966) 1079.
    np.testing.assert_allclose(fit.values["a"], 5.47991, rtol=1e-5)
    np.testing.assert_allclose(fit.values["b"], -0.480533, rtol=1e-5)
    np.testing.assert_allclose(fit.chi2, 11.8663, rtol=1e-4)


def test_a_curve_with_errors_on_its_input_has_the_distance_of_a_dense_search():
    x = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    y = x**2 + np.array([0.1, -0.2, 0.1, 0.0, -0.1])
    fit = fit_formula("a*x**2", {"x": x}, y, sigma=0.2, input_sigma={"x": 0.1})
    grid = np.linspace(0, 4, 400_001)
    a = fit.values["a"]
    least = [
        np.min(((a * grid**2 - v) / 0.2) ** 2 + ((grid - u) / 0.1) ** 2)
        for u, v in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(fit.chi2, np.sum(least), rtol=1e-6)


def test_an_outlier_is_named_and_counts_little_by_hubers_loss():
    y = Y.copy()
    y[7] += 2
    plain = fit_formula(DECAY, {"x": X}, y)
    robust = fit_formula(DECAY, {"x": X}, y, loss="huber")
    for fit in (plain, robust):
        (finding,) = fit.findings
        assert finding.status is Status.OUTLYING_ROWS
        assert "row 7 " in finding.detail
    assert abs(robust.values["tau"] - 2.5) < 3 * robust.stderr["tau"] < 0.12
    assert plain.stderr["tau"] > 5 * robust.stderr["tau"]


def test_bounds_keep_and_give_one_sided_intervals():
    fit = fit_formula(DECAY, {"x": X}, Y, bounds={"c": (1.05, None), "tau": (0, 100)})
    assert fit.values["c"] == 1.05
    assert statuses(fit) >= {Status.CONSTANT_AT_BOUND}
    low, high = fit.intervals["c"]
    assert low == 1.05 < high < 1.07
    assert np.isnan(fit.stderr["c"])
    free = fit_formula(DECAY, {"x": X}, Y, bounds={"c": (0, None), "tau": (0, 100)})
    np.testing.assert_allclose(free.values["c"], fit_formula(DECAY, {"x": X}, Y).values["c"])


def test_fixed_constants_stay():
    fit = fit_formula(DECAY, {"x": X}, Y, fixed={"c": 1})
    assert fit.free == ("A", "tau")
    assert fit.fixed == {"c": 1.0}
    assert "c   = 1" in str(fit)
    np.testing.assert_allclose(fit.predict([[100.0]]), [1.0], atol=1e-9)


def test_profile_intervals_of_a_line_are_the_plain_ones_and_of_a_curve_lean():
    line = fit_formula("a + b*x", {"x": X}, 2 + 3 * X + NOISE)
    profiled = fit_formula("a + b*x", {"x": X}, 2 + 3 * X + NOISE, profile=True)
    for name in ("a", "b"):
        np.testing.assert_allclose(profiled.intervals[name], line.intervals[name], rtol=1e-4)
    few = fit_formula(DECAY, {"x": X[::10]}, Y[::10] + 5 * NOISE[::10], profile=True)
    low, high = few.intervals["tau"]
    assert high - few.values["tau"] > 1.1 * (few.values["tau"] - low)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    x = np.linspace(0.1, 2, 12)
    hits = 0
    for _ in range(200):
        y = 2.0 * x**0.5 + rng.normal(0, 0.05, 12)
        low, high = fit_formula("a*x**p", {"x": x}, y, start={"a": 2, "p": 0.5}).intervals["p"]
        hits += low <= 0.5 <= high
    assert 180 <= hits <= 198


def test_degrees_of_freedom_are_counted():
    fit = fit_formula("a + b*x + c*x**2", {"x": [1.0, 2, 3]}, [1.0, 2, 4.5])
    assert statuses(fit) == {Status.NO_FREEDOM}
    assert fit.intervals == {}
    assert np.isnan(fit.noise)
    with pytest.raises(InputError, match=r"3 constants \(a, b, c\) but there are 2 rows"):
        fit_formula("a + b*x + c*x**2", {"x": [1.0, 2]}, [1.0, 2])


def test_constants_that_cannot_be_told_apart_are_named():
    fit = fit_formula("a*b*x + c", {"x": X}, 2 * X + 1 + NOISE)
    (finding,) = fit.findings
    assert finding.status is Status.INSEPARABLE_CONSTANTS
    assert finding.where == "a, b"
    assert np.isinf(fit.stderr["a"])
    assert np.isfinite(fit.stderr["c"])
    np.testing.assert_allclose(fit.values["a"] * fit.values["b"], 2, rtol=0.01)


def test_exact_numbers_are_hypotheses_unless_the_rows_are_exact():
    rng = np.random.default_rng(8)
    x = np.linspace(0.1, 2, 40)
    noisy = 2.0055 * np.sqrt(x) + rng.normal(0, 0.008, 40)
    fit = fit_formula("a*sqrt(x)", {"x": x}, noisy)
    assert fit.formula.constants[0].exact is None
    assert fit.hypotheses["a"].number == 2
    assert "; 2 is rejected, p = 0.003" in str(fit)
    assert fit_formula("a*sqrt(x)", {"x": x}, noisy, exact=False).hypotheses == {}
    nearer = noisy - 0.0055 * np.sqrt(x)
    measured = fit_formula("a*sqrt(x)", {"x": x}, nearer)
    assert "; 2 agrees" in str(measured)
    forced = fit_formula("a*sqrt(x)", {"x": x}, nearer, exact=True)
    assert forced.expr == 2 * sympy.sqrt(sympy.Symbol("x"))
    assert forced.values == measured.values
    assert forced.stderr == measured.stderr
    exact = fit_formula("a*sqrt(x)", {"x": x}, 2 * np.pi * np.sqrt(x))
    assert exact.expr == 2 * sympy.pi * sympy.sqrt(sympy.Symbol("x"))


def test_sigma_of_the_wrong_size_and_a_missing_term_are_said():
    small = fit_formula(DECAY, {"x": X}, Y, sigma=0.003)
    assert Status.ERRORS_DISAGREE in statuses(small)
    line = fit_formula("a + b*x", {"x": X}, Y)
    assert Status.RESIDUAL_PATTERN in statuses(line)
    assert fit_formula(DECAY, {"x": X}, Y, sigma=0.03).findings == ()


def test_prediction_errors_are_those_of_a_line():
    y = 2 + 3 * X + NOISE
    fit = fit_formula("a + b*x", {"x": X}, y)
    at = np.array([[0.0], [20.0]])
    values, std = fit.predict(at, return_std=True)
    spread = np.sum((X - X.mean()) ** 2)
    expected = fit.noise * np.sqrt(1 / 60 + (at[:, 0] - X.mean()) ** 2 / spread)
    np.testing.assert_allclose(std, expected, rtol=1e-6)
    _, with_noise = fit.predict(at, return_std=True, new_row=True)
    np.testing.assert_allclose(with_noise, np.hypot(expected, fit.noise), rtol=1e-6)
    np.testing.assert_allclose(values, fit.formula.predict(at))


def test_all_rows_count():
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 5, 120_000)
    y = 2.5 * np.exp(-1.3 * x) + 0.2 + rng.normal(0, 0.01, len(x))
    fit = fit_formula("A*exp(-k*x) + c", x, y, inputs=["x"])
    best, covariance = curve_fit(lambda x, a, c, k: a * np.exp(-k * x) + c, x, y, [2, 0, 1])
    np.testing.assert_allclose([fit.values[n] for n in "Ack"], best, rtol=1e-6)
    np.testing.assert_allclose(np.diag(fit.covariance), np.diag(covariance), rtol=1e-3)


def test_a_table_of_constants():
    frame = fit_formula(DECAY, pd.DataFrame({"x": X, "note": "text"}), Y, fixed={"c": 1}).frame()
    assert list(frame.index) == ["A", "tau", "c"]
    assert frame.loc["c", "fixed"]
    assert frame.loc["A", "low"] < 3 < frame.loc["A", "high"]


@pytest.mark.parametrize(
    ("formula", "settings", "words"),
    [
        ("a*x", {"sigma": [1, 0, 2]}, "sigma is 0 in row 1"),
        ("a*x", {"sigma": [1, -1, 2]}, "sigma is -1 in row 1"),
        ("a*x", {"sigma": [1, np.nan, 2]}, "missing in 1 of 3 rows, the first is row 1"),
        ("a*x", {"sigma": [1, 2]}, r"shape \(2,\) but there are 3 rows"),
        ("a*x", {"sigma": ["a", "b", "c"]}, "sigma is not numbers"),
        ("a*x", {"weights": [1, -1, 2]}, "weights is -1 in row 1"),
        ("a*x", {"weights": 1, "sigma": 1}, "sigma= and weights= were both given"),
        ("a*x", {"covariance": np.eye(2)}, "covariance has shape"),
        ("a*x", {"covariance": -np.eye(3)}, "not positive definite"),
        ("a*log(x - 2)", {}, "undefined on 2 of 3 rows, the first is row 0"),
        ("a*z", {}, r"None of the inputs \['x'\] is in the formula"),
        ("a*x + ?(x)", {}, "unknown part"),
        ("a*x", {"start": {"q": 1}}, "names 'q', which is no constant"),
        ("a*x", {"fixed": {"q": 1}}, "names 'q', which is no constant"),
        ("a*x", {"bounds": {"a": (2, 1)}}, "lowest value has to be less"),
        ("a*x", {"bounds": {"a": 3}}, "lowest and the highest value"),
        ("a*x", {"loss": "mad"}, "loss='mad' is not known"),
        ("a*x", {"exact": "no"}, "exact='no' is not known"),
        ("a*x", {"level": 95}, "level=95 is no level"),
        ("a*x", {"input_sigma": {"x": 1}}, "needs the errors of y"),
        ("a*x", {"input_sigma": {"q": 1}, "sigma": 1}, "names 'q'"),
    ],
)
def test_refusals_are_one_sentence(formula, settings, words):
    with pytest.raises(InputError, match=words):
        fit_formula(formula, {"x": [1.0, 2.0, 3.0]}, [1.0, 2.1, 2.9], **settings)


@pytest.mark.parametrize("form", ["A*exp(-E/(8.314*T))", "A*e**(-E/(8.314*T))"])
def test_energies_are_constants_and_the_base_of_powers_is_eulers_number(form):
    T = np.linspace(300, 400, 12)
    k = 1e13 * np.exp(-8e4 / (8.314 * T))
    found = fit_formula(form, {"T": T}, k, weights=1 / k**2)
    assert set(found.values) == {"A", "E"}
    assert found.values["E"] == pytest.approx(8e4)


def test_a_wave_has_a_positive_frequency():
    x = np.linspace(0, 10, 60)
    y = 1.5 * np.sin(17.3 * x) + 0.1 * np.random.default_rng(0).normal(size=60)
    found = fit_formula("a*sin(w*x)", {"x": x}, y)
    assert found.values["w"] == pytest.approx(17.3, abs=0.02)
    assert found.values["a"] > 0


@pytest.mark.parametrize(
    ("form", "truth", "start"),
    [
        ("p*exp(-q/(T + r))", (2.69e10, 4277.0, 243.0), (6.8e10, 4787.0, 258.0)),
        ("p*exp(-q/(T + r))", (2.69e10, 4277.0, 243.0), (5.0e9, 3800.0, 225.0)),
        ("p*(T + r)**q", (3e-14, 8.0, 110.0), (4e-15, 8.4, 118.0)),
    ],
)
def test_a_refit_follows_a_bent_valley_to_its_end(form, truth, start):
    names, T = ("p", "q", "r"), np.linspace(0.0, 50.0, 40)
    right = Formula(parse(form), ("T",), tuple(map(Constant, names, truth, [np.inf] * 3)))
    y = right.predict(T[:, None])
    begun = Formula(parse(form), ("T",), tuple(map(Constant, names, start, [np.inf] * 3)))
    fit = refitted(begun, T[:, None], y, row_errors(40), exact=False)
    np.testing.assert_allclose(list(fit.values.values()), truth, rtol=1e-6)
