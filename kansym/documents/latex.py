"""A report as a LaTeX article that compiles as it is with pdfLaTeX."""

from functools import singledispatch

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
from kansym.documents.names import escape_latex

__all__ = ["to_latex"]

_TEXT_WIDTH = 450.0
_HEAD = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,booktabs,graphicx,pgf,textcomp}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{5pt}
\newcommand{\unichar}[1]{\ifdefined\pdfoutput\texttt{[U+#1]}\else\char"#1\relax\fi}
\newsavebox{\drawing}
\newsavebox{\whole}
\newcommand{\mathdefault}[1]{#1}
\newcommand{\fitwidth}[1]{\sbox{\whole}{#1}\ifdim\wd\whole>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\whole}}\else\usebox{\whole}\fi}
"""


def to_latex(document: Document) -> str:
    r"""The whole report.

    Examples
    --------
    >>> text = to_latex(Document("50 %", ()))
    >>> r"\title{50 \%}" in text and text.endswith("\\end{document}\n")
    True
    """
    body = "\n".join(_block(block) for block in document.blocks)
    subtitle = _line(document.subtitle)
    return (
        f"{_HEAD}\\title{{{escape_latex(document.title)}}}\n\\author{{}}\n\\date{{{subtitle}}}\n"
        f"\\begin{{document}}\n\\maketitle\n{body}\n\\end{{document}}\n"
    )


def _line(content: Line) -> str:
    return "".join(_inline(piece) for piece in content)


def _inline(piece: Inline) -> str:
    """Text within a line."""
    match piece:
        case str():
            return escape_latex(piece)
        case Code(text):
            return rf"\texttt{{{escape_latex(text)}}}"
        case Strong(text):
            return rf"\textbf{{{escape_latex(text)}}}"
        case Link(text, url):
            return rf"\href{{{_address(url)}}}{{{escape_latex(text)}}}"
        case Maths(_, latex, _):
            return f"${latex}$"
        case Number(mantissa, None):
            return escape_latex(mantissa)
        case Number(mantissa, exponent):
            return rf"{escape_latex(mantissa)}$\,\times\,10^{{{exponent}}}$"


def _address(url: str) -> str:
    """A web address inside a command: percent signs and the like keep their meaning."""
    kept = "".join(letter for letter in url if letter not in "\\{}")
    return kept.replace("%", r"\%").replace("#", r"\#").replace("&", r"\&").replace("_", r"\_")


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(f"No LaTeX for {type(block).__name__}.")


@_block.register
def _(block: Paragraph) -> str:
    return f"{_line(block.content)}\n"


@_block.register
def _(block: Equation) -> str:
    fitted = rf"\fitwidth{{$\displaystyle {block.maths.latex}$}}"
    return f"\\begin{{center}}\n{fitted}\n\\end{{center}}\n"


@_block.register
def _(block: Tabular) -> str:
    lines = [" & ".join(_line(cell) for cell in block.header) + r" \\ \midrule"]
    for i, cells in enumerate(block.rows):
        parts = [_line(cell) for cell in cells]
        if i == block.marked:
            parts[0] = rf"$\to$ {parts[0]}"
        lines.append(" & ".join(parts) + r" \\")
    body = "\n".join(lines)
    tabular = f"\\begin{{tabular}}{{{block.align}}}\n\\toprule\n{body}\n\\bottomrule\n"
    caption = f"{_line(block.caption)}\\par\\smallskip\n" if block.caption else ""
    return (
        f"\\begin{{center}}\n{caption}\\fitwidth{{%\n{tabular}\\end{{tabular}}}}\n\\end{{center}}\n"
    )


@_block.register
def _(block: Illustration) -> str:
    drawing = block.picture.pgf(_TEXT_WIDTH)
    return f"\\begin{{center}}\n{drawing}\\par\n{_line(block.caption)}\n\\end{{center}}\n"


@_block.register
def _(block: Gallery) -> str:
    width = _TEXT_WIDTH * 0.31
    cells = [
        "\\begin{minipage}[t]{0.32\\linewidth}\\centering\n"
        f"{figure.picture.pgf(width)}\\par\n{{\\footnotesize {_line(figure.caption)}\\par}}\n"
        "\\end{minipage}"
        for figure in block.figures
    ]
    rows = [cells[i : i + 3] for i in range(0, len(cells), 3)]
    body = "\\par\\medskip\n".join("\\hfill\n".join(cells) + "\\hfill\\null" for cells in rows)
    return f"{body}\n\n{_line(block.caption)}\n"


@_block.register
def _(block: Notice) -> str:
    words = rf"\textbf{{{escape_latex(block.title)}.}} {_line(block.content)}"
    return f"\\begin{{quote}}\n{words}\n\\end{{quote}}\n"


@_block.register
def _(block: Listing) -> str:
    lines = [rf"\texttt{{{escape_latex(text)}}}" for text in block.text.splitlines()]
    text = "\\\\\n".join(lines).replace("    ", r"\quad{}")
    return f"\\begin{{flushleft}}\\small\n{text}\n\\end{{flushleft}}\n"


@_block.register
def _(block: Items) -> str:
    name = "enumerate" if block.numbered else "itemize"
    lines = "\n".join(rf"\item {_line(item)}" for item in block.lines)
    return f"\\begin{{{name}}}\n{lines}\n\\end{{{name}}}\n"


@_block.register
def _(block: Details) -> str:
    inner = "\n".join(_block(part) for part in block.blocks)
    return f"\\paragraph{{{escape_latex(block.summary)}}}\n{inner}"


@_block.register
def _(block: Section) -> str:
    inner = "\n".join(_block(part) for part in block.blocks)
    return f"\\section*{{{escape_latex(block.title)}}}\n{inner}"
