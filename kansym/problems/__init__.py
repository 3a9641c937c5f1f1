"""Problems: data whose law is known, and measured data.

>>> from kansym.problems import load_problem
>>> print(load_problem("I.12.11"))
I.12.11 (feynman): F = q*(Ef + B*v*sin(theta))
"""

from kansym.problems.catalogue import (
    list_problems,
    list_sets,
    load_problem,
    load_problems,
    problem_rows,
)
from kansym.problems.problem import Problem
from kansym.problems.problem_files import load_problem_file
from kansym.problems.problem_tables import ProblemData
from kansym.problems.ranges import Range

__all__ = [
    "Problem",
    "ProblemData",
    "Range",
    "list_problems",
    "list_sets",
    "load_problem",
    "load_problem_file",
    "load_problems",
    "problem_rows",
]
