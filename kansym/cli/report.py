"""``kansym report``: write the report on a saved result."""

import argparse
from pathlib import Path

from kansym.cli.outputs import check_outputs, wrote
from kansym.shared.errors import InputError

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "report"
HELP = "write the report on a result saved as JSON"
DESCRIPTION = "Write the report on a result that kansym fit or kansym extract saved with --json."
EXAMPLE = "kansym report result.json --out report.html"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("result", metavar="RESULT.json", help="the saved result")
    parser.add_argument("--out", required=True, metavar="REPORT", help="ends in .html, .md or .tex")
    parser.add_argument("--title", help="title of the page")


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Read the result and write the page."""
    from kansym.results.report import report

    check_outputs(options, options.result)
    text = _read(options.result)

    from kansym.results.result import Extraction

    report(Extraction.from_json(text), options.out, title=options.title)
    wrote("report", options.out, kept)


def _read(path: str) -> str:
    """The contents of a text file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path!r}: check its name and folder.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path!r} is not a result that kansym saved: save it again with --json."
        ) from error
