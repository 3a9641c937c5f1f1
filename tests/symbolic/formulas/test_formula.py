"""Formula: one value whichever form it takes, any column name, and back from JSON."""

import json
import math
import shutil
import subprocess
from ctypes import CDLL, c_double
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.shared.errors import InputError
from kansym.shared.symbol_names import latex_name
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula, OutsideDomainWarning
from kansym.symbolic.formulas.parsing import parse
from kansym.symbolic.library.library import ALL

ODD_NAMES = ("body mass (kg)", "lambda", "x_1 % \\ {$}", "E")
RNG = np.random.default_rng(0)
ROWS = RNG.uniform(0.2, 0.9, (20, 4))


def formula() -> Formula:
    m, w, p, e = (sympy.Symbol(name) for name in ODD_NAMES)
    a, b = sympy.symbols("a b")
    template = a * sympy.exp(-m / 3) * sympy.sin(sympy.pi * w) + p**b / (e + 2) - sympy.sqrt(e)
    constants = (Constant("a", 2.51234567, 0.003), Constant("b", 1.4, 0.02))
    return Formula(template, ODD_NAMES, constants, np.diag([9e-6, 4e-4]), 16.0)


def truth(X: np.ndarray) -> np.ndarray:
    m, w, p, e = X.T
    return 2.51234567 * np.exp(-m / 3) * np.sin(np.pi * w) + p**1.4 / (e + 2) - np.sqrt(e)


def test_predict_takes_arrays_and_frames_by_name():
    frame = pd.DataFrame(ROWS, columns=list(ODD_NAMES))
    shuffled = frame[[*ODD_NAMES[::-1]]].assign(other=1.0)
    for X in (ROWS, frame, shuffled, torch.tensor(ROWS)):
        np.testing.assert_allclose(formula().predict(X), truth(ROWS), rtol=1e-13)
    with pytest.raises(InputError, match="lambda"):
        formula().predict(frame.drop(columns=["lambda"]))
    with pytest.raises(InputError, match=r"4 names.*3 columns"):
        formula().predict(ROWS[:, :3])


def test_all_exports_have_one_value():
    f = formula()
    expected = truth(ROWS)
    np.testing.assert_allclose(f.numpy(*ROWS.T), expected, rtol=1e-13)
    torch.testing.assert_close(f.torch()(torch.tensor(ROWS)), torch.tensor(expected))
    np.testing.assert_allclose(run_python(f)(*ROWS.T), expected, rtol=1e-13)


def run_python(f: Formula) -> Any:
    """The exported source, run as its reader would run it."""
    scope: dict[str, Any] = {}
    exec(compile(f.python(), "exported", "exec"), scope)  # noqa: S102 - our own text, in a test
    return scope["formula"]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_c_function_computes_the_formula(tmp_path):
    f = formula()
    source = tmp_path / "formula.c"
    source.write_text(f.c())
    library = tmp_path / "formula.so"
    command = ["cc", "-std=c99", "-Wall", "-Werror", "-shared", "-fPIC", str(source), "-o"]
    subprocess.run([*command, str(library), "-lm"], check=True)
    function = CDLL(str(library)).formula
    function.restype, function.argtypes = c_double, [c_double] * 4
    found = [function(*row) for row in ROWS]
    np.testing.assert_allclose(found, truth(ROWS), rtol=1e-13)


@pytest.mark.parametrize("name", ALL.names)
def test_every_candidate_exports(name):
    candidate = ALL[name]
    f = Formula(candidate.expr, ("x",))
    u = np.linspace(0.15, 0.85, 9) + (1.0 if name in ("acosh", "zeta") else 0.0)
    expected = candidate.numpy(u)
    np.testing.assert_allclose(run_python(f)(u), expected, rtol=1e-10)
    np.testing.assert_allclose(f.torch()(torch.tensor(u[:, None])).numpy(), expected, rtol=1e-10)
    np.testing.assert_allclose(
        Formula.from_json(f.to_json()).predict(u[:, None]), expected, rtol=1e-10
    )
    assert Formula.from_json(f.to_json()).expr == f.expr or name == "softplus"


