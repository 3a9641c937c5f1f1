"""What the commands write: the report, the result as JSON, the summary on the terminal."""

import argparse
from typing import TYPE_CHECKING

from kansym.cli.console import say

if TYPE_CHECKING:
    from kansym.results.result import Extraction

__all__ = ["check_outputs", "write_outputs"]


def check_outputs(options: argparse.Namespace, *read: str | None) -> None:
    """Refuse places that cannot be written, or are read, before the work begins."""
    from kansym.documents.formats import format_of
    from kansym.shared.whole_files import check_place

    if options.out:
        format_of(options.out)
        check_place(options.out, read=filter(None, read))
    if options.json:
        check_place(options.json, "the result", filter(None, [*read, options.out]))
    if getattr(options, "save", None):
        others = filter(None, [*read, options.out, options.json])
        check_place(options.save, "the network", others)


def write_outputs(result: "Extraction", options: argparse.Namespace, kept: list[str]) -> None:
    """Print the summary and write the files that were asked for."""
    from kansym.results.report import report
    from kansym.results.text import summary
    from kansym.shared.whole_files import write_text

    say(summary(result))
    if options.json:
        write_text(options.json, result.to_json())
        kept.append(f"the result in {options.json}")
        say(f"\nresult written to {options.json}")
    if options.out:
        report(result, options.out)
        kept.append(f"the report in {options.out}")
        say(f"\nreport written to {options.out}")
