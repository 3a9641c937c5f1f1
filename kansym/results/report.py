"""Reports: a result becomes a page to read, as HTML, Markdown or LaTeX.

:func:`report` writes, :func:`render` returns the same text. A page is a tree of blocks
(:mod:`kansym.documents.blocks`), and each format is one printer of that tree.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kansym.documents.blocks import Block
from kansym.documents.formats import FORMATS, format_of
from kansym.results.page import document
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.whole_files import check_place, write_text

__all__ = ["render", "report"]


@np.errstate(all="ignore")
def render(
    result: Extraction,
    format: str = "html",
    *,
    title: str | None = None,
    extra: Iterable[Block] = (),
    brief: bool = False,
) -> str:
    """The report on a formula as text.

    Parameters
    ----------
    result : what `kansym.extract` returned.
    format : ``"html"``, ``"md"`` or ``"tex"``.
    title : of the page; made from the name of the output if not given.
    extra : blocks of :mod:`kansym.documents.blocks` to add.
    brief : without the drawings of the network and its edges, which take most of the time.
    """
    if format not in FORMATS:
        raise InputError(f"There is no report format {format!r}: use one of {sorted(FORMATS)}.")
    return FORMATS[format](document(result, title, extra, brief=brief))


def report(
    result: Extraction,
    path: str | Path,
    *,
    title: str | None = None,
    extra: Iterable[Block] = (),
    brief: bool = False,
) -> Path:
    """Write the report on a formula; the ending of the name (.html, .md, .tex) is the format.

    The HTML page stands alone: drawings and formulas are part of it, nothing is loaded from
    elsewhere and no script runs. The file appears as a whole or not at all.

    Parameters
    ----------
    result : what `kansym.extract` returned.
    path : of the file; its directory must exist.
    title : of the page; made from the name of the output if not given.
    extra : blocks of :mod:`kansym.documents.blocks` to add.
    brief : without the drawings of the network and its edges, which take most of the time.

    Returns
    -------
    The path.

    Raises
    ------
    InputError
        For an unknown ending or a directory that does not exist.
    """
    if not isinstance(result, Extraction):
        raise InputError(
            f"A {type(result).__name__} was given, expected what kansym.extract returned."
        )
    chosen = format_of(path)
    check_place(path)
    return write_text(path, render(result, chosen, title=title, extra=extra, brief=brief))
