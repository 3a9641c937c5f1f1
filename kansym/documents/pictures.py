"""Vector drawings as data, printed as SVG here and as TikZ by the LaTeX printer.

Coordinates are in points of a page whose origin is the top left corner, y downwards.
"""

from dataclasses import dataclass
from html import escape as escape_html
from typing import Literal

from kansym.shared.printable_text import printable

__all__ = ["Circle", "Curve", "Group", "Label", "Path", "Picture", "Rectangle", "Shape", "svg"]

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Path:
    """A chain of straight strokes, closed and filled if a fill is given."""

    points: tuple[Point, ...]
    stroke: str = "#000000"
    width: float = 1.0
    fill: str = ""
    dashed: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class Curve:
    """A smooth connection of two points that starts and ends horizontally."""

    start: Point
    end: Point
    stroke: str = "#000000"
    width: float = 1.0
    opacity: float = 1.0

    def controls(self) -> tuple[Point, Point]:
        """The two inner control points of the cubic Bezier curve."""
        middle = (self.start[0] + self.end[0]) / 2
        return (middle, self.start[1]), (middle, self.end[1])


@dataclass(frozen=True)
class Circle:
    """A disc with an outline."""

    centre: Point
    radius: float
    stroke: str = "#000000"
    fill: str = "#ffffff"
    width: float = 1.0


@dataclass(frozen=True)
class Rectangle:
    """A box given by its top left corner and size."""

    corner: Point
    size: Point
    stroke: str = "#000000"
    fill: str = "#ffffff"
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Label:
    """Words at a point of their baseline; `subscript` follows them, lowered and smaller."""

    at: Point
    text: str
    size: float = 11.0
    anchor: Anchor = "middle"
    colour: str = "#222222"
    italic: bool = False
    subscript: str = ""
    superscript: str = ""
    turned: bool = False


@dataclass(frozen=True)
class Group:
    """Shapes that belong together, with a note shown when the pointer rests on them."""

    shapes: "tuple[Shape, ...]"
    note: str = ""


Shape = Path | Curve | Circle | Rectangle | Label | Group


@dataclass(frozen=True)
class Picture:
    """A drawing of a given size, in points.

    Examples
    --------
    >>> svg(Picture(10, 10, (Circle((5, 5), 2),)), "dot").startswith("<svg ")
    True
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]


def escape(text: str) -> str:
    """Text as text of SVG."""
    return escape_html(printable(text))


def _number(value: float) -> str:
    """Two decimals at most, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _look(stroke: str, width: float, fill: str = "", dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'fill="{fill or "none"}" stroke="{stroke or "none"}" stroke-width="{_number(width)}"'
        f"{dashes}"
    )


def _opacity(value: float) -> str:
    return "" if value >= 1 else f' opacity="{_number(value)}"'


def _label(label: Label) -> str:
    x, y = label.at
    turn = f' transform="rotate(-90 {_number(x)} {_number(y)})"' if label.turned else ""
    slant = ' font-style="italic"' if label.italic else ""
    small = _number(label.size * 0.72)
    drop = _number(label.size * 0.25)
    rise = _number(label.size * 0.36)
    text = f"<tspan{slant}>{escape(label.text)}</tspan>"
    if label.subscript:
        text += f'<tspan dy="{drop}" font-size="{small}">{escape(label.subscript)}</tspan>'
    if label.superscript:
        text += f'<tspan dy="-{rise}" font-size="{small}">{escape(label.superscript)}</tspan>'
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(label.size)}" '
        f'text-anchor="{label.anchor}" fill="{label.colour}"{turn}>{text}</text>'
    )


def _shape(shape: Shape) -> str:
    """One shape as an SVG element."""
    match shape:
        case Path():
            name = "polygon" if shape.fill else "polyline"
            look = _look(shape.stroke, shape.width, shape.fill, shape.dashed)
            return f'<{name} points="{_points(shape.points)}" {look}{_opacity(shape.opacity)}/>'
        case Curve():
            first, second = shape.controls()
            rest = _points((first, second, shape.end))
            look = _look(shape.stroke, shape.width)
            return f'<path d="M{_points((shape.start,))} C{rest}" {look}{_opacity(shape.opacity)}/>'
        case Circle(centre=(x, y)):
            look = _look(shape.stroke, shape.width, shape.fill)
            return (
                f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(shape.radius)}" {look}/>'
            )
        case Rectangle(corner=(x, y), size=(width, height)):
            look = _look(shape.stroke, shape.width, shape.fill, shape.dashed)
            return (
                f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
                f'height="{_number(height)}" rx="3" {look}/>'
            )
        case Label():
            return _label(shape)
        case Group():
            note = f"<title>{escape(shape.note)}</title>" if shape.note else ""
            return f"<g>{note}{''.join(_shape(part) for part in shape.shapes)}</g>"


def svg(picture: Picture, description: str) -> str:
    """A picture as an SVG element that scales to the width of its column.

    Parameters
    ----------
    picture : what to draw.
    description : read out where the drawing cannot be seen.
    """
    width, height = _number(picture.width), _number(picture.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(description)}" '
        'font-family="Georgia, serif" stroke-linejoin="round" stroke-linecap="round">'
        f"{''.join(_shape(shape) for shape in picture.shapes)}</svg>"
    )
