"""Rows that count: copies say nothing that one of them does not."""

import numpy as np
import pytest

from kansym import discover
from kansym.extraction.usable_rows import UsableRows
from kansym.shared.status import Status
from kansym.shared.tables import Table

RNG = np.random.default_rng(4)
X = RNG.uniform(1, 3, (9, 2))
TARGETS = {
    "chance": RNG.integers(0, 3, 9).astype(float),
    "line": 2.2 * X[:, 0] + 1 + 0.02 * RNG.normal(size=9),
    "law": X[:, 0] / X[:, 1],
}
COUNTS = np.array([4, 1, 3, 2, 2, 1, 4, 3, 1])


def usable(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, sigma=None):
    table = Table(X, tuple(f"x{i}" for i in range(X.shape[1])))
    return UsableRows.of(table, y, {"sigma": sigma, "weights": weights})


@pytest.mark.parametrize("name", TARGETS)
def test_copies_are_weights(name):
    y = TARGETS[name]
    copied = discover(X.repeat(COUNTS, 0), y.repeat(COUNTS), seconds=2, n_jobs=1, progress=False)
    counted = discover(X, y, weights=COUNTS, seconds=2, n_jobs=1, progress=False)
    np.testing.assert_allclose(copied.result.predict(X), counted.result.predict(X), rtol=1e-7)
    assert Status.COPIED_ROWS in {finding.status for finding in copied.result.status}
    assert Status.COPIED_ROWS not in {finding.status for finding in counted.result.status}


def test_weights_of_copies_add_up_in_the_order_of_the_first_ones():
    rows = usable(X[[3, 0, 3]], TARGETS["law"][[3, 0, 3]], np.array([0.5, 2.0, 1.0]))
    np.testing.assert_allclose(rows.inputs.values, X[[3, 0]])
    np.testing.assert_allclose(rows.targets.values[:, 0], TARGETS["law"][[3, 0]])
    np.testing.assert_allclose(rows.errors["weights"], [1.5, 2.0])


def test_equally_many_copies_of_each_row_need_no_weights():
    rows = usable(np.vstack([X, X]), np.tile(TARGETS["line"], 2))
    assert len(rows.inputs) == len(X)
    assert rows.errors["weights"] is None


def test_measurements_that_were_repeated_all_count():
    y = np.round(np.tile(TARGETS["line"], 3) + 0.05 * RNG.normal(size=27), 1)
    rows = usable(np.tile(X, (3, 1)), y)
    assert len(rows.inputs) == 27
    assert not rows.findings


def test_rows_with_standard_errors_all_count():
    rows = usable(np.vstack([X, X]), np.tile(TARGETS["law"], 2), sigma=0.1)
    assert len(rows.inputs) == 2 * len(X)


def test_several_targets_are_copies_only_together():
    both = np.column_stack([np.tile(TARGETS["law"], 2), np.arange(18.0)])
    assert len(usable(np.vstack([X, X]), both).inputs) == 18
    both[9:, 1] = both[:9, 1]
    assert len(usable(np.vstack([X, X]), both).inputs) == 9
