"""The contract of scikit-learn, check by check; what does not hold is named with its reason."""

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from kansym import KANRegressor, SymbolicClassifier, SymbolicRegressor

EXPECTED: dict[str, dict[str, str]] = {
    "SymbolicRegressor": {},
    "SymbolicClassifier": {
        "check_sample_weight_equivalence_on_dense_data": (
            "weights are relative, so that odds are as sure as those of that many rows, not more"
        )
    },
    "KANRegressor": {},
}


def _expected(estimator: Any) -> dict[str, str]:
    return EXPECTED[type(estimator).__name__]


SHORT = {"seconds": 0.5, "random_state": 0, "engine": None}
SYMBOLIC = [SymbolicRegressor(**SHORT, starts=2), SymbolicClassifier(**SHORT)]
# What is found in noise alone is the same twice only where both searches came far.
LONGER = {"check_fit_idempotent": 8.0}
# Long enough to end by itself, so that the same rows give the same numbers.
KANS = [KANRegressor(seconds=60, random_state=0, hidden=(), grid=2, prune=False)]


@parametrize_with_checks(KANS, expected_failed_checks=_expected)
def test_scikit_learn_finds_nothing_wrong_with_networks(estimator, check):
    check(estimator)


@parametrize_with_checks(SYMBOLIC, expected_failed_checks=_expected)
def test_scikit_learn_finds_nothing_wrong_with_formulas(estimator, check):
    estimator.set_params(seconds=LONGER.get(check.func.__name__, SHORT["seconds"]))
    check(estimator)
