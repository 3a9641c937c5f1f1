"""Search engines: one result type, the real signatures, bad input."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import sympy

from kansym.programs.program import evaluate
from kansym.shared.errors import InputError, MissingPackageError
from kansym.symbolic.engines import Engine, Operon, PySR, search_edge
from kansym.symbolic.engines.pysr import julia_is_installed
from kansym.symbolic.formulas.sympy_programs import from_sympy

T = np.linspace(-2.0, 2.0, 120)
WAVE = np.exp(-T) * np.sin(3.0 * T) + 0.5


class Scripted(Engine):
    """An engine that returns what it was told, for tests of what all engines share."""

    def __init__(self, *formulas: sympy.Expr) -> None:
        self.formulas = formulas

    @property
    def name(self) -> str:
        return "scripted"

    def expressions(self, inputs, target, weights, *, seconds, seed):
        del seconds, seed
        np.testing.assert_allclose(np.abs(inputs).max(axis=0), 1.0)
        np.testing.assert_allclose([weights @ target, weights @ target**2], [0.0, 1.0], atol=1e-12)
        return list(self.formulas)


def test_formulas_come_back_in_the_units_of_the_data() -> None:
    u, v = Engine.symbols(2)
    x = np.stack([4.0 * T, T**2], axis=1)
    y = 1e6 * (x[:, 0] * x[:, 1]) + 7.0
    scaled = (y - y.mean()) / y.std()
    factor = np.polyfit(x[:, 0] * x[:, 1] / 32.0, scaled, 1)
    (found,) = Scripted(factor[0] * u * v + factor[1]).search(x, y, ("speed", "a b"))
    values = evaluate(from_sympy(found.expr), {"speed": x[:, 0], "a b": x[:, 1]})
    np.testing.assert_allclose(values, y, rtol=1e-9)
    assert found.error < 1e-10


def test_only_the_front_returns_and_undefined_formulas_do_not() -> None:
    (u,) = Engine.symbols(1)
    line = u * 2.0 / np.std(T)
    found = Scripted(u, line, sympy.sin(u) + u**2 * sympy.exp(u), sympy.log(u), u * 0 + 0.1).search(
        T, T
    )
    errors = [formula.error for formula in found]
    assert errors == sorted(errors, reverse=True)
    assert all(np.isfinite(errors))
    assert min(errors) < 1e-12
    assert not any(formula.expr.has(sympy.log, sympy.exp) for formula in found)


def test_an_edge_gets_fits_like_those_of_the_library() -> None:
    (u,) = Engine.symbols(1)
    best = search_edge(Scripted(u, u**3), T, 5.0 * T**3)[0]
    assert best.constants == (1.0, 0.0, 1.0, 0.0)
    assert best.candidate.name.startswith("scripted: ")
    error = np.sqrt(np.mean((best(T) - 5.0 * T**3) ** 2)) / np.std(5.0 * T**3)
    np.testing.assert_allclose(error, best.error, rtol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "target", "names", "words"),
    [
        (T, T[1:], ("x",), "needs inputs"),
        (T, np.ones(120), ("x",), "constant"),
        (T, np.where(T > 1.0, np.nan, T), ("x",), "not finite"),
        (np.ones((120, 4)), T, tuple("abcd"), "1 to 3 inputs"),
        (T, T, ("x", "y"), "as many names"),
    ],
)
def test_bad_rows_get_one_sentence(
    inputs: np.ndarray, target: np.ndarray, names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Scripted().search(inputs, target, names)


def test_operon_finds_what_the_library_lacks() -> None:
    pytest.importorskip("pyoperon")
    fits = search_edge(Operon(), T, WAVE, seconds=2.0, seed=0)
    assert fits[0].error < 1e-4
    np.testing.assert_allclose(fits[0](T), WAVE, atol=1e-3)


def test_operon_searches_two_inputs() -> None:
    pytest.importorskip("pyoperon")
    rng = np.random.default_rng(0)
    x = rng.uniform(1.0, 3.0, (200, 2))
    found = Operon().search(x, x[:, 0] / x[:, 1] ** 2, ("m", "r"), seconds=2.0)
    assert found[-1].error < 1e-4
    assert {str(symbol) for symbol in found[-1].expr.free_symbols} == {"m", "r"}


def pysr_arguments(method: str) -> set[str]:
    """Arguments of a method of PySRRegressor, read from its source: importing starts Julia."""
    spec = importlib.util.find_spec("pysr")
    if spec is None or spec.origin is None:
        pytest.skip("pysr is not installed")
    tree = ast.parse((Path(spec.origin).parent / "sr.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "PySRRegressor":
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == method:
                    return {item.arg for item in (*part.args.args, *part.args.kwonlyargs)}
    raise AssertionError(f"PySRRegressor.{method} was not found")


def test_pysr_takes_the_arguments_that_it_is_given() -> None:
    given = set(PySR().arguments(seconds=1.0, seed=0))
    assert given <= pysr_arguments("__init__")
    assert {"X", "y", "weights", "variable_names"} <= pysr_arguments("fit")


@pytest.mark.skipif(julia_is_installed(), reason="Julia is installed")
def test_pysr_without_julia_says_what_to_do() -> None:
    with pytest.raises(MissingPackageError, match="install Julia"):
        PySR().search(T, WAVE)


@pytest.mark.pysr
@pytest.mark.skipif(not julia_is_installed(), reason="Julia is not installed")
def test_pysr_finds_a_formula() -> None:
    fits = search_edge(PySR(), T, WAVE, seconds=30.0)
    assert fits[0].error < 1e-3
