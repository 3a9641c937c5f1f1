"""Problem sets: facts against independent formulas, laws over every problem, and bad files."""

import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

import kansym
from kansym.problems import (
    Problem,
    Range,
    list_problems,
    list_sets,
    load_problem,
    load_problem_file,
    load_problems,
    problem_rows,
)
from kansym.shared.errors import InputError, MissingPackageError

DRAWN = [name for name in list_problems() if load_problem(name).kind != "table"]
TABLES = [name for name in list_problems() if load_problem(name).kind == "table"]
CLOSED = [name for name in DRAWN if load_problem(name).kind == "formula"]


@pytest.mark.parametrize("name", DRAWN)
def test_every_drawn_problem_samples_finite_values_inside_its_ranges(name: str) -> None:
    problem = load_problem(name)
    X, y = problem.sample(200, seed=1)
    assert X.shape == (200, len(problem.inputs))
    assert y.shape == (200,)
    assert np.isfinite(X).all()
    assert np.isfinite(y).all()
    assert y.std() > 0
    for name_, column in zip(problem.inputs, X.T, strict=True):
        if name_ in problem.ranges:
            found = problem.ranges[name_]
            assert found.low <= column.min()
            assert column.max() <= found.high


@pytest.mark.parametrize("name", CLOSED)
def test_every_formula_agrees_with_sympy_in_high_precision(name: str) -> None:
    problem = load_problem(name)
    X, y = problem.sample(3, seed=2)
    assert problem.truth is not None
    for row, value in zip(X, y, strict=True):
        at = dict(zip(map(sympy.Symbol, problem.inputs), map(sympy.Float, row), strict=True))
        exact = problem.truth.evalf(30, subs=at)
        assert_allclose(value, float(exact), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CLOSED)
def test_every_formula_uses_only_its_inputs(name: str) -> None:
    problem = load_problem(name)
    assert problem.truth is not None
    assert {s.name for s in problem.truth.free_symbols} <= set(problem.inputs)  # pyright: ignore


@pytest.mark.parametrize("name", list_problems("feynman"))
def test_every_feynman_equation_has_consistent_units(name: str) -> None:
    problem = load_problem(name)
    assert set(problem.units) == {*problem.inputs, problem.output}
    assert problem.check_units() is True
    assert problem.as_published().check_units() is True


@pytest.mark.parametrize("name", list_problems("measured"))
def test_every_measured_law_has_consistent_units(name: str) -> None:
    assert load_problem(name).check_units() is True


@pytest.mark.parametrize("name", list_sets())
def test_units_agree_wherever_they_are_given(name: str) -> None:
    assert {problem.check_units() for problem in load_problems(name)} <= {True, None}


def test_a_wrong_unit_is_noticed() -> None:
    problem = load_problem("I.12.11")
    units = {**problem.units, "B": "kg"}
    wrong = Problem("w", "s", problem.inputs, "F", problem.formula, problem.ranges, units=units)
    with pytest.raises(InputError, match="adds"):
        wrong.check_units()
    units = {**problem.units, "F": "J"}
    wrong = Problem("w", "s", problem.inputs, "F", problem.formula, problem.ranges, units=units)
    with pytest.raises(InputError, match="but F is in"):
        wrong.check_units()


@pytest.mark.parametrize("name", list_problems())
def test_every_problem_names_its_source(name: str) -> None:
    problem = load_problem(name)
    assert len(problem.source) > 10
    assert str(problem).startswith(name)


@pytest.mark.parametrize(
    "name", [name for group in ("bonus", "strogatz", "fastsrb") for name in list_problems(group)]
)
def test_every_drawn_row_is_finite_and_the_output_varies(name: str) -> None:
    problem = load_problem(name)
    X, y = problem.sample(300, seed=0)
    assert np.isfinite(X).all()
    assert np.isfinite(y).all()
    assert np.ptp(y) > 0
    assert problem.truth is not None
    free = {symbol.name for symbol in problem.truth.free_symbols}  # pyright: ignore
    assert free <= set(problem.inputs)


def test_sets_have_the_published_sizes() -> None:
    sizes = {
        "feynman": 100,
        "feynman-dimensionless": 27,
        "special": 15,
        "nguyen": 13,
        "keijzer": 15,
        "korns": 12,
        "constant": 8,
        "kan-toys": 12,
        "bonus": 20,
        "strogatz": 14,
        "fastsrb": 120,
        "fields": 20,
    }
    assert sizes.items() <= list_sets().items()
    assert sum(list_sets().values()) == len(list_problems())


