"""Counts: where the likelihood is greatest, with the errors that it gives."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from kansym import fit_formula
from kansym.shared.errors import InputError

T = np.arange(0.0, 300, 15)
COUNTS = np.random.default_rng(7).poisson(40 * np.exp(-T / 80) + 1.5).astype(float)
DOSE = np.linspace(0.5, 6, 12)
HIT = np.random.default_rng(3).binomial(20, 1 / (1 + np.exp(-(DOSE - 3) / 0.8))).astype(float)


def test_poissons_likelihood_is_greatest():
    fit = fit_formula("a*exp(-t/tau) + b", {"t": T}, COUNTS, loss="poisson")

    def minus_log(p):
        mean = p[0] * np.exp(-T / p[1]) + p[2]
        return np.inf if mean.min() <= 0 else np.sum(mean - COUNTS * np.log(mean))

    start = [fit.values[name] for name in ("a", "tau", "b")]
    best = minimize(minus_log, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert [fit.values[n] for n in ("a", "tau", "b")] == pytest.approx(best.x, rel=1e-4)
    for name, truth in (("a", 40), ("tau", 80), ("b", 1.5)):
        assert abs(fit.values[name] - truth) < 3 * fit.stderr[name]
    assert fit.absolute
    assert 0.3 < fit.reduced_chi2 < 2


def test_a_mean_of_counts_has_their_error():
    fit = fit_formula("a*one", {"one": np.ones(len(T))}, COUNTS, loss="poisson")
    assert fit.values["a"] == pytest.approx(COUNTS.mean())
    assert fit.stderr["a"] == pytest.approx(np.sqrt(COUNTS.mean() / len(COUNTS)))


def test_a_binomial_gives_the_probability():
    form = "1/(1 + exp(-(d - m)/w))"
    fit = fit_formula(form, {"d": DOSE}, HIT, loss="binomial", trials=20)

    def minus_log(p):
        share = 1 / (1 + np.exp(-(DOSE - p[0]) / p[1]))
        return -np.sum(HIT * np.log(share) + (20 - HIT) * np.log1p(-share) - gammaln(HIT + 1))

    best = minimize(minus_log, [3, 0.8], method="Nelder-Mead", options={"xatol": 1e-9})
    assert [fit.values["m"], fit.values["w"]] == pytest.approx(best.x, rel=1e-4)
    assert abs(fit.values["m"] - 3) < 3 * fit.stderr["m"]


@pytest.mark.parametrize(
    ("y", "settings", "words"),
    [
        (COUNTS - 50, {"loss": "poisson"}, "takes counts, but y is -"),
        (COUNTS + 0.5, {"loss": "poisson"}, "takes counts"),
        (COUNTS, {"loss": "poisson", "sigma": 1.0}, "no errors beside it"),
        (COUNTS, {"loss": "binomial"}, "needs trials="),
        (COUNTS, {"loss": "binomial", "trials": 3}, "of 3 trials"),
        (COUNTS, {"loss": "poisson", "trials": 3}, "goes with loss='binomial'"),
        (COUNTS, {"loss": "poison"}, "is not known"),
    ],
)
def test_what_are_no_counts_is_said(y, settings, words):
    with pytest.raises(InputError, match=words):
        fit_formula("a*exp(-t/tau)", {"t": T}, y, **settings)
