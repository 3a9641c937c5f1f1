"""Drawings for LaTeX: the shapes of a picture as TikZ."""

from kansym.documents.names import escape_latex
from kansym.documents.pictures import (
    Circle,
    Curve,
    Group,
    Label,
    Path,
    Picture,
    Rectangle,
    Shape,
)

__all__ = ["tikz"]

_ANCHOR = {"start": "base west", "middle": "base", "end": "base east"}


_PAGE = 600.0


def tikz(picture: Picture, width: float) -> str:
    r"""A picture as a ``tikzpicture``, scaled down to fit a width in points and a page.

    Examples
    --------
    >>> print(tikz(Picture(10, 10, (Circle((5, 5), 2),)), 100))
    \begin{tikzpicture}[x=1pt,y=-1pt,scale=1]
    \draw[draw={rgb,255:red,0;green,0;blue,0},fill={rgb,255:red,255;green,255;blue,255},line width=1pt] (5,5) circle[radius=2pt];
    \end{tikzpicture}
    """  # noqa: E501 - the output is one line
    scale = min(1.0, width / picture.width, _PAGE / picture.height)
    body = "\n".join(_shape(shape, scale) for shape in picture.shapes)
    return f"\\begin{{tikzpicture}}[x=1pt,y=-1pt,scale={scale:.4g}]\n{body}\n\\end{{tikzpicture}}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _point(point: tuple[float, float]) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _colour(code: str) -> str:
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _look(stroke: str, width: float, fill: str = "", dashed: bool = False) -> str:
    parts = [f"draw={_colour(stroke)}"] if stroke else []
    parts += [f"fill={_colour(fill)}"] if fill else []
    parts += ["dashed"] if dashed else []
    return ",".join([*parts, f"line width={_number(width)}pt"])


def _shape(shape: Shape, scale: float) -> str:
    """One shape as a TikZ command; line widths and letters shrink with the drawing."""
    match shape:
        case Path(points, stroke, width, fill, dashed):
            look = _look(stroke, width * scale, fill, dashed)
            command = "\\draw" if stroke else "\\fill"
            end = " -- cycle" if fill else ""
            return f"{command}[{look}] {' -- '.join(_point(p) for p in points)}{end};"
        case Curve(start, end, stroke, width):
            first, second = shape.controls()
            return (
                f"\\draw[{_look(stroke, width * scale)}] {_point(start)} .. controls "
                f"{_point(first)} and {_point(second)} .. {_point(end)};"
            )
        case Circle(centre, radius, stroke, fill, width):
            look = _look(stroke, width * scale, fill)
            return f"\\draw[{look}] {_point(centre)} circle[radius={_number(radius * scale)}pt];"
        case Rectangle(corner, size, stroke, fill, width, dashed):
            far = corner[0] + size[0], corner[1] + size[1]
            look = _look(stroke, width * scale, fill, dashed)
            return f"\\draw[{look}] {_point(corner)} rectangle {_point(far)};"
        case Label():
            return _label(shape, scale)
        case Group(shapes):
            return "\n".join(_shape(part, scale) for part in shapes)


def _label(label: Label, scale: float) -> str:
    text = escape_latex(label.text)
    if label.italic:
        text = rf"\textit{{{text}}}"
    if label.subscript:
        text += rf"\textsubscript{{{escape_latex(label.subscript)}}}"
    if label.superscript:
        text += rf"\textsuperscript{{{escape_latex(label.superscript)}}}"
    size = max(label.size * scale, 4.0)
    font = rf"\fontsize{{{_number(size)}}}{{{_number(size * 1.2)}}}\selectfont"
    turn = ",rotate=90" if label.turned else ""
    return (
        f"\\node[anchor={_ANCHOR[label.anchor]},inner sep=0pt,font={{{font}}},"
        f"text={_colour(label.colour)}{turn}] at {_point(label.at)} {{{text}}};"
    )
