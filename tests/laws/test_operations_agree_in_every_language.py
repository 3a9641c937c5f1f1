"""Law: an operation means the same in numpy, torch, exported Python, exported C and mpmath.

Everywhere: at ordinary points, at 0 and close to it, at the borders of domains, at the joints of
series and definitions, at huge arguments, and at nan; its derivative likewise.
"""

import ctypes
import shutil
import subprocess
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
import torch

from kansym.neural.models.torch_functions import TORCH
from kansym.programs.derivatives import differentiate
from kansym.programs.numpy_functions import NUMPY
from kansym.programs.operations import OPERATIONS
from kansym.programs.program import evaluate
from kansym.programs.source_code import c_source, python_source
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.equivalence import mpmath_functions
from kansym.symbolic.formulas.sympy_programs import SYMPY, from_sympy

UNARY = [name for name, operation in OPERATIONS.items() if operation.arity == 1]
PAIRED = [(name, "x", "y") for name in ("pow", "div", "min", "max")]
CC = shutil.which("cc")
ULP = np.spacing(1.0)
POSITIVE = np.array(
    [
        *(
            1e-300,
            1e-30,
            1e-9,
            1e-4 - 1e-9,
            1e-4 + 1e-9,
            1e-3,
            0.02,
            0.05,
            0.1,
            0.3,
            0.5,
            0.62,
            0.8,
        ),
        *(1 - 1e-9, 1 - ULP, 1, 1 + ULP, 1 + 2 * ULP, 1 + 5 * ULP, 1 + 1e-9, 1.7, 2, 3.3, 12, 170),
        *(800, 1e4, 1e8, 1e22, 1e150, 1e300),
    ]
)
POINTS = np.concatenate([-POSITIVE[::-1], [-0.0, 0.0], POSITIVE, [np.nan]])
FAR = 1e4
"""Mpmath takes minutes for special functions beyond it."""
WITHOUT_C = {"digamma", "trigamma", "tetragamma", "airyai", "airyai_slope", "zeta"}
PAIRS = np.array(
    list(product((-8, -1, -0.0, 0, 0.5, 1, 2, np.inf, np.nan), (-1, 0, 1 / 3, 2, np.nan)))
)


def in_numpy(program) -> np.ndarray:
    return np.broadcast_to(np.asarray(evaluate(program, {"x": POINTS}), float), POINTS.shape)


def in_torch(program) -> np.ndarray:
    value = evaluate(program, {"x": torch.tensor(POINTS)}, TORCH)
    return np.broadcast_to(np.asarray(value, float), POINTS.shape)


def in_python(program) -> np.ndarray:
    scope: dict = {}
    exec(compile(python_source(program, ["x"], {}), "exported", "exec"), scope)  # noqa: S102
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(scope["formula"](POINTS), float), POINTS.shape)


@pytest.fixture(scope="session")
def in_c(tmp_path_factory):
    """One library of all that C can express: program to values."""
    if CC is None:
        pytest.skip("there is no C compiler cc")
    sources, names = ["#include <math.h>"], {}
    programs = [(name, "x") for name in UNARY]
    programs += [slope for name in UNARY if (slope := slope_of(name)) is not None]
    programs += PAIRED
    for k, program in enumerate(programs):
        inputs = ["x", "y"] if program in PAIRED else ["x"]
        try:
            sources.append(c_source(program, inputs, {}, name=f"f{k}"))
        except InputError:
            continue
        names[program] = f"f{k}"
    folder = tmp_path_factory.mktemp("exported")
    (folder / "all.c").write_text("\n".join(sources))
    command = [CC, "-std=gnu99", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "all.c", "-o"]
    subprocess.run([*command, "all.so", "-lm"], cwd=folder, check=True, timeout=60)
    library = ctypes.CDLL(str(folder / "all.so"))

    def values(program, columns=(POINTS,)) -> np.ndarray:
        function = getattr(library, names[program])
        function.restype = ctypes.c_double
        function.argtypes = [ctypes.c_double] * len(columns)
        return np.array([function(*row) for row in np.transpose(columns).tolist()])

    return SimpleNamespace(values=values, names=names)


def slope_of(name: str):
    return None if OPERATIONS[name].derivative is None else differentiate((name, "x"), "x")


def rounding(slope) -> np.ndarray:
    """What rounding the argument by an ulp or two does to a function of that slope."""
    if slope is None:
        return np.zeros_like(POINTS)
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(POINTS * in_numpy(slope)), nan=0.0, posinf=0.0) * 4 * ULP


def same(found, truth, what: str, inexact, rtol: float = 1e-12, where=True) -> None:
    """Finite at the same points, and equal there up to rounding, also that of the argument."""
    apart = (np.isfinite(found) != np.isfinite(truth)) & where
    assert not apart.any(), f"{what} at {POINTS[apart]}: {found[apart]} against {truth[apart]}"
    finite = np.isfinite(truth) & where
    error = np.abs(found[finite] - truth[finite])
    allowed = rtol * np.abs(truth[finite]) + 1e-290 + inexact[finite]
    wrong = error > allowed
    assert not wrong.any(), (
        f"{what} at {POINTS[finite][wrong]}: {found[finite][wrong]} against {truth[finite][wrong]}"
    )


