"""Law 7: a network planted with library functions is recovered exactly."""

import pytest
import sympy
import torch

from kansym.extraction import extract
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from tests.planted_models import two_layers

x1, x2 = sympy.symbols("x1 x2")

PLANTED = {
    "toy": (
        lambda u: torch.sin(torch.pi * u), torch.square, torch.exp,
        sympy.exp(x2**2 + sympy.sin(sympy.pi * x1)), -1.0,
    ),
    "length": (
        torch.square, torch.square, lambda u: torch.sqrt(u + 1),
        sympy.sqrt(x1**2 + x2**2 + 1), -1.0,
    ),
    "ratio": (
        torch.square, lambda u: u, lambda u: 1 / (u + 2), 1 / (x1**2 + x2 + 2), 0.1,
    ),
    "wave": (
        lambda u: 3 * u, lambda u: 2 * u, torch.sin, sympy.sin(3 * x1 + 2 * x2), -1.0,
    ),
    "product": (
        torch.log, torch.log, torch.exp, x1 * x2, 0.1,
    ),
}  # fmt: skip
"""First, second and outer function, the formula, and the lower end of the inputs."""


@pytest.mark.parametrize("name", PLANTED)
def test_the_formula_is_found_exactly(name):
    first, second, outer, truth, low = PLANTED[name]
    found = extract(two_layers(first, second, outer, low), progress=False).expr
    assert sympy.simplify(found - truth) == 0


def test_and_from_its_mlp_form():
    first, second, outer, truth, low = PLANTED["toy"]
    model = two_layers(first, second, outer, low)
    found = extract(to_mlp(model), model.sample, progress=False).expr
    assert sympy.simplify(found - truth) == 0
