"""The contract of scikit-learn, check by check; what does not hold is named with its reason."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from kansym import KANRegressor, SymbolicClassifier, SymbolicRegressor

EXPECTED: dict[str, dict[str, str]] = {
    "SymbolicRegressor": {
        "check_sample_weight_equivalence_on_dense_data": (
            "rows to check on are drawn by their number, so repeated rows are another draw"
        ),
    },
    "SymbolicClassifier": {},
    "KANRegressor": {},
}
QUICK = {"check_estimator_cloneable", "check_no_attributes_set_in_init", "check_estimator_repr"}
"""Checks that fit nothing; a run of the others takes minutes."""


def _expected(estimator: Any) -> dict[str, str]:
    return EXPECTED[type(estimator).__name__]


SHORT = {"seconds": 1.0, "random_state": 0}
ESTIMATORS = [
    SymbolicRegressor(**SHORT, starts=2, engine=None),
    SymbolicClassifier(**SHORT, hidden=1, grid=3, engine=None),
    KANRegressor(**SHORT, hidden=(), grid=3),
]


@pytest.mark.slow
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=_expected)
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)
