"""Simple laws beside the formula of a network, and what the scatter of the rows decides."""

import numpy as np

from kansym.extraction.formulas import front_point
from kansym.extraction.settings import Settings
from kansym.extraction.simple_rivals import beside_simple_laws
from kansym.extraction.split import split_rows
from kansym.shared.deadline import Deadline
from kansym.shared.status import Status
from kansym.shared.tables import as_targets
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.parsing import parse

NAMES = ("r", "v", "a", "b", "c", "d")


def chosen(y: np.ndarray, X: np.ndarray, read: str, seconds: float):
    """What becomes of a formula that a network was read as."""
    split = split_rows(None, X, as_targets(y, len(y)), None, Settings())
    names = NAMES[: X.shape[1]]
    formula = (Formula(parse(read), names),)
    front = (front_point(split.judge, formula, selected=True),)
    return beside_simple_laws(split, names, formula, front, Settings(), Deadline.after(seconds))


def drawn(rows: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(1, 3, (rows, inputs)), rng.normal(size=rows)


def test_a_simple_law_wins_when_the_time_is_up():
    X, noise = drawn(150, 6)  # more than there is time for
    y = 2.5 * X[:, 1] + 0.01 * noise
    (formula,), front, _, scatter = chosen(y, X, "4*exp(sin(r*v)/50) + v", 0.0)
    assert formula.template.free_symbols > {parse("v")}
    assert not scatter
    assert [point.formulas[0] for point in front if point.selected] == [formula]


def test_errors_that_grow_with_y_are_seen_by_the_law_that_is_right():
    X, noise = drawn(40, 2)
    X = np.column_stack([X[:, 0], X[:, 1] ** 4])
    y = 2.5 * X[:, 0] * X[:, 1] ** 2 * (1 + 0.03 * noise)
    (formula,), _, split, scatter = chosen(y, X, "500*exp(v/20) - 400 + r", 20.0)
    assert [finding.status for finding in scatter] == [Status.RELATIVE_ERRORS]
    assert split.errors is not None
    assert np.abs(formula.predict(X) / (2.5 * X[:, 0] * X[:, 1] ** 2) - 1).max() < 0.03
