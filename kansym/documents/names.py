"""Names on paper: x1 becomes an x with a subscript."""

import re
from html import escape

from kansym.documents.blocks import Maths
from kansym.shared import symbol_names
from kansym.shared.printable_text import printable
from kansym.shared.symbol_names import latex_name, name_of

__all__ = [
    "escape_latex",
    "function_label",
    "name_latex",
    "symbol",
    "symbol_parts",
]


def function_label(name: str) -> str:
    """Name of a library function with small powers raised.

    Examples
    --------
    >>> function_label("1/x^2")
    '1/x²'
    """
    return re.sub(r"\^([2-5])(?!\d)", lambda found: "²³⁴⁵"[int(found[1]) - 2], name)


def escape_latex(text: str) -> str:
    r"""Plain text as LaTeX text that pdfLaTeX can set, in a report that defines ``\unichar``.

    Examples
    --------
    >>> escape_latex("50 % of ж")
    '50 \\% of \\unichar{0436}'
    """
    return _in_t1(symbol_names.escape_latex(text))


def _in_t1(text: str) -> str:
    """LaTeX's T1 letters end with Latin Extended-A."""
    return "".join(u if ord(u) < 0x180 else rf"\unichar{{{ord(u):04X}}}" for u in text)


def symbol(text: str) -> Maths:
    r"""A column or node name as mathematics.

    Examples
    --------
    >>> symbol("x1").latex, symbol("mass & energy").latex
    ('x_{1}', '\\text{mass \\& energy}')
    """
    return Maths(_name_mathml(text), name_latex(text), printable(text))


def _name_mathml(text: str) -> str:
    name = name_of(text)
    if not name.italic:
        return f"<mtext>{escape(printable(name.base))}</mtext>"
    if not name.subscript:
        return f"<mi>{escape(name.base)}</mi>"
    return f"<msub>{''.join(symbol_parts(text))}</msub>"


def symbol_parts(text: str) -> tuple[str, str]:
    """Letter and subscript of a name as two MathML elements."""
    name = name_of(text)
    return f"<mi>{escape(name.base)}</mi>", f"<mtext>{escape(name.subscript)}</mtext>"


def name_latex(text: str) -> str:
    """A column or node name in LaTeX's mathematics mode, as :func:`escape_latex`."""
    return _in_t1(latex_name(text))
