"""Law 8: permuting or renaming the inputs permutes or renames the formula."""

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.extraction import extract
from kansym.neural.models.kan import KAN
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_models import know, plant, rows

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])
FUNCTIONS = (lambda u: torch.sin(2 * u), torch.square, torch.exp)
EXPRESSIONS = (lambda s: sympy.sin(2 * s), lambda s: s**2, sympy.exp)


def model_for(order: tuple[int, ...], names: tuple[str, ...]) -> KAN:
    """A sum of three curves, with the columns in the given order."""
    model = KAN([3, 1], grid=60)
    for column, which in enumerate(order):
        plant(model, 0, 0, column, FUNCTIONS[which])
    know(model, rows(inputs=3)[:, list(order)], names)
    return model


@settings(max_examples=4)
@given(st.permutations([0, 1, 2]))
def test_permuted_columns_give_the_same_formula(order):
    names = tuple("abc"[which] for which in order)
    result = extract(model_for(tuple(order), names), library=FEW, progress=False)
    expected = sum(f(sympy.Symbol(n)) for f, n in zip(EXPRESSIONS, "abc", strict=True))
    assert sympy.simplify(result.expr - expected) == 0
    assert result.input_names == names


@pytest.mark.parametrize(
    "names",
    [("E", "I", "pi"), ("k0", "c1", "_k2"), ("x y", "lambda", "__import__('os')"), ("S", "N", "x")],
)
def test_any_text_is_a_name(names):
    result = extract(model_for((0, 1, 2), names), library=FEW, progress=False)
    expected = sum(f(sympy.Symbol(n)) for f, n in zip(EXPRESSIONS, names, strict=True))
    assert sympy.simplify(result.expr - expected) == 0
    assert {symbol.name for symbol in result.expr.free_symbols} == set(names)
