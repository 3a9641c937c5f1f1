"""Tests of the residual: their p-values are uniform for noise, and small for what is none."""

import numpy as np
import pytest

from kansym.symbolic.measurements.residual_tests import (
    normality,
    outlying_rows,
    residual_findings,
    serial_pattern,
    spread_trend,
)


@pytest.mark.parametrize("rows", [10, 40])
@pytest.mark.parametrize("test", ["pattern", "normality", "spread"])
def test_noise_is_rejected_as_often_as_the_level_says(rows, test):
    rng = np.random.default_rng(rows)
    x = np.linspace(0, 1, rows)
    kinds = {
        "pattern": serial_pattern,
        "normality": normality,
        "spread": lambda r: spread_trend(r, x)[1],
    }
    p = np.array([kinds[test](rng.normal(size=rows)) for _ in range(1000)])
    assert 0.02 < np.mean(p < 0.05) < 0.08


def test_findings_for_noise_are_rare_and_in_words_for_a_curve():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 30)
    assert sum(bool(residual_findings(rng.normal(size=30), {"x": x})) for _ in range(500)) <= 8
    (finding,) = residual_findings(rng.normal(size=30) + 3 * np.cos(6 * x), {"x": x})
    assert "same sign too often" in finding.detail
    (finding,) = residual_findings(
        rng.normal(size=200) * np.repeat([0.1, 3], 100), {"t": np.arange(200)}
    )
    assert "scatter grows with t" in finding.detail


def test_an_outlying_row_is_found_and_noise_is_not():
    rng = np.random.default_rng(2)
    leverage = np.full(20, 0.1)
    found = sum(
        bool(outlying_rows(rng.normal(size=20), leverage, 18, known=False)) for _ in range(500)
    )
    assert found <= 15
    r = rng.normal(size=20)
    r[4] = 9
    assert outlying_rows(r, leverage, 18, known=True)[0][0] == 4
