"""TOML sets with odd values: refused in one sentence, or usable."""

import numpy as np
import pytest

from kansym.problems.problem_files import load_problem_file
from kansym.shared.errors import KansymError

HUGE = "9" * 400
VALUES = (
    "1", "-1", "0", "true", '"x"', "[]", "{}", "nan", "inf", "1e308", "-1e308", HUGE, "[1]",
    "[1, 2]", "[2, 1]", "[1, 1]", "[-1e308, 1e308]", "[1, 1e308]", "[nan, 1]", '["a", "b"]',
    "99999999999", "2020-01-01", '""', '"' + "a" * 500 + '"', '"9**9**9"', '"x1/0"', '"m"',
    "{ x1 = [1, 2] }", "{ x1 = [0, 1e308] }", "{ x1 = 5 }", '{ x1 = "m" }', "[[1, 2], [3, 4]]",
    '{ x1 = { low = 1, high = 2, distribution = "grid", points = 99999999999 } }',
    '{ x1 = { low = 1, high = 1e308, distribution = "log-uniform" } }',
    '{ x1 = { low = 1e-320, high = 2e-320 } }', '{ x1 = [-1e308, 1e308] }',
    '"/etc/passwd"', '"../../secret.csv"', '"\\u0000"',
)  # fmt: skip
KEYS = (
    "name", "formula", "output", "ranges", "units", "rows", "table", "constants", "set", "source",
    "note", "noise", "unknown", "inputs", "held_out", "wrong",
)  # fmt: skip


def any_set(rng: np.random.Generator) -> str:
    """A set of one or two problems with some odd values."""
    lines = []
    for number in range(int(rng.integers(1, 3))):
        found = {
            "name": f'"p{number}"',
            "formula": '"x1**2 + 1"',
            "ranges": "{ x1 = [1, 2] }",
            "rows": "20",
        }
        for key in rng.choice(KEYS, int(rng.integers(1, 4))):
            found[str(key)] = str(rng.choice(VALUES))
        if rng.random() < 0.2:
            found.pop(str(rng.choice(list(found))))
        lines += ["[[problem]]", *(f"{key} = {value}" for key, value in found.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("number", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_set_is_refused_or_its_rows_are_finite_numbers(number, tmp_path):
    rng = np.random.default_rng(number)
    said: list[str] = []
    path, usable = tmp_path / "any.toml", 0
    for _ in range(number):
        path.write_text(any_set(rng), encoding="utf-8")
        try:
            problems = load_problem_file(path)
            drawn = [problem.sample(10, seed=0) for problem in problems]
        except KansymError as error:
            said.append(str(error))
            continue
        usable += 1
        assert all(np.isfinite(X).all() and np.isfinite(y).all() for X, y in drawn)
    assert usable
    assert max(map(len, said)) < 1500
