"""The tables of benchmarks/measurements.py come back right."""

import pytest

from benchmarks.measurements import CASES


@pytest.mark.slow
@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_measured_table_comes_back_right(make):
    case = make()
    found = case.ask()
    assert case.right(found), str(found)
