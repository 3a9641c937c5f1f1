"""The benchmark of planted networks: what it plants, and how it judges."""

import json

import numpy as np
import pytest
import sympy

from benchmarks.planted_networks import RANGE, Planted, finished, plant, table
from kansym.neural.models.kan import EdgeKind

x1, x2, x3 = sympy.symbols("x1 x2 x3")


@pytest.mark.parametrize("seed", range(6))
def test_a_seed_plants_one_network_that_is_defined_everywhere(seed):
    planted = plant(seed)
    assert planted.formula == plant(seed).formula
    X = np.random.default_rng(1).uniform(*RANGE, (2000, len(planted.inputs)))
    values = sympy.lambdify(list(map(sympy.Symbol, planted.inputs)), planted.formula)(*X.T)
    assert np.isfinite(values).all()
    assert values.std() > 0
    assert {s.name for s in planted.formula.free_symbols} == set(planted.inputs)


def test_the_kan_has_the_edges_of_the_network_and_no_others():
    planted = Planted(x1 * x2 + x3, ("x1", "x2", "x3"), ((2,),), ((0, 1),), ())
    model = planted.model(0)
    assert model.widths == (3, (1, 1), 1)
    present = model.kan_layers[0].kind != EdgeKind.ABSENT
    assert present.tolist() == [[False, False, True], [True, True, False]]


@pytest.mark.parametrize(
    ("edges", "same"),
    [
        ({"x1 -> h1.2": "exp", "x2 -> h1.2": "x^2", "h1.2 -> y": "sin", "x3 -> y": "log"}, True),
        ({"x1 -> h1.1": "exp", "x2 -> h1.1": "x^2", "h1.1 -> y": "sin", "x3 -> y": "sqrt"}, False),
        ({"x1 -> h1.1": "exp", "x2 -> h1.1": "x^3", "h1.1 -> y": "sin", "x3 -> y": "log"}, False),
        ({"x1 -> h1.1": "exp", "x2 -> h1.1": "x^2", "h1.1 -> y": "tanh", "x3 -> y": "log"}, False),
        ({"x1 -> h1.1": "exp", "x2 -> h1.1": None, "h1.1 -> y": "sin", "x3 -> y": "log"}, False),
        ({"x1 -> y": "exp"}, False),
    ],
)
def test_functions_are_compared_edge_by_edge(edges, same):
    """sin(exp(x1) + x2^2) + log(x3), whatever the hidden node is called."""
    planted = Planted(
        sympy.sin(sympy.exp(x1) + x2**2) + sympy.log(x3),
        ("x1", "x2", "x3"),
        ((0, 1), (2,)),
        (),
        (("sin", ("exp", "x^2")), ("x", ("log",))),
    )
    assert planted.has_functions(edges) is same


def test_a_line_cut_short_is_left_out(tmp_path):
    place = tmp_path / "results.jsonl"
    row = {"seed": 0, "noise": 0.0, "recovered": True, "training_seconds": 1.0}
    place.write_text(json.dumps(row) + "\n" + json.dumps(row)[:20])
    rows = finished(place)
    assert rows == [row]
    assert "1/1" in table(rows, [0.0, 0.1])
    assert finished(tmp_path / "none.jsonl") == []
