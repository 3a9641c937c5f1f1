"""The step of printed values is that of their last digit, zeros at the end lost or not."""

import numpy as np
import pytest

from kansym.symbolic.measurements.printed_digits import rounding_steps

VALUES = np.random.default_rng(4).uniform(1, 300, 20)


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_so_many_decimals_are_one_step(decimals):
    steps = rounding_steps(np.round(VALUES, decimals))
    assert steps == pytest.approx(np.full(20, 10.0**-decimals))


@pytest.mark.parametrize("digits", [2, 3, 5])
def test_so_many_digits_are_a_step_for_each_size(digits):
    printed = np.array([float(f"{value:.{digits}g}") for value in VALUES])
    wanted = 10.0 ** (np.floor(np.log10(printed)) - digits + 1)
    assert rounding_steps(printed) == pytest.approx(wanted)


def test_computed_values_have_steps_of_rounding():
    assert rounding_steps(VALUES).max() < 1e-12
    assert rounding_steps(np.zeros(3)).tolist() == [0, 0, 0]
