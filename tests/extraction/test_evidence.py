"""Evidence: rows are split once, edges fitted in batches, and choices leave it unchanged."""

import numpy as np
import pytest

from kansym.extraction.evidence import Evidence
from kansym.extraction.gathering import gather
from kansym.extraction.settings import Settings
from kansym.symbolic.library.library import LIBRARY, Library
from tests.planted_models import exp_sin, rows

FEW = Library([LIBRARY[name] for name in ("x", "x^2", "exp", "sin", "tanh", "log")])


def gathered(X=None, y=None, **settings) -> Evidence:
    return gather(exp_sin(), X, y, Settings(library=FEW, **settings))


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return gathered()


def test_rows_to_judge_and_rows_to_check_are_disjoint_and_all_there_are(evidence):
    judged = {tuple(row) for row in evidence.split.judge.X.tolist()}
    checked = {tuple(row) for row in evidence.split.check_X.tolist()}
    assert not judged & checked
    assert judged | checked == {tuple(row) for row in rows().tolist()}
    assert evidence.split.check_y is None
    np.testing.assert_allclose(evidence.split.judge.y, evidence.network(evidence.split.judge.X))


def test_the_split_depends_on_the_seed_only(evidence):
    np.testing.assert_array_equal(gathered().split.check_X, evidence.split.check_X)
    assert not np.array_equal(gathered(seed=1).split.check_X, evidence.split.check_X)


@pytest.mark.parametrize(
    ("n", "share", "expected"), [(400, 0.25, 100), (400, 0.0, 0), (49, 0.5, 0)]
)
def test_few_rows_are_all_used_to_judge(n, share, expected):
    X = rows(n)
    found = gathered(X, np.exp(X[:, 0]), held_out=share)
    assert len(found.split.check_X) == expected
    assert len(found.split.judge.X) == n - expected


def test_data_stay_with_their_rows():
    X = rows(100)
    found = gathered(X, 3 * X[:, 0] + X[:, 1])
    np.testing.assert_allclose(found.split.judge.y[:, 0], found.split.judge.X @ [3.0, 1.0])
    assert found.split.check_y is not None
    np.testing.assert_allclose(found.split.check_y[:, 0], found.split.check_X @ [3.0, 1.0])


def test_every_edge_has_fits_and_options_best_first(evidence):
    assert len(evidence.fits) == len(evidence.options) == len(evidence.network.edges) == 3
    for fits, options in zip(evidence.fits, evidence.options, strict=True):
        scores = [fit.score for fit in fits]
        assert scores == sorted(scores)
        assert options[0].fit == fits[0]


def test_fixing_and_forbidding_give_new_evidence(evidence):
    fixed = evidence.fixed(0, "tanh")
    assert [option.function.name for option in fixed.options[0]] == ["tanh"]
    forbidden = evidence.forbidden(0, "sin")
    assert "sin" not in [option.function.name for option in forbidden.options[0]]
    assert evidence.options[0][0].function.name == "sin"
    assert fixed.options[1:] == evidence.options[1:]


def test_the_conclusion_can_be_drawn_twice(evidence):
    first, second = evidence.conclude(), evidence.conclude()
    assert first.expr == second.expr
    assert first.fidelity == second.fidelity
