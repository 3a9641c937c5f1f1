"""Functions of the target: an inverse undoes its function, and is written plainly."""

import numpy as np
import pytest
import sympy

from kansym.symbolic.laws.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_the_inverse_undoes_the_function(name):
    target = TARGETS[name]
    low, high = max(target.low, -3.0), min(target.high, 3.0)
    y = np.linspace(low, high, 40)[1:-1]
    z = sympy.Symbol("z")
    back = sympy.lambdify(z, target.inverse(z), "numpy")
    with np.errstate(all="ignore"):
        again = back(target.forward(y))
    assert np.isfinite(again).sum() > 30
    np.testing.assert_allclose(again[np.isfinite(again)], y[np.isfinite(again)], rtol=1e-9)


def test_the_logarithm_of_an_exponential_is_a_term():
    k, z = sympy.symbols("k z")
    assert TARGETS["exp y"].inverse(k * sympy.exp(z / 2)) == sympy.log(k) + z / 2