def test_json_round_trip():
    f = formula()
    again = Formula.from_json(f.to_json())
    assert again.template == f.template
    assert again.constants == f.constants
    assert again.inputs == f.inputs
    np.testing.assert_array_equal(again.covariance, f.covariance)
    np.testing.assert_array_equal(again.predict(ROWS), f.predict(ROWS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "other"}',
        "[" * 100_000,
        '{"format": "kansym formula 1"}',
        json.dumps(
            {
                "format": "kansym formula 1",
                "inputs": ["x"],
                "template": ["system", "x"],
                "constants": [],
                "covariance": None,
                "freedom": None,
                "curves": [],
            }
        ),
    ],
)
def test_foreign_json_is_refused(text):
    with pytest.raises(InputError):
        Formula.from_json(text)


def test_exact_constants_stay_exact():
    a, x = sympy.symbols("a x")
    f = Formula(a * x, ("x",), (Constant("a", math.pi / 2, None, sympy.pi / 2),))
    assert f.expr == sympy.pi * x / 2
    assert Formula.from_json(f.to_json()).expr == f.expr
    assert f.values == {"a": pytest.approx(math.pi / 2)}


def test_undefined_rows_are_announced():
    f = Formula(parse("log(x)"), ("x",))
    with pytest.warns(OutsideDomainWarning, match=r"1 of 2 rows, the first is row 1"):
        values = f.predict([[1.0], [-1.0]])
    assert np.isnan(values[1])
    np.testing.assert_array_equal(f.undefined([[1.0], [-1.0]]), [False, True])


def test_digits_follow_the_standard_error():
    a, x = sympy.symbols("a x")
    f = Formula(a * x, ("x",), (Constant("a", 2.512345678, 0.003),))
    assert str(f) == "2.5123*x"
    assert str(f.constants[0]) == "a = 2.5123(30)"
    assert "[2.5065, 2.5182]" in f.table()
    assert Constant("a", 0.0, 0.1).digits >= 1


def test_the_small_difference_of_uncertain_constants_keeps_its_digits():
    a, b, x = sympy.symbols("a b x")
    alike = 0.25 * (np.ones((2, 2)) - 4e-16 * (1 - np.eye(2)))  # the difference is known to 1e-8
    constants = (Constant("a", 1000.123456, 0.5), Constant("b", 1000.023111, 0.5))
    f = Formula(a * x - b * x, ("x",), constants, covariance=alike)
    assert float(f.expr.subs(x, 1)) == pytest.approx(0.100345, abs=1e-5)


def test_names_and_latex():
    assert latex_name("alpha") == r"\alpha"
    assert r"\%" in formula().latex()
    assert formula().latex().count("{") == formula().latex().count("}")
    assert formula()._repr_latex_().startswith("$")
    with pytest.raises(InputError, match="neither inputs"):
        Formula(parse("a*x"), ("x",))
    with pytest.raises(InputError, match="share a name"):
        Formula(parse("a*x"), ("x", "a"), (Constant("a", 1.0),))


def test_a_constant_formula():
    f = Formula(sympy.Integer(3), ("x",))
    np.testing.assert_array_equal(f.predict(np.zeros((4, 1))), np.full(4, 3.0))
    torch.testing.assert_close(f.torch()(torch.zeros(4, 1)), torch.full((4,), 3.0))


def test_torch_constants_can_be_trained():
    module = formula().torch()
    module(torch.tensor(ROWS)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad) for p in module.parameters())
    with pytest.raises(InputError):
        module(torch.zeros(3, 2))


def test_tabulated_curves_are_part_of_a_formula():
    grid = np.linspace(0, 1, 80)
    curve = TabulatedCurve("s1", grid, np.sin(3 * grid))
    x = sympy.Symbol("x")
    f = Formula(2 * sympy.Function("s1")(x) + x, ("x",), curves=(curve,))
    u = np.linspace(-0.5, 1.5, 11)
    expected = 2 * curve(u) + u
    np.testing.assert_allclose(f.predict(u[:, None]), expected, rtol=1e-14)
    np.testing.assert_allclose(run_python(f)(u), expected, rtol=1e-12)
    np.testing.assert_allclose(Formula.from_json(f.to_json()).predict(u[:, None]), expected)
    X = torch.tensor(u[:, None], requires_grad=True)
    value = f.torch()(X)
    np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-12)
    (slope,) = torch.autograd.grad(value.sum(), X)
    np.testing.assert_allclose(slope[:, 0].numpy(), 2 * curve.slope(u) + 1, rtol=1e-10)
    with pytest.raises(InputError):
        f.c()
    with pytest.raises(InputError):
        TabulatedCurve("s", grid[::-1], grid)
