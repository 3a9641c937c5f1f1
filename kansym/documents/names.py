"""Names and numbers on paper: x1 becomes an x with a subscript, 1.1e7 a power of ten."""

import math
import re
from html import escape

from kansym.documents.blocks import Line, Maths, Number
from kansym.shared import symbol_names
from kansym.shared.printable_text import printable
from kansym.shared.symbol_names import latex_name, name_of

__all__ = [
    "escape_latex",
    "function_label",
    "interval",
    "measured",
    "name_latex",
    "number",
    "split_float",
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


def split_float(value: float, digits: int) -> Number:
    """A number with that many significant digits, as a power of ten if far from 1.

    Examples
    --------
    >>> str(split_float(10967758.1, 5)), str(split_float(0.25, 3)), str(split_float(2e-7, 2))
    ('1.0968e7', '0.25', '2e-7')
    """
    if not math.isfinite(value):
        return Number({math.inf: "∞", -math.inf: "−∞"}.get(value, "undefined"))
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if value and not -4 <= power < 6:
        return Number(_trim(mantissa), power)
    if "e" in text:
        text = f"{float(text):.0f}"
    return Number(_trim(text))


def _trim(text: str) -> str:
    """No trailing zeros after the point, and a true minus sign."""
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def number(value: float | None, digits: int = 4) -> Number:
    """A figure for a table; a dash where there is none.

    Examples
    --------
    >>> str(number(0.123456)), str(number(None))
    ('0.1235', '–')
    """
    return Number("–") if value is None else split_float(float(value), digits)


def measured(value: float, stderr: float | None) -> tuple[Number, Number]:
    """A value and its standard error, written to the digits that mean something.

    Two digits of the standard error are kept, the value goes as far as they do, and both have
    the same power of ten.

    Examples
    --------
    >>> [str(part) for part in measured(10967758.13, 4.21)]
    ['1.09677581e7', '0.00000042e7']
    >>> [str(part) for part in measured(2.5, None)]
    ['2.5', '–']
    >>> [str(part) for part in measured(2.5, 0.01)]
    ['2.500', '0.010']
    """
    if stderr is None or not math.isfinite(stderr) or stderr <= 0:
        return split_float(value, 10), Number("–") if not stderr else split_float(stderr, 2)
    power = _power(value if abs(value) > stderr else stderr)
    scale = 10.0**power
    decimals = min(max(1 - math.floor(math.log10(stderr / scale)), 0), 15)
    exponent = power if power else None
    return (
        Number(f"{value / scale:.{decimals}f}".replace("-", "−"), exponent),
        Number(f"{stderr / scale:.{decimals}f}", exponent),
    )


def interval(value: float, stderr: float | None, low: float, high: float) -> Line:
    """Both ends of a confidence interval, written like the value itself.

    Examples
    --------
    >>> [str(piece) for piece in interval(2.0, 0.1, 1.804, 2.196)]
    ['1.80', ' to ', '2.20']
    """
    if stderr is None or not math.isfinite(stderr) or stderr <= 0:
        return (Number("–"),)
    shown, _ = measured(value, stderr)
    scale = 10.0 ** (shown.exponent or 0)
    decimals = len(shown.mantissa.partition(".")[2])
    first, last = (
        Number(f"{end / scale:.{decimals}f}".replace("-", "−"), shown.exponent)
        for end in (low, high)
    )
    return first, " to ", last


def _power(value: float) -> int:
    """Power of ten to write a number with, 0 for everyday sizes."""
    if value == 0:
        return 0
    power = math.floor(math.log10(abs(value)))
    return power if not -3 <= power < 5 else 0
