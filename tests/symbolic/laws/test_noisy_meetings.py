"""Few noisy rows: what is left of y is compared with very many expressions."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import fitted, length, values_of
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.noisy_meetings import NoisyMeetings
from kansym.symbolic.laws.sides_of_noisy_rows import FreedConstant, plainest_sides
from tests.drawn_rows import noisy_rows

LAWS = {
    "intensity beside a background": (lambda a, b, c, d: a * np.cos(b - c) ** 2 + d, 4),
    "a power over an exponential": (lambda a, b, c: a * b**3 / np.expm1(b / c), 3),
    "saturation": (lambda a, b, c, d: a / (b * c) * (1 - np.exp(-b * d)), 4),
    "a pole beside a square": (lambda a, b, c, d: 2.0 * a * b / c**3 + d**2 * c, 4),
    "a real power within an exponential": (lambda a, b: 1 - np.exp(-0.3 * a * b**1.3 / 2), 2),
    "logistic": (lambda a, b, c: a / (1 + np.exp(2 * b - 3.1 * c)), 3),
    "one input does nothing": (lambda a, b, c: 3.1 * a / (0.7 + b), 3),
    "a difference on both sides": (lambda a, b, c, d: a + (b - a) * np.exp(-c * d / 3), 4),
    "long in two of five inputs": (lambda a, b, c, d, e: a * b * c * (d**4 - e**4), 5),
    "a sum within a product": (lambda a, b, c, d, e: a * (b + c * d * np.sin(e)), 5),
    "a real power near zero": (lambda a, b: 1 - np.exp(-0.2 * a * (b - 0.9) ** 2.3), 2),
    "a current through a diode": (lambda a, b, c: a * np.expm1(b / c), 3),
}
FIRST = 18
"""Laws that are looked at: three times those that are handed on at once. More come for half a
minute."""


@pytest.mark.parametrize("name", LAWS)
def test_the_law_is_told_from_twenty_five_rows(name):
    law, inputs = LAWS[name]
    rows = noisy_rows(law, inputs, 0.02, 25)
    found = islice(NoisyMeetings().propose(rows, Deadline.after(600)), FIRST)
    best = min(found, key=lambda each: length(each, rows))
    fresh = noisy_rows(law, inputs, 0.0, 300, seed=5)
    missed = values_of(best.expr, best.start, fresh) - fresh.y
    assert np.sqrt(np.mean(missed**2)) < 0.02 * rows.spread


def test_a_side_gives_back_y_and_weighs_as_its_slope():
    rng = np.random.default_rng(0)
    rows = Rows(rng.uniform(1, 3, (15, 2)), rng.uniform(0.4, 2, 15), ("a", "b"))
    step, t = 1e-5, sympy.Symbol("t")
    sides = plainest_sides(rows, 10_000)
    for side in map(sides.one, range(0, len(sides), 7)):
        told = side.weight > 0
        assert told.mean() >= 0.8
        back = Rows(np.column_stack([rows.X, side.values]), rows.y, ("a", "b", "t"))
        assert np.allclose(values_of(side.restore(t), {}, back)[told], rows.y[told], rtol=1e-9)
        with np.errstate(divide="ignore"):
            up = side.values + step * np.sqrt(1 / told.mean()) / side.weight
        moved = Rows(np.column_stack([rows.X, up]), rows.y, ("a", "b", "t"))
        change = np.abs(values_of(side.restore(t), {}, moved) - rows.y)
        # A weight is less than one over a slope only where it would outweigh all others.
        assert np.median(change[told]) == pytest.approx(step, rel=0.02)


def test_a_constant_is_what_it_would_have_to_be_on_every_row():
    rows = noisy_rows(lambda a, b, c: a * np.exp(-c) + 2 * b, 3, 0.0, 20)
    a, b, q, p = sympy.symbols("a b q p")
    law = fitted(q * a + p * b, {q: 0.1, p: 2.0}, "", rows, Deadline.never(), 20)
    assert law is not None
    freed = FreedConstant.of(replace(law, start={q: law.start[q], p: 2.0}), q, rows)
    assert freed is not None
    assert np.allclose(freed.values, np.exp(-rows.X[:, 2]))
    assert freed.restore(sympy.exp(-a)) == a * sympy.exp(-a) + p * b
    assert np.allclose(freed.weight, rows.X[:, 0] * rows.root)


@pytest.mark.parametrize("y", [np.ones(20), np.full(20, 1e-12)])
def test_a_constant_has_no_law(y):
    X = np.random.default_rng(0).uniform(1, 3, (20, 2))
    assert not list(NoisyMeetings().propose(Rows(X, y, ("a", "b")), Deadline.after(20)))


@pytest.mark.parametrize(("rows", "inputs"), [(7, 2), (30, 1), (30, 7)])
def test_too_few_rows_and_other_numbers_of_inputs_are_left_to_others(rows, inputs):
    X = np.random.default_rng(0).uniform(1, 3, (rows, inputs))
    names = tuple("abcdefgh"[:inputs])
    assert not list(NoisyMeetings().propose(Rows(X, X[:, 0], names), Deadline.after(20)))


def test_levels_zeros_and_signs_raise_nothing():
    rng = np.random.default_rng(2)
    X = rng.integers(-2, 3, (24, 3)).astype(float)
    y = X[:, 0] * X[:, 1] - 0.5 * X[:, 2] + rng.normal(0, 0.02, 24)
    y[:3] = 0.0
    rows = Rows(X, y, ("a", "b", "c"))
    found = islice(NoisyMeetings().propose(rows, Deadline.after(600)), FIRST)
    assert min(law.error for law in found) < 0.5


def test_copies_of_a_column_raise_nothing():
    rows = noisy_rows(lambda a, b: 0.3 + a * b, 2, 0.02, 20)
    X = np.column_stack([rows.X, 2 * rows.X[:, 0]])
    rows = Rows(X, rows.y, ("k1", "q", "q1"))
    found = islice(NoisyMeetings().propose(rows, Deadline.after(600)), FIRST)
    assert min(law.error for law in found) < 0.03


def test_time_that_is_up_ends_it():
    rows = noisy_rows(lambda a, b: a * np.exp(-b), 2, 0.02, 30)
    assert not list(NoisyMeetings().propose(rows, Deadline.after(0.0)))
