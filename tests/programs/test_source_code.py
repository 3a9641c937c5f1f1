"""Source code: precedence, names, and what a language lacks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.program import evaluate
from kansym.programs.source_code import c_source, mangled, python_source
from kansym.shared.errors import InputError
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
