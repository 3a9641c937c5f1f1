"""Programs: the three tables of functions agree, derivatives are right, files are checked."""

import json

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st

from kansym.neural.models.torch_functions import TORCH
from kansym.programs.derivatives import SLOPES, differentiate
from kansym.programs.gradients import Tape
from kansym.programs.program import ARITY, NUMPY, evaluate, from_json, to_json, validate, variables
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.mpmath_functions import mpmath_functions
from kansym.symbolic.formulas.sympy_programs import from_sympy, to_sympy

POINTS = np.array([-2.3, -0.71, -1e-3, 0.0, 1e-5, 0.3, 0.62, 0.95, 1.0, 1.7, 3.3, 12.0])
UNARY = sorted(name for name, arity in ARITY.items() if arity == 1)
SMOOTH = sorted(set(SLOPES) - {"sign", "heaviside", "abs"})


@pytest.mark.parametrize("name", UNARY)
def test_torch_agrees_with_numpy(name):
    left = evaluate((name, "x"), {"x": POINTS})
    right = evaluate((name, "x"), {"x": torch.tensor(POINTS)}, TORCH).numpy()
    finite = np.isfinite(left)
    assert finite.any()
    np.testing.assert_allclose(right[finite], left[finite], rtol=1e-12, atol=1e-13)
    assert not np.isfinite(right[~finite]).any()


@pytest.mark.parametrize(
    "name", sorted(set(UNARY) & set(mpmath_functions(20)[1]) - {"zeta_curvature"})
)
def test_numpy_agrees_with_mpmath(name):
    context, table = mpmath_functions(30)
    values = evaluate((name, "x"), {"x": POINTS})
    for point, value in zip(POINTS, values, strict=True):
        if np.isfinite(value):
            truth = evaluate((name, "x"), {"x": context.mpf(point)}, table)
            assert isinstance(truth, context.mpf)
            np.testing.assert_allclose(value, float(truth), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", SMOOTH)
def test_slopes_are_derivatives(name):
    slope = evaluate(differentiate((name, "x"), "x"), {"x": POINTS}) * np.ones_like(POINTS)
    h = 1e-5
    around = [evaluate((name, "x"), {"x": POINTS + s}) for s in (-h, h)]
    with np.errstate(invalid="ignore"):
        difference = (around[1] - around[0]) / (2 * h)
    inside = np.isfinite(slope) & np.isfinite(difference) & (np.abs(POINTS) > 0.1)
    inside &= np.abs(POINTS - 1) > 1e-3
    assert inside.any()
    np.testing.assert_allclose(slope[inside], difference[inside], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", SMOOTH)
def test_torch_gradients_are_the_slopes(name):
    x = torch.tensor(POINTS, requires_grad=True)
    value = evaluate((name, "x"), {"x": x}, TORCH)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    slope = evaluate(differentiate((name, "x"), "x"), {"x": POINTS}) * np.ones_like(POINTS)
    inside = np.isfinite(slope) & np.isfinite(value.detach().numpy()) & (np.abs(POINTS - 1) > 1e-9)
    np.testing.assert_allclose(gradient.numpy()[inside], slope[inside], rtol=1e-9, atol=1e-10)


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
def test_the_tape_computes_the_program_and_its_slope(program):
    tape = Tape(program)
    truth = np.broadcast_to(evaluate(program, VALUES), (7,))
    given_values = {k: v for k, v in VALUES.items() if k in tape.names or k == "a"}
    value, (slope,) = tape.slopes({**VALUES, **given_values}, ["a"])
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
    assert NUMPY.keys() == TORCH.keys()
