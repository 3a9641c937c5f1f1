"""A report as Markdown; formulas between dollar signs, drawings as embedded images."""

import base64
import re
from functools import singledispatch
from hashlib import sha256
from html import escape

from kansym.documents.blocks import (
    Block,
    Code,
    Details,
    Document,
    Equation,
    Gallery,
    Illustration,
    Inline,
    Items,
    Line,
    Link,
    Listing,
    Maths,
    Notice,
    Number,
    Paragraph,
    Section,
    Strong,
    Tabular,
)
from kansym.shared.printable_text import printable

__all__ = ["to_markdown"]

_RULES = {"l": ":---", "r": "---:", "c": ":---:"}
_SPECIAL = "\\`*_[]|~$"
_FIRST = re.compile(r"^(\s*)([#+=>-]|\d+[.)])")
_IMAGE = "data:image/svg+xml;base64,"


def to_markdown(document: Document) -> str:
    r"""The whole report; its images stand at the end, so that the text stays readable.

    Examples
    --------
    >>> print(to_markdown(Document("a_b", ())))
    # a\_b
    <BLANKLINE>
    """
    head = f"# {_text(document.title)}\n"
    if document.subtitle:
        head += f"\n{_line(document.subtitle)}\n"
    body = "\n".join(_block(block) for block in document.blocks)
    return f"{head}\n{body}".rstrip() + "\n" + _images(document)


def _figures(blocks: tuple[Block, ...]) -> list[Illustration]:
    """All figures of a report, in order."""
    found: list[Illustration] = []
    for block in blocks:
        match block:
            case Illustration():
                found.append(block)
            case Gallery():
                found += block.figures
            case Section() | Details():
                found += _figures(block.blocks)
    return found


def _images(document: Document) -> str:
    """The drawings as link definitions, which Markdown does not show."""
    lines = []
    for figure in dict.fromkeys(_figures(document.blocks)):
        drawn = figure.picture.svg(figure.description).encode()
        lines.append(f"[{_key(figure)}]: {_IMAGE}{base64.b64encode(drawn).decode()}\n")
    return "\n" + "".join(lines) if lines else ""


def _key(figure: Illustration) -> str:
    """A label for an image, the same whenever the figure is the same."""
    drawn = figure.picture.svg(figure.description).encode()
    return f"figure-{sha256(drawn).hexdigest()[:10]}"


def _text(text: str) -> str:
    """Plain text: no character keeps a meaning in Markdown or HTML."""
    text = escape(printable(" ".join(text.split())), quote=False) if text.strip() else text
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)


def _line(content: Line) -> str:
    return "".join(_inline(piece) for piece in content)


def _inline(piece: Inline) -> str:
    """Text within a line."""
    match piece:
        case str():
            lead = " " * (len(piece) - len(piece.lstrip())) if piece.strip() else ""
            tail = " " * (len(piece) - len(piece.rstrip()))
            return f"{lead}{_text(piece)}{tail}" if piece.strip() else piece
        case Code(text):
            return f"<code>{_text(text)}</code>"
        case Strong(text):
            return f"**{_text(text)}**"
        case Link(text, url):
            return f"[{_text(text)}](<{url.replace('>', '%3E').replace('<', '%3C')}>)"
        case Maths(_, latex, _):
            return f"${_safe(latex)}$"
        case Number(mantissa, None):
            return mantissa
        case Number(mantissa, exponent):
            return f"{mantissa} × 10<sup>{exponent}</sup>"


def _safe(latex: str) -> str:
    """Formulas in cells and beside HTML: no bar and no bracket of a tag."""
    changes = {"|": r"\vert ", "<": r"\lt ", ">": r"\gt "}
    return "".join(changes.get(letter, letter) for letter in latex)


def _harmless(found: re.Match[str]) -> str:
    """A sign at the beginning of a paragraph; of a number, its point."""
    lead, sign = found[1], found[2]
    return f"{lead}{sign[:-1]}\\{sign[-1]}"


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(f"No Markdown for {type(block).__name__}.")


@_block.register
def _(block: Paragraph) -> str:
    # Some characters act at the beginning of a paragraph only.
    return _FIRST.sub(_harmless, _line(block.content)) + "\n"


@_block.register
def _(block: Equation) -> str:
    return f"$$\n{_safe(block.maths.latex)}\n$$\n"


@_block.register
def _(block: Tabular) -> str:
    head = " | ".join(_line(cell) for cell in block.header)
    rules = " | ".join(_RULES[letter] for letter in block.align)
    lines = [f"| {head} |", f"| {rules} |"]
    for i, cells in enumerate(block.rows):
        parts = [_line(cell) for cell in cells]
        if i == block.marked:
            parts[0] = f"**→** {parts[0]}"
        lines.append(f"| {' | '.join(parts)} |")
    caption = f"{_line(block.caption)}\n\n" if block.caption else ""
    return caption + "\n".join(lines) + "\n"


@_block.register
def _(block: Illustration) -> str:
    return f"![{_text(block.description)}][{_key(block)}]\n\n{_line(block.caption)}\n"


@_block.register
def _(block: Gallery) -> str:
    caption = f"{_line(block.caption)}\n" if block.caption else ""
    return "\n".join(_block(figure) for figure in block.figures) + "\n" + caption


@_block.register
def _(block: Notice) -> str:
    return f"> **{_text(block.title)}.** {_line(block.content)}\n"


@_block.register
def _(block: Listing) -> str:
    fence = "```"
    while fence in block.text:
        fence += "`"
    text = "\n".join(printable(part) for part in block.text.splitlines())
    return f"{fence}{block.language}\n{text}\n{fence}\n"


@_block.register
def _(block: Items) -> str:
    lines = [
        f"{f'{i}.' if block.numbered else '-'} {_line(item)}"
        for i, item in enumerate(block.lines, start=1)
    ]
    return "\n".join(lines) + "\n"


@_block.register
def _(block: Details) -> str:
    return f"**{_text(block.summary)}**\n\n" + "\n".join(_block(part) for part in block.blocks)


@_block.register
def _(block: Section) -> str:
    return f"## {_text(block.title)}\n\n" + "\n".join(_block(part) for part in block.blocks)
