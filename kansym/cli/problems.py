"""``kansym problems``: the problems that come with kansym, or those of a file."""

import argparse
from typing import TYPE_CHECKING

from kansym.cli.console import say

if TYPE_CHECKING:
    from kansym.problems.problem import Problem

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "problems"
HELP = "list problems with a known formula"
DESCRIPTION = (
    "List the sets of problems, or the problems of sets or of files (TOML, CSV), which are\n"
    "checked, or all that is known about one problem."
)
EXAMPLE = "kansym problems feynman"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="sets, problems or files; all sets if none"
    )


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Print the list."""
    from kansym.problems.catalogue import list_problems, list_sets

    if not options.names:
        width = max(map(len, list_sets()))
        for name, count in list_sets().items():
            say(f"{name:{width}}  {count:4} problems")
        return
    from kansym.studies.bench.runs import find_problems

    problems = find_problems(options.names)
    if len(problems) == 1 and options.names[0] in list_problems():
        _describe(problems[0])
        return
    width = max(len(problem.name) for problem in problems)
    for problem in problems:
        what = f"{problem.output} = {problem.formula}" if problem.formula else problem.kind
        say(f"{problem.name:{width}}  {what}")


def _describe(problem: "Problem") -> None:
    """All that is known about one problem."""
    say(str(problem))
    for name in problem.inputs:
        unit = problem.units.get(name, "")
        say(f"  {name} in {problem.ranges.get(name, 'the table')}{f'  ({unit})' if unit else ''}")
    for words in (problem.source, problem.note):
        if words:
            say(words)