def test_errata_are_mended_and_the_published_form_is_kept() -> None:
    mended = [p.name for p in load_problems("feynman") if p.published is not None]
    assert mended == ["I.29.16", "III.9.52"]
    assert load_problem("I.43.16").units["mu_drift"] == "s kg^-1"
    X, y = load_problem("I.29.16").sample(50)
    x1, x2, t1, t2 = X.T
    # Two phasors add up to this amplitude: the plus sign of the lecture.
    assert_allclose(y, abs(x1 * np.exp(1j * t1) + x2 * np.exp(1j * t2)), rtol=1e-12)
    published = load_problem("I.29.16").as_published()
    assert_allclose(published.value(X), abs(x1 * np.exp(1j * t1) - x2 * np.exp(1j * t2)))


def _lorentz(x: np.ndarray) -> np.ndarray:
    return (x[0] - x[1] * x[3]) / np.sqrt(1 - (x[1] / x[2]) ** 2)


def _legendre_slope(degree: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Derivative of the Legendre function, as a hypergeometric function."""
    series = special.hyp2f1(1 - degree, degree + 2, 2, (1 - x) / 2)
    return degree * (degree + 1) / 2 * series


def _bessel_k(order: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Integral of exp(-x cosh t) cosh(order t) over t > 0, by the trapezium rule."""
    t = np.linspace(0, 12, 6001)[:, None]
    return np.trapezoid(np.exp(-x * np.cosh(t)) * np.cosh(order * t), t, axis=0)


INDEPENDENT = {
    "I.15.3x": _lorentz,
    "I.12.11": lambda x: x[0] * x[1] + x[0] * x[2] * x[3] * np.sin(x[4]),
    "I.9.18": lambda x: x[0] * x[1] * x[2] / np.sum((x[3::2] - x[4::2]) ** 2, axis=0),
    "II.35.18": lambda x: x[0] / 2 / np.cosh(x[3] * x[4] / x[1] / x[2]),
    "Keijzer-9": lambda x: np.arcsinh(x[0]),
    "Keijzer-6": lambda x: np.array([sum(range(1, int(n) + 1)) for n in x[0]], dtype=float),
    "Neat-6": lambda x: np.array([sum(1 / k for k in range(1, int(n) + 1)) for n in x[0]]),
    "Nguyen-4": lambda x: np.polyval([1, 1, 1, 1, 1, 1, 0], x[0]),
    "R1": lambda x: (1 + x[0]) ** 3 / ((x[0] - 0.5) ** 2 + 0.75),
    "toy-bessel": lambda x: special.jv(0, 20 * x[0]),
    "toy-mean-sin-100": lambda x: np.exp(np.mean(np.sin(np.pi * x / 2) ** 2, axis=0)),
    "toy-first-digit": lambda x: np.array([float(f"{v:.17f}"[2]) for v in x[0]]),
    "dimensionless-II.35.18": lambda x: x[0] / (2 * np.cosh(x[1])),
    "special-sph-harm01": lambda x: special.sph_harm_y(1, 0, x[1], x[0]).real,
    "special-sph-harm11": lambda x: special.sph_harm_y(1, 1, x[1], x[0]).real,
    "special-sph-harm02": lambda x: special.sph_harm_y(2, 0, x[1], x[0]).real,
    "special-sph-harm12": lambda x: special.sph_harm_y(2, 1, x[1], x[0]).real,
    "special-sph-harm22": lambda x: special.sph_harm_y(2, 2, x[1], x[0]).real,
    "special-lpmv0": lambda x: special.hyp2f1(-x[0], x[0] + 1, 1, (1 - x[1]) / 2),
    "special-lpmv1": lambda x: _legendre_slope(x[0], x[1]) * -np.sqrt(1 - x[1] ** 2),
    "special-kv": lambda x: _bessel_k(x[0], x[1]),
    "special-ellipkinc": lambda x: (
        special.elliprf(np.cos(x[0]) ** 2, 1 - x[1] * np.sin(x[0]) ** 2, 1) * np.sin(x[0])
    ),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_formulas_written_independently_agree(name: str) -> None:
    X, y = load_problem(name).sample(100, seed=5)
    assert_allclose(y, INDEPENDENT[name](X.T), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in TABLES if n != "nuclear-masses"])
def test_every_table_gives_complete_finite_rows(name: str) -> None:
    problem = load_problem(name)
    data = problem.data()
    assert data.X.shape == (len(data), len(problem.inputs))
    assert np.isfinite(data.X).all()
    assert np.isfinite(data.y).all()
    X, y = problem.sample(10_000, seed=0)
    assert len(X) == len(data)
    assert_array_equal(np.sort(y), np.sort(data.y))


@pytest.mark.parametrize(
    ("name", "relative"),
    [("hydrogen-lines", 2e-5), ("moseley", 0.02), ("kepler", 0.01), ("cosmic-background", 0.1)],
)
def test_measured_tables_follow_their_law(name: str, relative: float) -> None:
    data = load_problem(name).data()
    assert_allclose(load_problem(name).value(data.X), data.y, rtol=relative)


def test_planck_law_fits_within_the_published_uncertainty() -> None:
    data = load_problem("cosmic-background").data()
    assert data.uncertainty is not None
    pulls = (data.y - load_problem("cosmic-background").value(data.X)) / data.uncertainty
    assert 0.5 < np.mean(pulls**2) < 2.0


def test_balmer_lines_have_their_known_wavelengths() -> None:
    data = load_problem("hydrogen-lines").data()
    lines = {(int(a), int(b)): w for (a, b), w in zip(data.X, data.y, strict=True)}
    assert_allclose(lines[2, 3], 656.46e-9, rtol=1e-4)  # H-alpha in vacuum
    assert_allclose(lines[1, 2], 121.567e-9, rtol=1e-5)  # Lyman-alpha


def test_hubble_table_is_the_published_one() -> None:
    data = load_problem("hubble").data()
    assert len(data) == 24
    slope = data.X[:, 0] @ data.y / (data.X[:, 0] @ data.X[:, 0])
    assert_allclose(slope, 423.9, atol=0.1)
    assert data.labels["nebula"][5] == "NGC 224"


def test_nuclear_masses_follow_the_semi_empirical_formula() -> None:
    try:
        data = load_problem("nuclear-masses").data()
    except MissingPackageError:
        pytest.skip("needs the extra nuclear")
    Z, N = data.X.T
    known = {(2, 2): 28.296, (26, 30): 492.26, (82, 126): 1636.43}
    for (z, n), energy in known.items():
        assert_allclose(data.y[(z == Z) & (n == N)], energy, atol=0.01)
    heavy = Z + N >= 12
    misfit = (load_problem("nuclear-masses").value(data.X) - data.y)[heavy]
    assert np.sqrt(np.mean(misfit**2)) < 3.6


def test_the_same_seed_gives_the_same_rows_with_and_without_noise() -> None:
    problem = load_problem("I.12.11")
    X, y = problem.sample(400, seed=3)
    X_again, noisy = problem.sample(400, seed=3, noise=0.1)
    assert_array_equal(X, X_again)
    assert_allclose(np.std(noisy - y) / np.std(y), 0.1, rtol=0.15)
    assert not np.array_equal(problem.sample(400, seed=4)[0], X)


def test_sampling_leaves_the_global_generators_alone() -> None:
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    load_problem("I.12.11").sample(10, seed=1, noise=0.1)
    assert np.random.random() == expected  # noqa: NPY002


def test_unsupervised_toy_contrasts_real_with_shuffled_rows() -> None:
    X, y = load_problem("toy-unsupervised").sample(2000, seed=0)
    x1, x2, x3, x4, x5, _ = X.T
    real = y == 1
    assert real.sum() == 1000
    assert_allclose(x3[real], np.exp(np.sin(x1[real]) + x2[real] ** 2))
    assert_allclose(x5[real], x4[real] ** 3)
    fake = X[~real].T
    assert np.median(abs(fake[2] - np.exp(np.sin(fake[0]) + fake[1] ** 2))) > 0.1
    assert abs(np.corrcoef(fake[3], fake[4])[0, 1]) < 0.15


def test_held_out_ranges_reach_further() -> None:
    X, _ = load_problem("Keijzer-6").sample(500)
    X_out, y_out = load_problem("Keijzer-6").held_out().sample(500)
    assert X.max() <= 50 < X_out.max() <= 120
    assert_array_equal(X_out % 1, 0)
    assert_allclose(y_out, X_out[:, 0] * (X_out[:, 0] + 1) / 2)


def test_rows_of_the_original_set_are_the_default() -> None:
    assert len(load_problem("Nguyen-1").sample()[1]) == 20
    assert len(load_problem("I.12.11").sample()[1]) == 1000


def test_a_problem_survives_pickling() -> None:
    problem = load_problem("I.12.11")
    _ = problem.program
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301
    assert again == problem
    assert_array_equal(again.sample(5)[1], problem.sample(5)[1])


def test_listing_loads_neither_sympy_nor_torch() -> None:
    code = (
        "import sys, kansym; kansym.list_problems(); kansym.load_problem('I.12.11'); "
        "sys.exit('sympy' in sys.modules or 'torch' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert kansym.load_problem("I.12.11").name == "I.12.11"


def test_rows_of_the_listing_are_complete() -> None:
    rows = problem_rows()
    assert len(rows) == len(list_problems())
    assert all(set(row) == set(rows[0]) and row["formula"] for row in rows)
    assert problem_rows("feynman")[0]["ranges"] == "theta in [1, 3]"


@pytest.mark.parametrize(
    ("asked", "near"),
    [("I.12.12", "I.12.1"), ("nguyen-1", "Nguyen-1"), ("hydrogen", "hydrogen-lines")],
)
def test_an_unknown_problem_is_answered_with_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(InputError, match="There is no problem") as caught:
        load_problem(asked)
    assert near in str(caught.value)


def test_an_unknown_set_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="feynman"):
        list_problems("feynmann")


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 50), st.integers(0, 10**6))
def test_ranges_draw_inside(low: float, width: float, points: int, seed: int) -> None:
    high = low + width
    for found in (Range(low, high), Range(low, high, "grid", points)):
        found.check("x")
        drawn = found.draw(50, np.random.default_rng(seed))
        assert drawn.min() >= low
        assert drawn.max() <= high
    drawn = Range(width, 2 * width, "log-uniform").draw(50, np.random.default_rng(seed))
    assert math.isclose(np.clip(drawn, width, 2 * width)[0], drawn[0], rel_tol=1e-12)


