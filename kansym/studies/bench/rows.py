"""The rows of a run: some to learn from, others that nothing has seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from kansym.problems.problem import Problem

__all__ = ["DrawnRows", "draw_rows"]

UNUSED_ROWS = 1000
TABLE_SHARE = 0.75
# Drawn rows are unused ones under another seed, far from those that people choose.
_OTHER_SEED = 2_000_000_011


@dataclass(frozen=True)
class DrawnRows:
    """Rows to learn from, with noise, and unused rows without.

    Attributes
    ----------
    X, y : inputs by name and targets, to learn from.
    X_unused, y_unused : rows to judge on.
    ranges : lowest and highest value of each input.
    """

    X: pd.DataFrame
    y: Float[np.ndarray, " rows"]
    X_unused: Float[np.ndarray, "unused inputs"]
    y_unused: Float[np.ndarray, " unused"]
    ranges: dict[str, tuple[float, float]]


def draw_rows(
    problem: Problem, rows: int, seed: int, noise: float = 0.0, unused: int = UNUSED_ROWS
) -> DrawnRows:
    """Rows of a problem.

    Parameters
    ----------
    problem : a formula's rows are drawn anew; a table's are split, groups kept together.
    rows : how many to learn from.
    seed : the same seed gives the same inputs at every level of noise.
    noise : standard deviation of Gaussian noise on y, in units of that of y.
    unused : how many to judge on; a table gives what it has.

    Examples
    --------
    >>> from kansym.problems.catalogue import load_problem
    >>> found = draw_rows(load_problem("Nguyen-1"), 50, seed=0)
    >>> found.X.shape, found.X_unused.shape
    ((50, 1), (1000, 1))
    """
    if problem.kind == "table":
        X, y, X_unused, y_unused = _split(problem, rows, seed, noise)
    else:
        X, y = problem.sample(rows, seed=seed, noise=noise)
        X_unused, y_unused = problem.sample(unused, seed=seed + _OTHER_SEED)
    if problem.ranges and problem.kind != "table":
        ranges = {name: (found.low, found.high) for name, found in problem.ranges.items()}
    else:
        both = np.concatenate([X, X_unused])
        ends = zip(both.min(axis=0).tolist(), both.max(axis=0).tolist(), strict=True)
        ranges = dict(zip(problem.inputs, ends, strict=True))
    return DrawnRows(pd.DataFrame(X, columns=list(problem.inputs)), y, X_unused, y_unused, ranges)


def _split(
    problem: Problem, rows: int, seed: int, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A table in two parts; rows of one group are in the same part."""
    data = problem.data()
    for_split, for_noise = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    groups = np.arange(len(data)) if data.groups is None else data.groups
    distinct = for_split.permutation(np.unique(groups))
    kept = distinct[: max(1, round(TABLE_SHARE * len(distinct)))]
    learnt = np.flatnonzero(np.isin(groups, kept))
    unused = np.flatnonzero(~np.isin(groups, kept))
    learnt = for_split.permutation(learnt)[:rows]
    y = data.y[learnt]
    y = y + noise * np.std(data.y) * for_noise.standard_normal(len(y))
    return data.X[learnt], y, data.X[unused][:UNUSED_ROWS], data.y[unused][:UNUSED_ROWS]
