"""What the commands write: the report, the result as JSON, the summary on the terminal."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kansym.cli.console import say
from kansym.cli.predictions import predictions_place, write_predictions

if TYPE_CHECKING:
    from kansym.documents.blocks import Block
    from kansym.results.result import Extraction

__all__ = ["check_outputs", "write_outputs", "wrote"]


def check_outputs(options: argparse.Namespace, *read: str | None) -> None:
    """Refuse places that cannot be written, or are read, before the work begins."""
    from kansym.documents.formats import format_of
    from kansym.documents.pictures import load_drawing
    from kansym.shared.whole_files import check_place

    options.predictions = predictions_place(options)
    given = (*read, getattr(options, "predict", None))
    taken = [path for path in given if path]
    if options.predictions:
        check_place(options.predictions, "the predictions", taken)
        taken.append(options.predictions)
    for option, what in (("out", "the report"), ("json", "the result"), ("save", "the network")):
        if place := getattr(options, option, None):
            if option == "out":
                format_of(place)
            check_place(place, what, taken)
            taken.append(place)
    if getattr(options, "out", None):
        load_drawing()  # now, not when somebody who interrupts the work waits for the report


def write_outputs(
    result: "Extraction",
    options: argparse.Namespace,
    kept: list[str],
    extra: "Iterable[Block]" = (),
) -> None:
    """Print the summary and write the files that were asked for; extra blocks for the report.

    Who interrupts the work does not wait for drawings that take as long as all else.
    """
    from kansym.extraction.weights_reading import INTERRUPTED
    from kansym.results.report import report
    from kansym.results.text import summary
    from kansym.shared.interrupts import noted_interrupts
    from kansym.shared.whole_files import write_text

    def predictions(_: bool) -> None:
        write_predictions(result, options.predict, options.decimal, options.predictions)

    def as_json(_: bool) -> None:
        write_text(options.json, result.to_json())

    def whole_report(brief: bool) -> None:
        report(result, options.out, extra=extra, brief=brief)

    files = (
        ("predictions", options.predictions, predictions),
        ("result", options.json, as_json),
        ("report", options.out, whole_report),
    )
    brief = interrupted = INTERRUPTED in result.status
    try:
        say(summary(result))
    except KeyboardInterrupt:
        brief = True
    if any(place for _, place, _ in files):
        say()
    with noted_interrupts() as noted:
        for what, place, write in files:
            if not place:
                continue
            try:
                write(brief)
            except (Exception, KeyboardInterrupt) as error:
                if not noted and not isinstance(error, KeyboardInterrupt):
                    raise
                brief = True  # the work is done: what was asked for is written all the same
                write(brief)
            wrote(what, place, kept)
    if (brief or noted) and not interrupted:
        raise KeyboardInterrupt


def wrote(what: str, place: str | Path, kept: list[str]) -> None:
    """Say what was written where, and keep it in mind in case the command ends early."""
    kept.append(f"the {what} in {place}")
    say(f"{what} written to {place}")
