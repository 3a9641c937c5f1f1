"""Numbers on paper: powers of ten, values with their standard errors, intervals."""

import math

from kansym.documents.blocks import Line, Number
from kansym.shared.measured_numbers import measured_interval, measured_number

__all__ = ["interval", "measured", "number", "split_float"]


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


def measured(value: float, stderr: float | None) -> Number:
    """A value with its standard error in brackets, as :mod:`kansym.shared.measured_numbers`.

    Examples
    --------
    >>> [str(measured(*pair)) for pair in ((10967758.13, 4.21), (2.5, 0.01), (2.5, None))]
    ['1.09677581(42)e7', '2.500(10)', '2.5']
    """
    if not _known(stderr) or not math.isfinite(value):
        return split_float(value, 10)
    return _parsed(measured_number(value, stderr))


def interval(stderr: float | None, low: float, high: float) -> Line:
    """Both ends of a confidence interval, as far as the standard error reaches.

    Examples
    --------
    >>> [str(piece) for piece in interval(0.1, 1.804, 2.196)]
    ['1.80', ' to ', '2.20']
    """
    if stderr is None or not _known(stderr):
        return (Number("–"),)
    first, last = measured_interval(low, high, stderr).strip("[]").split(", ")
    return _parsed(first), " to ", _parsed(last)


def _known(stderr: float | None) -> bool:
    """Whether there is an error to show."""
    return stderr is not None and 0 < stderr < math.inf


def _parsed(text: str) -> Number:
    """A number from its text."""
    mantissa, _, exponent = text.replace("-", "−", 1 if text[0] == "-" else 0).partition("e")
    return Number(mantissa, int(exponent) if exponent else None)
