"""A report as one HTML page that needs no network and no script."""

from functools import singledispatch
from html import escape as escape_html
from importlib.resources import files

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

__all__ = ["fragment", "to_html"]


def escape(text: str) -> str:
    """Text as text of HTML; line breaks of a listing stay."""
    return "\n".join(escape_html(printable(part)) for part in text.split("\n"))


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_CLASS = {"l": "left", "r": "right", "c": "centre"}


def to_html(document: Document) -> str:
    """A whole page; the content policy in its head forbids scripts and every request.

    Examples
    --------
    >>> text = to_html(Document("A & B", ()))
    >>> "<title>A &amp; B</title>" in text, "<script" in text
    (True, False)
    """
    style = files("kansym.documents").joinpath("style.css").read_text(encoding="utf-8")
    subtitle = f'<p class="subtitle">{_line(document.subtitle)}</p>' if document.subtitle else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<main>\n<header><h1>{escape(document.title)}</h1>{subtitle}</header>\n"
        f"{_blocks(document.blocks)}\n</main>\n</body>\n</html>\n"
    )


def fragment(blocks: tuple[Block, ...]) -> str:
    """Blocks without a page around them, for a notebook cell."""
    return f'<div class="kansym">{_blocks(blocks)}</div>'


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(_block(block) for block in blocks)


def _line(content: Line) -> str:
    return "".join(_inline(piece) for piece in content)


def _inline(piece: Inline) -> str:
    """Text within a line."""
    match piece:
        case str():
            return escape(piece)
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Strong(text):
            return f"<strong>{escape(text)}</strong>"
        case Link(text, url):
            return f'<a href="{escape(url)}">{escape(text)}</a>'
        case Maths(mathml, _, text):
            return f'<math alttext="{escape(text)}">{mathml}</math>'
        case Number(mantissa, None):
            return f'<span class="number">{escape(mantissa)}</span>'
        case Number(mantissa, exponent):
            power = str(exponent).replace("-", "−")
            return f'<span class="number">{escape(mantissa)} × 10<sup>{power}</sup></span>'


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(f"No HTML for {type(block).__name__}.")


@_block.register
def _(block: Paragraph) -> str:
    kind = ' class="lead"' if block.lead else ""
    return f"<p{kind}>{_line(block.content)}</p>"


def _size(maths: Maths) -> str:
    """A class for formulas that are too long to be set large: browsers break no lines in them."""
    return " longest" if len(maths.text) > 140 else " long" if len(maths.text) > 70 else ""


@_block.register
def _(block: Equation) -> str:
    alternative = escape(block.maths.text)
    return (
        f'<div class="equation{_size(block.maths)}"><math display="block" alttext="{alternative}">'
        f"{block.maths.mathml}</math></div>"
    )


@_block.register
def _(block: Tabular) -> str:
    caption = f"<figcaption>{_line(block.caption)}</figcaption>" if block.caption else ""
    places = [_CLASS[letter] for letter in block.align]
    head = "".join(
        f'<th scope="col" class="{place}">{_line(cell)}</th>'
        for place, cell in zip(places, block.header, strict=True)
    )
    rows = []
    for i, cells in enumerate(block.rows):
        mark = ' class="marked"' if i == block.marked else ""
        text = "".join(
            f'<td class="{place}">{_line(cell)}</td>'
            for place, cell in zip(places, cells, strict=True)
        )
        rows.append(f"<tr{mark}>{text}</tr>")
    return (
        f'<figure class="table">{caption}<div><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></figure>"
    )


@_block.register
def _(block: Illustration) -> str:
    return (
        f"<figure>{block.picture.svg(block.description)}"
        f"<figcaption>{_line(block.caption)}</figcaption></figure>"
    )


@_block.register
def _(block: Gallery) -> str:
    caption = f'<p class="caption">{_line(block.caption)}</p>' if block.caption else ""
    return f'<div class="gallery">{_blocks(block.figures)}</div>{caption}'


@_block.register
def _(block: Notice) -> str:
    role = ' role="alert"' if block.kind == "warning" else ""
    return (
        f'<div class="notice {block.kind}"{role}><p><strong>{escape(block.title)}.</strong> '
        f"{_line(block.content)}</p></div>"
    )


@_block.register
def _(block: Listing) -> str:
    return f"<pre><code>{escape(block.text)}</code></pre>"


@_block.register
def _(block: Items) -> str:
    name = "ol" if block.numbered else "ul"
    return f"<{name}>{''.join(f'<li>{_line(item)}</li>' for item in block.lines)}</{name}>"


@_block.register
def _(block: Details) -> str:
    return f"<details><summary>{escape(block.summary)}</summary>{_blocks(block.blocks)}</details>"


@_block.register
def _(block: Section) -> str:
    return f"<section><h2>{escape(block.title)}</h2>{_blocks(block.blocks)}</section>"