GOOD = """
source = "a notebook"
[[problem]]
name = "pendulum"
formula = "2*pi*sqrt(L/g)"
output = "T"
ranges = { L = [0.1, 2], g = { low = 1, high = 25, distribution = "log-uniform" } }
units = { L = "m", g = "m s^-2", T = "s" }
[[problem]]
name = "steps"
formula = "n*(n + 1)/2"
ranges = { n = { low = 1, high = 10, points = 10 } }
"""


def _file(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_an_own_set_is_read(tmp_path: Path) -> None:
    pendulum, steps = load_problem_file(_file(tmp_path, GOOD))
    assert (pendulum.set, pendulum.source, pendulum.inputs) == ("mine", "a notebook", ("L", "g"))
    X, y = pendulum.sample(100)
    assert_allclose(y, 2 * np.pi * np.sqrt(X[:, 0] / X[:, 1]))
    assert pendulum.check_units() is True
    assert set(steps.sample(200)[0].ravel()) == set(range(1, 11))
    assert load_problem("steps", tmp_path / "mine.toml") == steps


def _one(body: str) -> str:
    return f'[[problem]]\nname = "p"\n{body}\n'


RANGE = "ranges = { x = [0, 1] }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_one(f'formula = "x + z"\n{RANGE}'), "z"),
        (_one('formula = "x"\nranges = { x = [2, 1] }'), "upside down"),
        (_one('formula = "x"\nranges = { x = [1, 1] }'), "upside down"),
        (_one('formula = "x"\nranges = { x = [0, inf] }'), "finite ends"),
        (_one('formula = "x"\nranges = { x = [0] }'), "two numbers"),
        (_one('formula = "x"\nranges = { x = ["0", 1] }'), "two numbers"),
        (
            _one('formula = "x"\nranges = { x = { low = 0, high = 1, distribution = "normal" } }'),
            "log-uniform",
        ),
        (
            _one(
                'formula = "x"\n'
                'ranges = { x = { low = 0, high = 1, distribution = "log-uniform" } }'
            ),
            "positive",
        ),
        (
            _one('formula = "x"\nranges = { x = { low = 0, high = 1, points = 1 } }'),
            "has 1 points: give 2 to",
        ),
        (_one('formula = "x"'), "has no ranges"),
        (_one(RANGE), "no formula"),
        (_one(f'formula = "x"\nformla = "x"\n{RANGE}'), "did you mean 'formula'"),
        (_one(f"formula = 3\n{RANGE}"), "as a text"),
        (_one(f'formula = "x"\noutput = "x"\n{RANGE}'), "is an input too"),
        (_one(f'formula = "x"\ninputs = ["x", "y"]\n{RANGE}'), "each input one range"),
        (_one(f'function = "jn"\n{RANGE}'), "unknown function"),
        (_one('table = "absent.csv"\ninputs = ["a"]'), "is not there"),
        (_one(f'formula = "x"\nunits = {{ x = 1 }}\n{RANGE}'), "units"),
        (_one(f'formula = "x + 1"\nunits = {{ x = "m", y = "m" }}\n{RANGE}'), "adds"),
        (_one('formula = "log(x)"\nranges = { x = [-2, -1] }'), "hardly a finite value"),
        (_one(f"formula = \"__import__('os').system('false')\"\n{RANGE}"), "p"),
        (2 * _one(f'formula = "x"\n{RANGE}'), "two problems named 'p'"),
        (f'[[problem]]\nformula = "x"\n{RANGE}', "has no name"),
        ("", "has no problems"),
        ("problem = 3", "has no problems"),
        ("[[problem]\n", "is no TOML file"),
        ('sources = "x"\n' + _one(f'formula = "x"\n{RANGE}'), "did you mean 'source'"),
    ],
)
def test_a_bad_set_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_problem_file(_file(tmp_path, text))
    assert "\n" not in str(caught.value).strip() or "TOML" in str(caught.value)


