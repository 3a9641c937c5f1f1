"""``kansym compare``: the answer that results give."""

import argparse

from kansym.cli.console import say
from kansym.cli.outputs import check_outputs, wrote

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "compare"
HELP = "compare kinds of networks by the results of kansym bench"
DESCRIPTION = (
    "Turn results into two answers, is the formula written in the network, and does the network\n"
    "know it: recovery by kind with intervals, paired differences, errors, complexity at equal\n"
    "fidelity, gradients, times, stability over seeds, and a verdict in words."
)
EXAMPLE = "kansym compare results.jsonl --out comparison.html"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("results", nargs="+", metavar="RESULTS.jsonl", help="of kansym bench")
    parser.add_argument("--reference", metavar="KIND", help="pair the others with this kind (kan)")
    parser.add_argument("--out", metavar="REPORT", help="ends in .html, .md or .tex")
    parser.add_argument("--title", help="title of the page")


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Read the results, print the answer, write the page."""
    from kansym.studies.comparison.comparison import compare

    check_outputs(options, *options.results)
    comparison = compare(options.results, reference=options.reference)
    say(str(comparison))
    if options.out:
        from kansym.documents.formats import write_document
        from kansym.studies.comparison.page import comparison_document

        place = write_document(comparison_document(comparison, options.title), options.out)
        say()
        wrote("comparison", place, kept)
