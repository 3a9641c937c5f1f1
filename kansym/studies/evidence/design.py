"""What is measured: problems, kinds, readings, noise, seeds and sizes, in ten equal parts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kansym.problems.catalogue import load_problems
from kansym.problems.problem import Problem
from kansym.studies.bench.kind_names import DISCOVER
from kansym.studies.bench.reading_names import FUNCTION, WEIGHTS
from kansym.studies.bench.runs import ACCURACY, PARAMETERS, Budget, Run, plan

__all__ = ["BUDGETS", "KINDS", "PARTS", "PEERS", "READINGS", "Step", "design", "peers", "problems"]

PARTS = 10
KINDS = (
    "kan-dense", "kan", "kan-as-mlp", "mlp-form", "mlp-tanh", "mlp-silu", "mlp-relu", DISCOVER,
)  # fmt: skip
READINGS = (WEIGHTS, FUNCTION)
_SIZED = ("kan", "mlp-tanh", "mlp-silu", "mlp-relu")
"""Kinds that are trained once more at equal accuracy: the KAN, and MLPs that can be widened."""
BUDGETS = {equal: Budget(limit=15.0, rows=1000, equal=equal) for equal in (PARAMETERS, ACCURACY)}
"""Fifteen seconds for training and one reading on one core: 9 at most are for training."""
_OUTSIDE = ("strogatz", "bonus", "fields")
_NGUYEN_OF_ONE_INPUT = 6
_THIRD = 3


PEERS = "peers"
"""Name of the file with the rows of other programs."""


@dataclass(frozen=True)
class Step:
    """Runs that are done together, what they are for, and the file that they belong to."""

    words: str
    file: str
    runs: tuple[Run, ...]


def problems() -> list[Problem]:
    """The 100 Feynman equations and 60 others, shuffled and mixed: every tenth is like the whole.

    Examples
    --------
    >>> found = problems()
    >>> len(found), sum(problem.set == "feynman" for problem in found[:16])
    (160, 10)
    """
    outside = [problem for name in _OUTSIDE for problem in load_problems(name)]
    groups = [load_problems("feynman"), outside + load_problems("nguyen")[:_NGUYEN_OF_ONE_INPUT]]
    placed = []
    for group in groups:
        random.Random(0).shuffle(group)
        placed += [((place + 0.5) / len(group), problem) for place, problem in enumerate(group)]
    return [problem for _, problem in sorted(placed, key=lambda pair: pair[0])]


def _parts() -> list[list[Problem]]:
    """The problems in ten equal parts."""
    everything = problems()
    size = len(everything) // PARTS
    return [everything[start : start + size] for start in range(0, len(everything), size)]


def design(parts: int = PARTS) -> Iterator[Step]:
    """All runs in the order in which they are done, so that a run that is stopped is a small one.

    A part has every kind on each of its problems without noise; then, on a third of them, two
    levels of noise, two more seeds, and MLPs widened until they are as accurate as the KAN.

    Parameters
    ----------
    parts : how many of the ten.

    Examples
    --------
    >>> len({run.problem.name for step in design(1) for run in step.runs})
    16
    """
    like, accurate = BUDGETS[PARAMETERS], BUDGETS[ACCURACY]
    for part, here in enumerate(_parts()[:parts]):
        third = here[::_THIRD]
        for words, chosen, kinds, seeds, noises, budget in (
            ("every kind", here, KINDS, [0], [0.0], like),
            ("noise", third, KINDS, [0], [0.01, 0.1], like),
            ("seeds", third, KINDS, [1, 2], [0.0], like),
            ("equal accuracy", third, _SIZED, [0], [0.0], accurate),
        ):
            runs = plan(chosen, kinds, seeds, noises, budget, READINGS)
            yield Step(f"part {part + 1} of {parts}, {words}", budget.equal, tuple(runs))


def peers(kinds: Sequence[str], parts: int = PARTS) -> Iterator[Step]:
    """Other programs on the same problems and rows, without noise, in the same seconds.

    Examples
    --------
    >>> len(next(peers(["peer-operon", "peer-gplearn"])).runs)
    32
    """
    for part, here in enumerate(_parts()[:parts]):
        runs = plan(here, kinds, [0], [0.0], BUDGETS[PARAMETERS])
        yield Step(f"part {part + 1} of {parts}, other programs", PEERS, tuple(runs))
