"""A value with its standard error in one piece, such as 8.3129(41)."""

import math

__all__ = ["measured_interval", "measured_number"]

_EVERYDAY = range(-3, 5)
"""Powers of ten that are written out."""
_MOST_DECIMALS = 15


def measured_number(value: float, stderr: float | None, digits: int = 2) -> str:
    """A value as far as its standard error reaches, the error's digits behind it in brackets.

    Parameters
    ----------
    value : the value.
    stderr : its standard error; None, zero or infinite if there is none to show.
    digits : of the standard error.

    Examples
    --------
    >>> measured_number(8.31287, 0.00413), measured_number(10967758.13, 4.21)
    ('8.3129(41)', '1.09677581(42)e7')
    >>> measured_number(1234.5, 56), measured_number(0.31, 1.23), measured_number(-2e-7, 3e-9)
    ('1234(56)', '0.3(1.2)', '-2.000(30)e-7')
    >>> measured_number(2.5, None), measured_number(1e-17, 0.0013)
    ('2.5', '0.0000(13)')
    """
    if stderr is None or not 0 < stderr < math.inf or not math.isfinite(value):
        return f"{value:.10g}"
    power, decimals = _layout(value, stderr, digits)
    size = stderr / 10.0**power
    if size * 10**decimals < 0.5:
        return f"{value:.15g}"
    inside = f"{size:.{decimals}f}" if size >= 1 else f"{round(size * 10**decimals)}"
    shown = f"{value / 10.0**power:.{decimals}f}"
    shown = shown.removeprefix("-") if float(shown) == 0 else shown
    return f"{shown}({inside})" + (f"e{power}" if power else "")


def measured_interval(low: float, high: float, stderr: float, digits: int = 2) -> str:
    """Both ends of an interval, as far as a standard error reaches.

    Examples
    --------
    >>> measured_interval(8.30474, 8.32101, 0.00413), measured_interval(-math.inf, 2e7, 1e6)
    ('[8.3047, 8.3210]', '[-inf, 2.00e7]')
    """
    ends = [end for end in (low, high) if math.isfinite(end)]
    power, decimals = _layout(max(ends, key=abs, default=0.0), stderr, digits)

    def shown(end: float) -> str:
        if not math.isfinite(end):
            return f"{end}"
        return f"{end / 10.0**power:.{decimals}f}" + (f"e{power}" if power else "")

    return f"[{shown(low)}, {shown(high)}]"


def _layout(value: float, stderr: float, digits: int) -> tuple[int, int]:
    """Power of ten to take out, and decimals."""
    power = _power(max(abs(value), stderr))
    # Digits beyond the error would have to be written as zeros: a power of ten hides none.
    if power in _EVERYDAY and not _power(stderr) >= digits:
        power = 0
    size = stderr / 10.0**power
    decimals = min(max(digits - 1 - _power(size), 0), _MOST_DECIMALS)
    if round(size * 10**decimals) >= 10**digits and decimals > 0:
        # 0.0996 rounds up to 0.10: one decimal less shows as many digits.
        decimals -= 1
    return power, decimals


def _power(value: float) -> int:
    return math.floor(math.log10(value)) if value > 0 else 0
