"""Curves of two short expressions, within functions, are found in a fraction of a second."""

from collections.abc import Callable

import numpy as np
import pytest

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.short_curves import short_curves

LAWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "root of the argument of a logarithm": lambda x: 0.5 * np.log(x + np.sin(x)) + 2,
    "product": lambda x: 1.81 * x * np.sqrt(x - np.cos(x)),
    "logarithm of a logarithm": lambda x: np.log(np.log(1.59 * x)),
    "quotient": lambda x: (3 * np.sin(x) + 1) / (x**2 + 2.3),
}


@pytest.mark.parametrize("name", LAWS)
def test_curve_is_found(name: str) -> None:
    x = np.linspace(1, 3, 200)
    form = next(short_curves(Curve.of(x, LAWS[name](x)), Deadline.after(20)))
    assert form.error < 1e-12
    assert len(form.start) <= 4


def test_random_numbers_are_no_law() -> None:
    rng = np.random.default_rng(0)
    curve = Curve.of(np.linspace(1, 3, 60), rng.normal(size=60))
    assert not list(short_curves(curve, Deadline.after(20)))
