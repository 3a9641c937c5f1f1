"""The parts of a report as data: one tree of blocks, printed as HTML, Markdown or LaTeX.

Text in a block is plain text, never markup: every printer escapes what it prints, so that a
column named ``<script>`` is shown and not obeyed.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

__all__ = [
    "Block",
    "Code",
    "Details",
    "Document",
    "Drawing",
    "Equation",
    "Gallery",
    "Illustration",
    "Inline",
    "Items",
    "Line",
    "Link",
    "Listing",
    "Maths",
    "Notice",
    "Number",
    "Paragraph",
    "Section",
    "Strong",
    "Tabular",
    "line",
    "row",
]


@dataclass(frozen=True)
class Maths:
    """Mathematics in the three notations that the printers need.

    Examples
    --------
    >>> Maths("<mi>x</mi>", "x", "x").text
    'x'
    """

    mathml: str
    latex: str
    text: str


@dataclass(frozen=True)
class Code:
    """A few words in typewriter letters."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words that matter."""

    text: str


@dataclass(frozen=True)
class Link:
    """A web address behind words; nothing is fetched unless the reader follows it."""

    text: str
    url: str


@dataclass(frozen=True)
class Number:
    """A number as written, mantissa times ten to the exponent.

    Examples
    --------
    >>> str(Number("1.0968", 7)), str(Number("0.25"))
    ('1.0968e7', '0.25')
    """

    mantissa: str
    exponent: int | None = None

    def __str__(self) -> str:
        return self.mantissa if self.exponent is None else f"{self.mantissa}e{self.exponent}"


Inline = str | Maths | Code | Strong | Link | Number
Line = tuple[Inline, ...]


def line(*pieces: Inline) -> Line:
    """A line of text made of pieces.

    Examples
    --------
    >>> line("see ", Code("fit"))
    ('see ', Code(text='fit'))
    """
    return pieces


def row(*cells: Inline | Line) -> tuple[Line, ...]:
    """A row of a table; a cell is one piece or a line.

    Examples
    --------
    >>> row("a", ("b", "c"))
    (('a',), ('b', 'c'))
    """
    return tuple(cell if isinstance(cell, tuple) else (cell,) for cell in cells)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; the lead paragraph of a page is set larger."""

    content: Line
    lead: bool = False


@dataclass(frozen=True)
class Equation:
    """A displayed formula."""

    maths: Maths


@dataclass(frozen=True)
class Tabular:
    """A table with a caption.

    Parameters
    ----------
    header : one line per column.
    rows : one line per cell.
    align : one letter per column: ``l`` left, ``r`` right, ``c`` centre.
    caption : what the table shows.
    marked : the row to set off, if any.

    Examples
    --------
    >>> Tabular(row("a"), (row("1"), row("2")), "r").rows[1]
    (('2',),)
    """

    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    align: str
    caption: Line = ()
    marked: int | None = None


@runtime_checkable
class Drawing(Protocol):
    """What the printers ask of a drawing; `kansym.documents.pictures.Picture` has it."""

    def svg(self, description: str) -> str: ...

    def pgf(self, width: float) -> str: ...


@dataclass(frozen=True)
class Illustration:
    """A drawing with a caption; `description` is read out where a drawing cannot be seen."""

    picture: Drawing
    caption: Line
    description: str


@dataclass(frozen=True)
class Gallery:
    """Small figures side by side."""

    figures: tuple[Illustration, ...]
    caption: Line = ()


@dataclass(frozen=True)
class Notice:
    """A sentence to stop at: good news, a remark or a warning."""

    kind: Literal["good", "remark", "warning"]
    title: str
    content: Line


@dataclass(frozen=True)
class Listing:
    """Source code to copy."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Items:
    """A list of lines, numbered or not."""

    lines: tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away behind a summary where the medium can fold."""

    summary: str
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: "tuple[Block, ...]"


Block = (
    Paragraph
    | Equation
    | Tabular
    | Illustration
    | Gallery
    | Notice
    | Listing
    | Items
    | Details
    | Section
)


@dataclass(frozen=True)
class Document:
    """A whole report.

    Examples
    --------
    >>> Document("Title", (Paragraph(line("words")),)).blocks[0].content
    ('words',)
    """

    title: str
    blocks: tuple[Block, ...]
    subtitle: Line = ()
