"""Products of powers in place of sums of logarithms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kansym.network.condensing.condense import condense
from kansym.network.network import Network
from kansym.network.stages import Inputs
from kansym.symbolic.choosing.monomial_powers import rewrite_monomials
from kansym.symbolic.library.library import LIBRARY


def logarithmic(rows: int) -> Network:
    """The sine of a product, by way of logarithms."""
    X = np.random.default_rng(0).uniform(0.5, 1.5, (rows, 2))
    summed = Inputs(2).elementwise(np.log).dense(np.array([[1.0, 1.0]]))
    stage = summed.elementwise(np.exp).elementwise(np.sin)
    return condense(stage, X, inputs=("a", "b"), outputs=("y",))


@pytest.mark.parametrize("rows", [20, 100, 500])
def test_curves_keep_equally_many_points_whatever_the_number_of_rows(rows: int) -> None:
    network = logarithmic(rows)
    rewritten = rewrite_monomials(network, LIBRARY)
    assert "product" in {node.kind for node in rewritten.nodes}
    assert {len(edge.x) for edge in rewritten.edges} == {len(network.edges[0].x)}
    for edge in rewritten.edges:
        assert edge.density.sum() == pytest.approx(1.0)
        assert_allclose(edge.y, edge.function(edge.x))
    assert_allclose(rewritten(network.sample), network(network.sample), rtol=1e-9)