def test_an_own_table_is_read(tmp_path: Path) -> None:
    text = "# source: me\n# output: v\n# unit v: m/s\nname,t,v,w\na,1,2,3\nb,2,4,5\nc,3,,7\n"
    (problem,) = load_problem_file(_file(tmp_path, text, "fall.csv"))
    data = problem.data()
    assert (problem.name, problem.inputs, problem.output) == ("fall", ("t", "w"), "v")
    assert_array_equal(data.X, [[1, 3], [2, 5]])
    assert data.labels == {"name": ("a", "b")}
    assert (data.units, problem.source) == ({"v": "m/s"}, "me")
    (other,) = load_problem_file(tmp_path / "fall.csv", output="w")
    assert other.inputs == ("t", "v")


def test_a_set_may_name_its_own_table(tmp_path: Path) -> None:
    _file(tmp_path, "x,y\n1,2\n2,4\n", "t.csv")
    path = _file(tmp_path, _one('table = "t.csv"\ninputs = ["x"]\nformula = "2*x"'))
    (problem,) = load_problem_file(path)
    assert_allclose(problem.value(problem.data().X), problem.data().y)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2\n3,4,5\n", "line 3"),
        ("a,a\n1,2\n", "several columns named 'a'"),
        ("a\n1\n", "one numeric column"),
        ("a,b\nx,y\n", "has none"),
        ("# output: c\na,b\n1,2\n", "'c' is not among"),
        ("a,b\n1,\n", "no complete row"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_problem_file(_file(tmp_path, text, "bad.csv"))


def test_absent_and_foreign_files_are_refused(tmp_path: Path) -> None:
    for name in ("absent.toml", "absent.csv"):
        with pytest.raises(InputError, match="There is no file"):
            load_problem_file(tmp_path / name)
    with pytest.raises(InputError, match="neither"):
        load_problem_file(_file(tmp_path, "", "set.json"))
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="UTF-8"):
        load_problem_file(tmp_path / "bytes.csv")


@pytest.mark.parametrize(("rows", "noise"), [(0, 0.0), (10, -1.0), (10, math.nan)])
def test_bad_sampling_is_refused(rows: int, noise: float) -> None:
    with pytest.raises(InputError, match="at least one row"):
        load_problem("I.12.11").sample(rows, noise=noise)


def test_inputs_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="one column per input"):
        load_problem("I.12.11").value(np.ones((3, 2)))
    with pytest.raises(InputError, match="use sample"):
        load_problem("I.12.11").data()
    with pytest.raises(InputError, match="has no formula"):
        load_problem("knots").value(np.ones((3, 8)))
