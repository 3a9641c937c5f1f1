"""The printers of documents by the ending of a file's name."""

from collections.abc import Callable
from pathlib import Path

from kansym.documents.blocks import Document
from kansym.documents.html import to_html
from kansym.documents.latex import to_latex
from kansym.documents.markdown import to_markdown
from kansym.shared.errors import InputError
from kansym.shared.whole_files import write_text

__all__ = ["FORMATS", "format_of", "write_document"]

FORMATS: dict[str, Callable[[Document], str]] = {
    "html": to_html,
    "md": to_markdown,
    "tex": to_latex,
}
"""Printers by file ending."""

_ENDINGS = {"htm": "html", "markdown": "md", "latex": "tex"}


def format_of(path: str | Path) -> str:
    """The format that a file ending asks for.

    Examples
    --------
    >>> format_of("report.html"), format_of("report.markdown")
    ('html', 'md')
    """
    ending = Path(path).suffix.lstrip(".").lower()
    chosen = _ENDINGS.get(ending, ending)
    if chosen not in FORMATS:
        raise InputError(
            f"A report cannot be written as {str(path)!r}: end its name in .html, .md or .tex."
        )
    return chosen


def write_document(document: Document, path: str | Path) -> Path:
    r"""Write any tree of blocks in the format of the file's ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = write_document(Document("Title", ()), Path(folder) / "a.md")
    ...     place.read_text(encoding="utf-8")
    '# Title\n'
    """
    return write_text(path, FORMATS[format_of(path)](document))