def heard(name: str) -> np.ndarray:
    """Points at which a value is known: beyond others the phase of an oscillation is lost."""
    return np.abs(POINTS) < (1e8 if name.startswith(("bessel", "airy")) else np.inf)


@pytest.mark.parametrize("name", UNARY)
def test_values_agree(name, in_c):
    program, inexact, where = (name, "x"), rounding(slope_of(name)), heard(name)
    truth = in_numpy(program)
    same(in_torch(program), truth, "torch", inexact, where=where)
    if not callable(OPERATIONS[name].numpy):
        same(in_python(program), truth, "Python", 0 * inexact)
    if program in in_c.names:
        same(in_c.values(program), truth, "C", inexact, where=where)


@pytest.mark.parametrize("name", [name for name in UNARY if slope_of(name) is not None])
def test_derivatives_agree(name, in_c):
    slope, where = slope_of(name), heard(name)
    truth = in_numpy(slope)
    x = torch.tensor(POINTS, requires_grad=True)
    (gradient,) = torch.autograd.grad(evaluate((name, "x"), {"x": x}, TORCH).sum(), x)
    same(gradient.numpy(), truth, "torch", np.full_like(POINTS, 1e-15), 1e-11, where)
    if slope in in_c.names:
        same(in_c.values(slope), truth, "C", np.full_like(POINTS, 1e-15), 1e-11, where)


@pytest.mark.parametrize("name", UNARY)
def test_numpy_agrees_with_mpmath(name):
    operation, found = OPERATIONS[name], in_numpy((name, "x"))
    inexact = rounding(slope_of(name))
    context, table = mpmath_functions(40)
    low, high = operation.domain
    for point, value, slack in zip(POINTS, found, inexact, strict=True):
        if not abs(point) <= FAR:
            continue
        if not low <= point <= high:
            assert not np.isfinite(value) or abs(point) < 1 + 3 * ULP, (name, point, value)
            continue
        try:
            truth = float(table[name](context.mpf(point)))
        except (ValueError, ZeroDivisionError):  # a pole
            truth = np.nan
        if not np.isfinite(truth):
            assert not np.isfinite(value), (name, point, value)
        else:
            assert abs(value - truth) <= slack + 1e-11 * abs(truth) + 1e-300, (
                name,
                point,
                value,
                truth,
            )


@pytest.mark.parametrize("program", PAIRED)
def test_operations_of_two_arguments_agree(program, in_c):
    x, y = PAIRS.T
    truth = evaluate(program, {"x": x, "y": y})
    scope: dict = {}
    exec(compile(python_source(program, ["x", "y"], {}), "exported", "exec"), scope)  # noqa: S102
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(scope["formula"](x, y), truth)
    np.testing.assert_array_equal(in_c.values(program, (x, y)), truth)
    given = {"x": torch.tensor(x), "y": torch.tensor(y)}
    np.testing.assert_allclose(evaluate(program, given, TORCH), truth, rtol=1e-15)


@pytest.mark.parametrize("name", [name for name in UNARY if slope_of(name) is not None])
def test_the_table_has_the_derivatives(name):
    context, table = mpmath_functions(40)
    low, high = OPERATIONS[name].domain
    least = 1e-3 if name in {"abs", "sign", "heaviside"} else 0.0
    compared = 0
    for point, value in zip(POINTS, in_numpy(slope_of(name)), strict=True):
        inside = low + 1e-8 < point < high - 1e-8 and least <= abs(point) < 20
        by_a_pole = 0 < abs(abs(point) - 1) < 1e-8
        if by_a_pole or not (np.isfinite(value) and inside):
            continue
        truth = float(context.diff(table[name], context.mpf(point)))
        assert abs(value - truth) <= 1e-10 * abs(truth) + 1e-13, (name, point, value, truth)
        compared += 1
    assert compared >= 4


def test_removable_singularities_are_removed():
    removable = [name for name, operation in OPERATIONS.items() if operation.series]
    assert {"sinc", "langevin", "bose", "elliptic_k_slope"} <= set(removable)
    for name in removable:
        program = (name, "x")
        while program is not None:
            assert np.isfinite(evaluate(program, {"x": np.array([-0.0, 0.0])})).all(), program
            more = OPERATIONS[name].derivative
            program, name = more, more[0] if more else name


def test_no_operation_is_forgotten():
    assert TORCH.keys() == NUMPY.keys() == mpmath_functions(20)[1].keys() == OPERATIONS.keys()
    assert OPERATIONS.keys() - SYMPY.keys() == {"zeta_slope", "zeta_curvature"}


def test_c_lacks_no_more_than_its_library(in_c):
    lacking = {name for name in UNARY if (name, "x") not in in_c.names}
    elliptic = {name for name in UNARY if name.startswith(("elliptic", "zeta"))}
    assert lacking == WITHOUT_C | elliptic


@pytest.mark.parametrize("name", sorted(SYMPY.keys() & set(UNARY)))
def test_sympy_and_back_keeps_the_value(name):
    program = from_sympy(SYMPY[name](sympy.Symbol("x")))
    x = np.array([-0.62, 0.3, 0.62, 1.7, 3.3])
    found, truth = evaluate(program, {"x": x}), evaluate((name, "x"), {"x": x})
    finite = np.isfinite(truth)
    np.testing.assert_allclose(np.broadcast_to(found, x.shape)[finite], truth[finite], rtol=1e-9)
