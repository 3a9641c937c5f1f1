"""Protocols that others publish figures by, with these figures; the facts are in a table."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kansym.problems.catalogue import load_problems
from kansym.problems.problem import Problem
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.studies.bench.rows import DrawnRows, draw_rows
from kansym.studies.bench.runs import Run

__all__ = ["Protocol", "Published", "load_protocol", "rows_of", "rule_of"]


@dataclass(frozen=True)
class Published:
    """Shares of problems solved by a program, in per cent, by level of noise as text."""

    program: str
    shares: Mapping[str, float]
    source: str
    time: str = "–"
    units: bool = False


@dataclass(frozen=True)
class Protocol:
    """Problems, rows, noise and rule as published.

    Attributes
    ----------
    title, source, words : what it is called, where it is from, and its rule in words.
    rule : name of one in `kansym.studies.bench.published_rules`.
    sets : per set of problems, rows to learn from and rows to judge on.
    noise : levels; of the spread of y unless `noise_of` says what else.
    left_out : problems that are not judged.
    differs : what is done otherwise here.
    published : figures of other programs.
    """

    title: str
    source: str
    rule: str
    words: str
    sets: Mapping[str, tuple[int, int]]
    noise: tuple[float, ...]
    differs: tuple[str, ...]
    published: tuple[Published, ...]
    left_out: tuple[str, ...] = ()
    noise_of: str = ""

    def problems(self) -> list[Problem]:
        """Those that are judged."""
        every = (problem for name in self.sets for problem in load_problems(name))
        return [problem for problem in every if problem.name not in self.left_out]

    def draw(self, problem: Problem, rows: int, seed: int, noise: float) -> DrawnRows:
        """Rows of a problem, at most so many to learn from."""
        published, unused = self.sets.get(problem.set, (rows, 1000))
        rows = min(rows, published)
        if noise and self.noise_of:
            y = problem.sample(rows, seed=seed)[1]
            noise *= float(np.sqrt(np.mean(y**2)) / np.std(y))
        return draw_rows(problem, rows, seed, noise, unused)


def load_protocol(name: str) -> Protocol:
    """A protocol by its name.

    Raises
    ------
    InputError
        If there is none of this name, with the nearest ones.

    Examples
    --------
    >>> len(load_protocol("srbench").problems())
    130
    """
    table = _table()
    if name not in table:
        raise InputError(f"There is no protocol {name!r}: {hint(name, table)}.")
    given = dict(table[name])
    given["published"] = tuple(Published(**one) for one in given["published"])
    given |= {key: tuple(given.get(key, ())) for key in ("noise", "differs", "left_out")}
    return Protocol(**given)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def rows_of(run: Run) -> DrawnRows:
    """The rows of a run, by its protocol if it has one."""
    budget = run.budget
    draw = draw_rows if budget.protocol is None else load_protocol(budget.protocol).draw
    return draw(run.problem, budget.rows, run.seed, run.noise)


def rule_of(run: Run) -> str:
    """The published rule that a run is judged by as well; SRBench's without a protocol."""
    protocol = run.budget.protocol
    return "srbench" if protocol is None else load_protocol(protocol).rule
