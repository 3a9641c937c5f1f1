"""What a benchmark does: runs, one for each problem, kind of network, seed and noise level."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

from kansym.problems.catalogue import (
    list_problems,
    list_sets,
    load_problem,
    load_problem_file,
    load_problems,
)
from kansym.problems.problem import Problem
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.studies.bench.reading_names import WEIGHTS, readings_of

__all__ = [
    "ACCURACY",
    "AS_ACCURATE",
    "EQUAL",
    "PARAMETERS",
    "Budget",
    "Key",
    "Like",
    "Run",
    "find_problems",
    "plan",
]

EQUAL = PARAMETERS, ACCURACY = "parameters", "accuracy"
"""What an MLP has in common with the KAN of the same problem, seed and noise."""
AS_ACCURATE = 2.0
"""Largest ratio of errors on rows held out at which an MLP counts as accurate as the KAN."""
_ALL = "kansym problems lists them"


class Key(NamedTuple):
    """What tells one run from another."""

    problem: str
    kind: str
    seed: int
    noise: float
    reading: str = WEIGHTS


@dataclass(frozen=True)
class Budget:
    """What every run gets.

    Attributes
    ----------
    limit : seconds for training and one reading together.
    rows : rows to learn from; a table gives at most three quarters of what it has.
    equal : ``parameters``: each MLP has as many as the KAN; ``accuracy``: it is widened until its
        error on rows held out is at most twice the KAN's, or its time to train is up.
    protocol : name of a published protocol, which gives rows, noise and rule; see
        `kansym.studies.bench.protocols`.

    Examples
    --------
    >>> Budget(limit=60.0, rows=1000).hard_limit
    90.0
    """

    limit: float = 60.0
    rows: int = 1000
    equal: str = PARAMETERS
    protocol: str | None = None

    def __post_init__(self) -> None:
        if self.equal not in EQUAL:
            raise InputError(
                f"MLPs can equal the KAN in {' or '.join(EQUAL)}, not in {self.equal!r}: "
                f"{hint(self.equal, EQUAL)}."
            )
        if not 0 < self.limit < float("inf") or self.rows < 10:
            raise InputError(
                f"A limit of {self.limit} s and {self.rows} rows were given: give a positive "
                "number of seconds and 10 rows or more."
            )

    @property
    def hard_limit(self) -> float:
        """Seconds after which a run is ended from outside: the limit, and time to judge."""
        return 1.1 * self.limit + max(4.0, min(24.0, self.limit))


@dataclass(frozen=True)
class Like:
    """The KAN of the same problem, seed and noise, which other kinds are sized by.

    Attributes
    ----------
    parameters, widths : of the KAN.
    error : on rows held out, if it is to be reached; None for networks of as many parameters.
    """

    parameters: int
    widths: tuple[int, ...]
    error: float | None = None


@dataclass(frozen=True)
class Run:
    """One problem, one kind of network, one seed, one level of noise, one reading.

    Attributes
    ----------
    problem : with the formula to be found.
    kind : name of a kind of network, or of another program.
    seed : of rows, noise and training.
    noise : standard deviation of the noise on y, in units of that of y.
    budget : time and rows.
    like : the network whose size to match, if there is one.
    reading : how the network is read.
    """

    problem: Problem
    kind: str
    seed: int
    noise: float
    budget: Budget = Budget()
    like: Like | None = None
    reading: str = WEIGHTS

    @property
    def key(self) -> Key:
        """Name of the run."""
        return Key(self.problem.name, self.kind, self.seed, self.noise, self.reading)

    def __str__(self) -> str:
        noise = f", noise {self.noise:g}" if self.noise else ""
        return f"{self.problem.name} with {self.kind} by {self.reading}, seed {self.seed}{noise}"


def plan(
    problems: Sequence[Problem],
    kinds: Sequence[str],
    seeds: Iterable[int],
    noises: Sequence[float] = (0.0,),
    budget: Budget | None = None,
    readings: Sequence[str] = (WEIGHTS,),
) -> list[Run]:
    """Every run of a benchmark; all kinds of one problem follow one another.

    Parameters
    ----------
    problems : of different names.
    kinds : names of kinds.
    seeds : of the runs, 0 or more.
    noises : levels of noise, 0 or more.
    budget : time and rows of each run.
    readings : of every network; it is trained once for all of them.

    Raises
    ------
    InputError
        If two problems share a name, something occurs twice or is not known, or nothing is asked
        for.

    Examples
    --------
    >>> runs = plan([load_problem("Nguyen-1")], ["kan", "mlp-silu"], range(2))
    >>> [str(run) for run in runs][:2]
    ['Nguyen-1 with kan by weights, seed 0', 'Nguyen-1 with mlp-silu by weights, seed 0']
    """
    seeds = list(seeds)
    names = [problem.name for problem in problems]
    asked = {
        "problem": names, "kind": kinds, "seed": seeds, "noise": noises, "reading": readings
    }  # fmt: skip
    for what, given in asked.items():
        if not given:
            raise InputError(f"No {what} was given: a benchmark needs at least one.")
        twice = [one for one in dict.fromkeys(given) if list(given).count(one) > 1]
        if twice:
            raise InputError(f"The {what} {twice[0]!r} was given twice: name each one once.")
    wrong = [noise for noise in noises if not 0 <= noise < float("inf")]
    if wrong or min(seeds) < 0:
        raise InputError(
            f"Noise levels {list(noises)} and seeds {seeds} were given: all must be zero or more."
        )
    budget = Budget() if budget is None else budget
    return [
        Run(problem, kind, seed, float(noise), budget, reading=reading)
        for problem, seed, noise, kind in product(problems, seeds, noises, kinds)
        for reading in readings_of(kind, readings)
    ]


def find_problems(texts: Sequence[str]) -> list[Problem]:
    """Problems by the names of sets, of problems, or of files (TOML or CSV), in their order.

    Raises
    ------
    InputError
        For an unknown name, with the nearest ones, or two problems of one name.

    Examples
    --------
    >>> [problem.name for problem in find_problems(["I.12.11", "Nguyen-1"])]
    ['I.12.11', 'Nguyen-1']
    """
    found: dict[str, Problem] = {}
    for text in texts:
        for problem in _problems_of(text):
            if problem.name in found and found[problem.name] != problem:
                raise InputError(
                    f"Two different problems are named {problem.name!r}, of the sets "
                    f"{found[problem.name].set!r} and {problem.set!r}: rename one of them."
                )
            found[problem.name] = problem
    return list(found.values())


def _problems_of(text: str) -> list[Problem]:
    if text in list_sets():
        return load_problems(text)
    if text in list_problems():
        return [load_problem(text)]
    if Path(text).suffix.lower() in (".toml", ".csv", ".gz") or os.sep in text:
        return load_problem_file(text)
    known = (*list_sets(), *list_problems())
    raise InputError(
        f"There is no problem set, problem or file {text!r}: {hint(text, known, _ALL)}."
    )
