"""Functions chosen or ruled out by hand, edge by edge: ``--fix``, ``--forbid``, ``--edges``."""

import argparse
from typing import TYPE_CHECKING

from kansym.cli.arguments import Arguments
from kansym.cli.console import say
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from kansym.results.result import Extraction

__all__ = ["add_choices", "check_choices", "chosen_again"]

_RIVALS = 3


def add_choices(parser: Arguments) -> None:
    """What the user knows about single edges."""
    parser.add_argument(
        "--fix",
        action="append",
        default=[],
        metavar="EDGE=FUNCTION",
        help='choose the function of an edge, such as "x1 -> h1.1=sin"; may be repeated',
    )
    parser.add_argument(
        "--forbid",
        action="append",
        default=[],
        metavar="EDGE=FUNCTION",
        help='rule a function out on an edge, such as "x2 -> h1.1=exp"; may be repeated',
    )
    parser.add_argument(
        "--edges", action="store_true", help="list the edges with their functions and runners-up"
    )


def check_choices(options: argparse.Namespace) -> None:
    """Refuse choices that cannot be read, and unknown functions, before the work begins."""
    for word in ("fix", "forbid"):
        _pairs(word, getattr(options, word))
    if options.fix or options.forbid:
        from kansym.symbolic.library.library import LIBRARY

        for word in ("fix", "forbid"):
            for _, function in _pairs(word, getattr(options, word)):
                LIBRARY[function]


def chosen_again(result: "Extraction", options: argparse.Namespace) -> "Extraction":
    """The result with the functions that were fixed or forbidden; the rest is chosen anew."""
    if options.fix or options.forbid:
        result = result.choose_again(
            fix=_pairs("fix", options.fix), forbid=_pairs("forbid", options.forbid)
        )
    if options.edges:
        for report in result.edges:
            rivals = ", ".join(fit.candidate.name for fit in report.alternatives[:_RIVALS])
            name = report.fit.candidate.name if report.fit else "none"
            say(f"{report.name} = {name}" + (f"   (next: {rivals})" if rivals else ""))
        say()
    return result


def _pairs(word: str, texts: list[str]) -> list[tuple[str, str]]:
    """Edges and functions; a function has no equals sign, the name of a column may."""
    found = []
    for text in texts:
        edge, _, function = text.rpartition("=")
        if not edge.strip() or not function.strip():
            raise InputError(
                f"--{word} was given {text!r}, expected an edge and a function such as "
                f'"x1 -> h1.1=sin": mend it, --edges lists the edges.'
            )
        found.append((edge.strip(), function.strip()))
    return found
