"""Source code: precedence, names, and what a language lacks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.programs.source_code import c_source, mangled, python_source
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.library.library import ALL
from tests.programs.test_program import VALUES, programs


@given(programs())
def test_python_source_has_the_program_s_value(program):
    source = python_source(program, ["x", "y"], {"a": 0.7})
    scope: dict = {}
    exec(compile(source, "exported", "exec"), scope)  # noqa: S102 - our own text, in a test
    with np.errstate(all="ignore"):
        found = scope["formula"](VALUES["x"], VALUES["y"])
    truth = evaluate(program, VALUES)
    found, truth = np.broadcast_arrays(found, truth)
    finite = np.isfinite(truth)
    np.testing.assert_allclose(found[finite], truth[finite], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (("pow", ("neg", "x"), 2.0), "(-x)**2.0"),
        (("neg", ("pow", "x", 2.0)), "-x**2.0"),
        (("pow", -2.0, "x"), "(-2.0)**x"),
        (("pow", "x", ("neg", "a")), "x**(-a)"),
        (("div", "a", ("mul", "x", "y")), "a / (x * y)"),
        (("add", "x", ("neg", ("add", "y", "a"))), "x - (y + a)"),
        (("max", "x", "y", 0.0), "np.maximum(np.maximum(x, y), 0.0)"),
    ],
)
def test_brackets(program, text):
    assert text in python_source(program, ["x", "y"], {"a": 1.0})


@given(st.lists(st.text(max_size=8), unique=True, max_size=8))
def test_any_names_become_distinct_identifiers(names):
    found = mangled(names)
    assert len(set(found.values())) == len(names)
    assert all(identifier.isidentifier() for identifier in found.values())


def test_comments_cannot_break_out():
    hostile = '"""\nimport os\n\\ */ int x; /*'
    source = python_source("x", ["x"], {}, comment=hostile)
    scope: dict = {}
    exec(compile(source, "exported", "exec"), scope)  # noqa: S102
    assert "os" not in scope
    assert c_source("x", ["x"], {}, comment=hostile).count("*/") == 1


def test_c_has_no_zeta():
    with pytest.raises(InputError, match="zeta"):
        c_source(("zeta", "x"), ["x"], {})


@pytest.mark.parametrize("candidate", ALL, ids=ALL.names)
def test_exports_and_predict_agree_at_special_points(candidate):
    formula = Formula(candidate.expr, ("x",))
    x = np.array([-0.5, -1e-9, 0.0, 1e-9, 1e-4, 0.3, 1.0, 1 + 2.3e-16, 1.5])
    scope: dict = {}
    exec(compile(formula.python(), "exported", "exec"), scope)  # noqa: S102 - our own text
    with np.errstate(all="ignore"):
        exported = np.broadcast_to(scope["formula"](x), x.shape)
    inside = ~formula.undefined(x[:, None])
    np.testing.assert_array_equal(np.isfinite(exported), inside)
    np.testing.assert_allclose(exported[inside], formula.predict(x[inside][:, None]), rtol=1e-14)
    tensors = formula.torch()(torch.tensor(x[:, None])).detach().numpy()
    np.testing.assert_allclose(tensors[inside], exported[inside], rtol=1e-12)


def test_helpers_leave_names_to_the_user():
    program = ("add", ("langevin", "langevin"), ("mul", "f", "f_langevin"))
    names = ["langevin", "f", "f_langevin"]
    scope: dict = {}
    source = python_source(program, names, {}, name="f")
    exec(compile(source, "exported", "exec"), scope)  # noqa: S102
    assert scope["f"](0.0, 2.0, 3.0) == 6.0
    assert "double f_langevin_2" in c_source(program, names, {}, name="f")
