"""Drawings of matplotlib as parts of a page: SVG for HTML and Markdown, PGF for LaTeX.

matplotlib is loaded when the first drawing is made. The same drawing gives the same text.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from kansym.documents.names import escape_latex
from kansym.shared.printable_text import printable
from kansym.shared.symbol_names import latex_name, name_of
from kansym.shared.tables import split_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "GREY",
    "INK",
    "Picture",
    "add_note",
    "load_drawing",
    "new_axes",
    "on_screen",
    "shown_name",
    "styled",
]

INK, GREY = "#222222", "#8a8f98"
PIXEL = 1 / 96
"""Inches: the pixel of CSS, in which sizes on the page are given."""
TALLEST = 600.0
"""Points of a page that a drawing in LaTeX may be high."""
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#c3c7ce",
    "axes.formatter.limits": (-3, 5),
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.6,
    "figure.facecolor": "none",
    "font.family": "STIXGeneral",  # of matplotlib itself; on the page any serif letters will do
    "font.size": 8.5,
    "grid.color": "#e6e8ec",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "mathtext.fontset": "stix",
    "pgf.rcfonts": False,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "kansym",
    "text.color": INK,
    "xtick.labelcolor": "#555555",
    "xtick.labelsize": 7.5,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.labelcolor": "#555555",
    "ytick.labelsize": 7.5,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}
_ON_SCREEN = ContextVar("on_screen", default=False)
_LETTERS = "'STIX Two Text', 'Libertinus Serif', Charter, Georgia, 'Times New Roman', serif"


@contextmanager
def styled() -> Iterator[None]:
    """The style of the pages, as a context or around a function.

    Letters that the fonts of matplotlib lack come from those of the reader.
    """
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


@contextmanager
def on_screen() -> Iterator[None]:
    """Figures made here are those of pyplot, which notebooks and ``pyplot.show()`` show.

    A context or around a function. Their ground is white; on a page they have none.
    """
    token = _ON_SCREEN.set(True)
    try:
        yield
    finally:
        _ON_SCREEN.reset(token)


def new_axes(
    width: float, height: float, left: float = 0, right: float = 0, below: float = 0, top: float = 0
) -> "Axes":
    """Axes on a figure of their own, in the style of the pages.

    Parameters
    ----------
    width, height : of the figure, in pixels of the page.
    left, right, below, top : room beside the axes, in pixels; a layout that measures its letters
        would take twice the time. A common factor of the ticks, 1e6 say, needs 16 above.

    Examples
    --------
    >>> new_axes(480, 240).figure.get_size_inches().tolist()
    [5.0, 2.5]
    """
    frame = ((width - left - right) / width, (height - below - top) / height)
    with styled():
        figure = _new_figure((width * PIXEL, height * PIXEL))
        return figure.add_axes((left / width, below / height, *frame))


def load_drawing() -> None:
    """Load matplotlib, its fonts and its parser of symbols, which the first drawing takes."""
    axes = new_axes(96, 96)
    axes.set_xlabel(shown_name("x1"))
    Picture(axes).svg("")


def _new_figure(size: tuple[float, float]) -> "Figure":
    """A figure of a size in inches."""
    if _ON_SCREEN.get():
        from matplotlib import pyplot

        return pyplot.figure(figsize=size, facecolor="white")
    from matplotlib.figure import Figure

    return Figure(size)


def shown_name(text: str) -> str:
    r"""A name as matplotlib typesets it: a symbol where it is one, plain letters otherwise; units.

    Examples
    --------
    >>> shown_name("x1"), shown_name("cost in $")
    ('$x_{1}$', 'cost in \\$')
    >>> shown_name("c [mol/L]")
    '$c$ (mol/L)'
    """
    name, unit = split_unit(text)
    if unit and text.endswith("]"):
        return f"{shown_name(name)} ({_plain(unit)})"
    return f"${latex_name(text)}$" if name_of(text).italic else _plain(text)


def _plain(text: str) -> str:
    """Letters none of which acts."""
    return printable(text).replace("$", r"\$")


def add_note(artist: Any, text: str) -> None:
    """Words shown when the pointer rests on a part of a drawing."""
    artist.set_gid(f"note:{printable(text)}")


class Picture:
    """A figure of matplotlib, printed when it is asked for.

    Parameters
    ----------
    axes : any of the figure's axes.

    Examples
    --------
    >>> Picture(new_axes(96, 96)).svg("empty axes")[:26]
    '<svg role="img" aria-label'
    """

    def __init__(self, axes: "Axes"):
        figure: Any = axes.figure
        self.figure: Figure = figure

    def svg(self, description: str) -> str:
        """As an SVG element; the description is read out where a drawing cannot be seen."""
        return f'<svg role="img" aria-label="{escape(printable(description))}" {self._svg}'

    @cached_property
    def _svg(self) -> str:
        """What follows the beginning of the element: no scripts, styles, comments or own fonts."""
        out = StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with styled():
            self.figure.savefig(out, format="svg", metadata=nothing)
        text = out.getvalue().partition("<svg ")[2]
        text = re.sub(r"<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.DOTALL)
        text = re.sub(r"""<g id=(["'])note:(.*?)\1>""", r"<g><title>\2</title>", text)
        text = re.sub(r"""<g id=(["']).*?\1>""", "<g>", text)
        text = re.sub(r"; font-family: '\w+'", "", text)
        text = re.sub(r"\s*\n\s*", " ", text).strip()
        return f'font-family="{_LETTERS}" {text}'

    def pgf(self, width: float) -> str:
        """As LaTeX that needs the packages pgf and graphicx, not larger than a width in points."""
        from matplotlib.backend_bases import RendererBase
        from matplotlib.backends.backend_pgf import RendererPgf

        class Printer(RendererPgf):
            """Letters are measured by matplotlib, so that no LaTeX has to run."""

            get_text_width_height_descent = RendererBase.get_text_width_height_descent

            def draw_text(self, gc, x, y, s, *rest, ismath=False, **more):
                text = s if ismath else escape_latex(s)
                super().draw_text(gc, x, y, text, *rest, ismath=ismath, **more)

        across, up = self.figure.get_size_inches()
        scale = min(1.0, width / (72.27 * across), TALLEST / (72.27 * up))
        out = StringIO()
        with styled():
            self.figure.draw(Printer(self.figure, out))
        return (
            "\\begin{lrbox}{\\drawing}\\makeatletter\n\\begin{pgfpicture}\n"
            f"\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{across:.4f}in}}{{{up:.4f}in}}}}\n"
            f"\\pgfusepath{{use as bounding box, clip}}\n{out.getvalue()}\\end{{pgfpicture}}\n"
            f"\\makeatother\\end{{lrbox}}\\scalebox{{{scale:.4g}}}{{\\usebox{{\\drawing}}}}"
        )
