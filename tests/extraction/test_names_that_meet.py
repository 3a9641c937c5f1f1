"""Inputs and outputs whose names collide, and names that other parts use for themselves."""

import numpy as np
import pandas as pd
import pytest
import torch

from kansym import KAN, extract, train


@pytest.mark.parametrize("names", [("x", "y"), ("y", "_y"), ("h1.1", "k0"), ("c1", "f1")])
def test_a_formula_is_found_whatever_the_inputs_are_called(names):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 2, (300, 2)), columns=list(names))
    y = X[names[0]].to_numpy() * X[names[1]].to_numpy() ** 2
    model = KAN([2, (0, 1)], seed=0)
    train(model, X, y, progress=False)
    result = extract(model, X, y, progress=False)
    assert not set(result.output_names) & set(result.input_names)
    np.testing.assert_allclose(result.predict(X), y, rtol=1e-9)
    assert {symbol.name for symbol in result.expr.free_symbols} == set(names)


@pytest.mark.parametrize("target", ["range", "y", "distance [m]"])
def test_a_nameless_model_takes_the_name_of_the_target(target):
    X = pd.DataFrame({"speed": np.linspace(1, 2, 300), "time": np.linspace(2, 1, 300) ** 2})
    y = pd.Series(2 * X["speed"] - X["time"], name=target)
    model = torch.nn.Sequential(torch.nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[2.0, -1.0]]))
        model[0].bias.zero_()
    result = extract(model, X, y, progress=False)
    assert result.output_names == (target.removesuffix(" [m]"),)  # the unit is kept apart
    taken = pd.Series(y.to_numpy(), name="speed")
    result = extract(model, X, taken, progress=False)
    assert result.output_names != ("speed",)
