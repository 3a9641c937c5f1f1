"""``kansym claims``: what is said about KANs and MLPs, tested claim by claim."""

import argparse
from pathlib import Path

from kansym.cli.arguments import add_quiet, names, positive
from kansym.cli.console import say
from kansym.cli.outputs import check_outputs, wrote

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "claims"
HELP = "test what is said about KANs and MLPs, claim by claim"
DESCRIPTION = (
    "Run what tests each claim and write a page with statements, figures over seeds and verdicts.\n"
    "A full run takes about an hour on two cores; with --quick it takes a minute. Finished pieces\n"
    "are kept in a file beside the page, so that an interrupted run goes on where it was."
)
EXAMPLE = "kansym claims --quick --out claims.html"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--quick", action="store_true", help="fewer seeds and shorter training")
    parser.add_argument("--only", type=names, metavar="C1,C5", help="some claims only")
    parser.add_argument(
        "--out",
        default="claims.html",
        metavar="PAGE",
        help="the page; ends in .html, .md or .tex (claims.html)",
    )
    parser.add_argument(
        "--results",
        metavar="FILE.jsonl",
        help="file of finished pieces; by default the page's name with .jsonl",
    )
    parser.add_argument("--jobs", type=positive, default=2, help="processes at work (2)")
    add_quiet(parser)


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Run the claims and write the page."""
    from kansym.documents.formats import write_document
    from kansym.shared.whole_files import check_place

    check_outputs(options)
    results = Path(options.results or Path(options.out).with_suffix(".jsonl"))
    check_place(results, "the finished pieces", [options.out])

    from kansym.studies.claims import CLAIMS, Effort, chosen_claims, claims_document, run_claims

    chosen = list(CLAIMS.values()) if options.only is None else chosen_claims(options.only)
    kept.append(f"the finished pieces in {results}, from which the same command goes on")
    report = run_claims(
        chosen,
        effort=Effort.QUICK if options.quick else Effort.FULL,
        results=results,
        jobs=options.jobs,
        progress=options.progress,
    )
    write_document(claims_document(report), options.out)
    say(f"{report}\n")
    wrote("page", options.out, kept)
