"""The law of the library: torch == numpy == sympy on the domain, for every candidate."""

import numpy as np
import pytest
import sympy
import torch

from kansym.neural.models.torch_functions import TORCH
from kansym.programs.program import evaluate
from kansym.shared import errors
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.domains import parse_domain
from kansym.symbolic.library.library import ALL, LIBRARY, Library

X = sympy.Symbol("x")
STEP = 1e-5


def points(candidate: Candidate) -> np.ndarray:
    drawn = np.concatenate([np.linspace(-3.05, 3.1, 41), np.linspace(1.03, 8.0, 12)])
    return drawn[candidate.domain.covers(drawn - 2 * STEP, drawn + 2 * STEP)]


@pytest.fixture(params=ALL.names)
def candidate(request: pytest.FixtureRequest) -> Candidate:
    return ALL[request.param]


def test_numpy_is_sympy(candidate):
    u = points(candidate)[::5]
    assert len(u) >= 3
    truth = [float(candidate.expr.evalf(25, subs={X: sympy.Float(v, 25)})) for v in u]
    np.testing.assert_allclose(candidate.numpy(u), truth, rtol=1e-11, atol=1e-13)


def test_torch_is_numpy(candidate):
    u = points(candidate)
    found = evaluate(candidate.program, {"x": torch.tensor(u)}, TORCH)
    torch.testing.assert_close(found, torch.tensor(candidate.numpy(u)), rtol=1e-11, atol=1e-13)


def test_derivatives(candidate):
    u = points(candidate)
    u = u[np.abs(u) > 0.05] if candidate.name in {"abs", "sign", "relu"} else u
    for function, derivative in (
        (candidate.numpy, candidate.derivative),
        (candidate.derivative, candidate.second_derivative),
    ):
        difference = (function(u + STEP) - function(u - STEP)) / (2 * STEP)
        scale = np.nanmax(np.abs(difference)) + 1
        np.testing.assert_allclose(derivative(u), difference, rtol=2e-5, atol=1e-8 * scale)


def test_torch_gradients(candidate):
    u = points(candidate)
    x = torch.tensor(u, requires_grad=True)
    value = evaluate(candidate.program, {"x": x}, TORCH)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    np.testing.assert_allclose(gradient.numpy(), candidate.derivative(u), rtol=1e-8, atol=1e-10)


def test_the_domain_is_where_the_values_are(candidate):
    u = np.linspace(-7.03, 7.01, 400)
    values = candidate.numpy(u)
    assert np.isfinite(values[candidate.domain.contains(u)]).all()
    assert np.isnan(values[~candidate.domain.contains(u)]).all()


def test_the_derived_domain_is_the_stated_one(candidate):
    derived = Candidate("derived", candidate.expr).domain
    u = np.linspace(-6.003, 6.001, 300)
    np.testing.assert_array_equal(derived.contains(u), candidate.domain.contains(u))


def test_properties_are_facts(candidate):
    u = points(candidate)
    if candidate.scale_free:
        inner = u[candidate.domain.covers(np.minimum(u, 1.7 * u), np.maximum(u, 1.7 * u))]
        basis = np.stack([candidate.numpy(inner), np.ones_like(inner)], axis=1)
        image = candidate.numpy(1.7 * inner)
        solution = np.linalg.lstsq(basis, image, rcond=None)[0]
        np.testing.assert_allclose(basis @ solution, image, atol=1e-8 * np.abs(image).max())
    if candidate.period is not None:
        np.testing.assert_allclose(
            candidate.numpy(u + candidate.period), candidate.numpy(u), rtol=1e-6, atol=1e-9
        )
    assert candidate.complexity > 0
    assert candidate.latex("u")
    assert not (candidate.even and candidate.odd)


def test_no_two_members_are_affine_images_of_one_another():
    """Equal shapes after f(a*x + b) would make every choice between them arbitrary."""
    u = np.linspace(1.1, 2.9, 40)
    kept = [c for c in ALL if c.domain.contains(u).all()]
    shapes = {}
    for c in kept:
        v = c.numpy(u)
        v = v - np.polyval(np.polyfit(u, v, 1), u)
        if np.abs(v).max() > 1e-9:
            shapes[c.name] = v / np.linalg.norm(v)
    names = list(shapes)
    for i, a in enumerate(names):
        for b in names[:i]:
            assert abs(shapes[a] @ shapes[b]) < 1 - 1e-9, (a, b)


def test_sizes_and_sets():
    assert len(LIBRARY) >= 30
    assert len(ALL) >= 45
    assert len(ALL.subset("special")) >= 8
    assert set(LIBRARY.names) == set(ALL.subset("elementary").names)
    assert {"sin", "gaussian", "1/x"} <= set(LIBRARY.names)


def test_known_flags():
    assert LIBRARY["exp"].shift_free
    assert not LIBRARY["exp"].scale_free
    assert LIBRARY["log"].scale_free
    assert LIBRARY["sin"].period == pytest.approx(2 * np.pi)
    assert LIBRARY["tan"].period == pytest.approx(np.pi)
    assert LIBRARY["x^2"].even
    assert LIBRARY["tanh"].odd


def test_whole_intervals_are_covered_or_not():
    tangent = LIBRARY["tan"].domain
    np.testing.assert_array_equal(tangent.covers([-1.0, 1.0], [1.0, 2.0]), [True, False])
    np.testing.assert_array_equal(
        LIBRARY["1/x"].domain.covers([-1, 0, 1], [1, 1, 2]), [False, False, True]
    )
    np.testing.assert_array_equal(
        LIBRARY["sqrt"].domain.covers([0.0, -0.1], [1.0, 1.0]), [True, False]
    )


def test_a_user_candidate_in_one_line():
    mine = Candidate("damped", "exp(-x)*sin(3*x)")
    u = np.linspace(0, 1, 5)
    np.testing.assert_allclose(mine.numpy(u), np.exp(-u) * np.sin(3 * u), rtol=1e-14)
    library = LIBRARY + mine
    assert "damped" in library
    assert "damped" not in LIBRARY
    assert len(library - "damped") == len(LIBRARY)
    assert Candidate("shifted", sympy.sqrt(X - 2)).domain.description == "[2, ∞)"


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "x.real", "y + 1", "3", "", "9**9**9*x", "x if x else 1", "x" * 20000],
)
def test_bad_candidates_get_one_sentence(text):
    with pytest.raises(errors.InputError):
        Candidate("bad", text)


def test_bad_libraries():
    with pytest.raises(errors.InputError, match="empty"):
        Library([])
    with pytest.raises(errors.InputError, match="one name"):
        _ = LIBRARY + Candidate("sin", "sin(x)**3")
    with pytest.raises(errors.InputError, match="No candidate"):
        LIBRARY["nothing"]
    with pytest.raises(errors.InputError, match="No set"):
        LIBRARY.subset("imaginary")
    with pytest.raises(errors.InputError, match="interval"):
        parse_domain("x > 0")
    with pytest.raises(errors.InputError, match="name"):
        Candidate(" ", "x")


def test_candidates_do_not_change():
    with pytest.raises(AttributeError):
        LIBRARY["sin"].name = "cos"
    assert Candidate("s", "sin(x)") == Candidate("s", "sin(x)")
    assert len({Candidate("s", "sin(x)"), Candidate("s", "sin(x)")}) == 1
