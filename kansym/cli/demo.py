"""``kansym demo``: the Rydberg formula from measured lines of hydrogen, twice."""

import argparse
from pathlib import Path

from kansym.cli.arguments import add_quiet, add_seed
from kansym.cli.console import say
from kansym.cli.outputs import wrote
from kansym.shared.errors import InputError

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "demo"
HELP = "find the Rydberg formula in the lines of hydrogen"
DESCRIPTION = (
    "Train a KAN on the vacuum wavelengths of hydrogen, read the formula off it, rewrite the KAN\n"
    "as an MLP, read that one too, and compare: half a minute on two cores."
)
EXAMPLE = "kansym demo --out kansym-demo"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--out", default="kansym-demo", metavar="FOLDER", help="for the report (kansym-demo)"
    )
    add_seed(parser)
    add_quiet(parser)


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Run the demonstration and write its report."""
    folder = Path(options.out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{options.out!r} is a file: give --out a folder.")

    from kansym.results.report import report
    from kansym.shared.progress import progress_bar
    from kansym.studies.hydrogen import run_demo

    with progress_bar(options.progress is None, "kansym demo") as tell:
        demo = run_demo(seed=options.seed, progress=tell)
        folder.mkdir(parents=True, exist_ok=True)
        place = report(demo.kan, folder / "report.html", title=demo.title, extra=demo.blocks())
    say(f"{demo}\n")
    wrote("report", place, kept)
