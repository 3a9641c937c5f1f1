"""Programs: gradients are right, files are checked. Operations: see tests/laws."""

import json

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.programs.derivatives import differentiate
from kansym.programs.gradients import DifferentiableProgram
from kansym.programs.program import evaluate, from_json, to_json, validate, variables
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.equivalence import mpmath_functions
from kansym.symbolic.formulas.sympy_programs import from_sympy, to_sympy


def programs(depth: int = 3):
    leaves = st.one_of(
        st.sampled_from(["x", "y", "a"]), st.floats(-3, 3).map(lambda v: round(v, 3) + 0.0)
    )
    safe = st.sampled_from(["sin", "cos", "tanh", "atan", "exp", "neg", "sigmoid", "sinc"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("add"), inner, inner, inner),
            st.tuples(st.just("mul"), inner, inner),
            st.tuples(safe, inner),
            st.tuples(st.just("pow"), inner, st.just(2.0)),
        ),
        max_leaves=8,
    )


VALUES = {"x": np.linspace(-1, 1, 7), "y": np.linspace(0.2, 0.9, 7), "a": 0.7}


@given(programs())
def test_one_sweep_computes_the_program_and_its_slope(program):
    steps = DifferentiableProgram(program)
    truth = np.broadcast_to(evaluate(program, VALUES), (7,))
    given_values = {k: v for k, v in VALUES.items() if k in steps.names or k == "a"}
    value, (slope,) = steps.slopes({**VALUES, **given_values}, ["a"])
    np.testing.assert_array_equal(np.broadcast_to(value, (7,)), truth)
    derived = np.broadcast_to(evaluate(differentiate(program, "a"), VALUES), (7,))
    finite = np.isfinite(derived) & (np.abs(derived) < 1e100)
    np.testing.assert_allclose(
        np.broadcast_to(slope, (7,))[finite], derived[finite], rtol=1e-8, atol=1e-10
    )


@given(programs())
def test_json_round_trip(program):
    assert from_json(json.loads(json.dumps(to_json(program)))) == program
    assert set(variables(program)) <= {"x", "y", "a"}


@given(programs())
def test_sympy_round_trip_keeps_the_value(program):
    truth = np.broadcast_to(evaluate(program, VALUES), (7,))
    if not np.isfinite(truth).all() or np.abs(truth).max() > 1e6:
        return
    again = evaluate(from_sympy(to_sympy(program)), VALUES)
    np.testing.assert_allclose(np.broadcast_to(again, (7,)), truth, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    "data",
    [
        ["system", "x"],
        ["sin", "x", "y"],
        ["add"],
        [],
        None,
        True,
        ["mul", 2.0, float("nan")],
        ["mul", 10**400, "x"],
        {"a": 1},
        [["sin"], "x"],
        ["sin", None],
    ],
)
def test_foreign_data_is_refused(data):
    with pytest.raises(InputError):
        validate(data)


def test_deep_and_unknown_data_are_refused():
    deep = "x"
    for _ in range(500):
        deep = ["sin", deep]
    with pytest.raises(InputError, match="deeper"):
        validate(deep)
    with pytest.raises(InputError, match="unknown"):
        validate(["sin", "z"], names=("x",))


def test_a_missing_variable_is_named():
    with pytest.raises(InputError, match="'y'"):
        evaluate(("add", "x", "y"), {"x": 1.0})


def test_undefined_values_are_silent():
    with np.errstate(all="raise"):
        values = evaluate(("div", ("log", "x"), ("sin", "x")), {"x": np.array([-1.0, 0.0])})
    assert not np.isfinite(values).any()


@pytest.mark.parametrize(
    ("text", "operation"),
    [("sin(x)/x", "sinc"), ("x/(exp(x)-1)", "bose"), ("coth(x)-1/x", "langevin")],
)
def test_removable_singularities_have_their_limit(text, operation):
    from kansym.symbolic.formulas.parsing import parse

    program = from_sympy(parse(text))
    assert operation in str(program)
    context, table = mpmath_functions(60)
    exact = {
        "sinc": lambda x: context.sin(x) / x,
        "bose": lambda x: x / context.expm1(x),
        "langevin": lambda x: context.coth(x) - 1 / x,
    }[operation]
    assert operation in table
    for u in (0.0, 1e-9, 1e-3, 0.02, 0.5, -0.3):
        found = evaluate(program, {"x": np.array(u)})
        limit = exact(context.mpf(u) if u else context.mpf("1e-20"))
        np.testing.assert_allclose(found, float(limit), rtol=1e-10, atol=1e-11)


def test_the_derivative_of_extremes_takes_the_chosen_branch():
    program = ("max", 0.0, "x", ("mul", 2.0, "x"))
    slope = evaluate(differentiate(program, "x"), {"x": np.array([-1.0, 2.0])})
    np.testing.assert_array_equal(slope, [0.0, 2.0])


def test_unknown_functions_have_no_program():
    x = sympy.Symbol("x")
    with pytest.raises(InputError, match="cannot compute"):
        from_sympy(sympy.LambertW(x))
    with pytest.raises(InputError, match="real"):
        from_sympy(x + sympy.I)
