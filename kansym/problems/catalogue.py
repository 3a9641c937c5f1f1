"""The problem sets that come with kansym, and anyone's own.

>>> problem = load_problem("I.12.11")
>>> print(problem)
I.12.11 (feynman): F = q*(Ef + B*v*sin(theta))
>>> X, y = problem.sample(1000, seed=0)
>>> X.shape, y.shape
((1000, 5), (1000,))
"""

import os
from collections import Counter
from collections.abc import Mapping
from functools import cache

from kansym.problems.problem import Problem
from kansym.problems.problem_files import load_problem_file, read_problems
from kansym.problems.problem_tables import DATA_FOLDER
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint

__all__ = ["list_problems", "list_sets", "load_problem", "load_problems", "problem_rows"]

_ALL = "list_problems() and list_sets() show what there is"


@cache
def _catalogue() -> Mapping[str, Problem]:
    problems = [p for path in sorted(DATA_FOLDER.glob("*.toml")) for p in read_problems(path)]
    found: dict[str, Problem] = {}
    for problem in problems:
        if problem.name in found:
            raise InputError(
                f"The sets {found[problem.name].set!r} and {problem.set!r} both have a problem "
                f"{problem.name!r}: rename one of them."
            )
        found[problem.name] = problem
    return found


def load_problem(name: str, file: str | os.PathLike[str] | None = None) -> Problem:
    """A problem by its name, from the built-in sets (see `list_problems`) or from a file.

    Raises
    ------
    InputError
        If there is no problem of this name, with the nearest names.

    Examples
    --------
    >>> load_problem("Nguyen-1").truth
    x1**3 + x1**2 + x1
    """
    known = _catalogue() if file is None else {p.name: p for p in load_problem_file(file)}
    if name not in known:
        raise InputError(f"There is no problem {name!r}: {hint(name, known, _ALL)}.")
    return known[name]


def load_problems(set: str) -> list[Problem]:
    """All problems of a built-in set, in its order.

    Raises
    ------
    InputError
        If there is no such set, with the nearest names.

    Examples
    --------
    >>> len(load_problems("feynman"))
    100
    """
    return [_catalogue()[name] for name in list_problems(set)]


def list_problems(set: str | None = None) -> list[str]:
    """Names of the built-in problems, of all sets or of one (see `list_sets`).

    Raises
    ------
    InputError
        If there is no such set, with the nearest names.

    Examples
    --------
    >>> list_problems("feynman")[:3]
    ['I.6.2a', 'I.6.2', 'I.6.2b']
    """
    if set is not None and set not in list_sets():
        raise InputError(f"There is no problem set {set!r}: {hint(set, list_sets())}.")
    return [name for name, p in _catalogue().items() if set is None or p.set == set]


def list_sets() -> dict[str, int]:
    """Names of the built-in sets and their numbers of problems.

    Examples
    --------
    >>> list_sets()["feynman"]
    100
    """
    return dict(Counter(problem.set for problem in _catalogue().values()))


def problem_rows(set: str | None = None) -> list[dict[str, str]]:
    """A table of the built-in problems, or of those of one set, for people to read.

    Examples
    --------
    >>> problem_rows("nguyen")[0]["formula"]
    'x1**3 + x1**2 + x1'
    """
    return [_row(_catalogue()[name]) for name in list_problems(set)]


def _row(problem: Problem) -> dict[str, str]:
    return {
        "name": problem.name,
        "set": problem.set,
        "inputs": ", ".join(problem.inputs),
        "formula": problem.formula or _what(problem),
        "units": ", ".join(f"{name}: {unit}" for name, unit in problem.units.items()),
        "ranges": ", ".join(f"{name} in {found}" for name, found in problem.ranges.items()),
        "source": problem.source,
        "note": problem.note,
    }


def _what(problem: Problem) -> str:
    """Words in place of a formula."""
    if problem.function is not None:
        return f"{problem.function}({', '.join(problem.inputs)})"
    if problem.relations:
        return ", ".join(f"{name} = {text}" for name, text in problem.relations.items())
    return "measured table" if problem.set == "measured" else "table"
