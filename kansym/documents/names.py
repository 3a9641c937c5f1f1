"""Names and numbers on paper: x1 becomes an x with a subscript, 1.1e7 a power of ten."""

import math
import re
from dataclasses import dataclass
from html import escape

from kansym.documents.blocks import Line, Maths, Number
from kansym.documents.letters import printable

__all__ = [
    "Name",
    "escape_latex",
    "function_label",
    "interval",
    "measured",
    "name_latex",
    "name_of",
    "number",
    "split_float",
    "symbol",
    "symbol_parts",
]

_LETTERS = """
alpha:α beta:β gamma:γ delta:δ epsilon:ε zeta:ζ eta:η theta:θ iota:ι kappa:κ lambda:λ mu:μ nu:ν
xi:ξ pi:π rho:ρ sigma:σ tau:τ upsilon:υ phi:φ chi:χ psi:ψ omega:ω
Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Phi:Φ Psi:Ψ Omega:Ω
"""
GREEK: dict[str, str] = {
    name: letter for name, _, letter in (pair.partition(":") for pair in _LETTERS.split())
}
_WORDS = {letter: name for name, letter in GREEK.items()}
_NAME = re.compile(
    rf"(?P<base>[A-Za-z]|{'|'.join(GREEK)})(?:_?(?P<digits>\d+(?:\.\d+)*)|_(?P<word>[A-Za-z0-9]+))?"
)
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "→": r"\ensuremath{\to}",
    "√": r"\ensuremath{\surd}",
    "≈": r"\ensuremath{\approx}",
    "≤": r"\ensuremath{\le}",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "⁴": r"\textsuperscript{4}",
    "⁵": r"\textsuperscript{5}",
    "…": r"\ldots{}",
    "’": "'",
    "\u2009": r"\,",
    "\u00a0": "~",
    "–": "--",
}


@dataclass(frozen=True)
class Name:
    """A name split for typesetting: a letter with a subscript, or upright words."""

    base: str
    subscript: str = ""
    italic: bool = True


def name_of(text: str) -> Name:
    """Split a column name into letter and subscript where it has that shape.

    Examples
    --------
    >>> name_of("x_12"), name_of("theta1").base, name_of("h1.2").subscript
    (Name(base='x', subscript='12', italic=True), 'θ', '1,2')
    >>> name_of("wave length").italic
    False
    """
    found = _NAME.fullmatch(text)
    if found is None:
        return Name(text, italic=False)
    subscript = (found["digits"] or found["word"] or "").replace(".", ",")
    return Name(GREEK.get(found["base"], found["base"]), subscript)


def function_label(name: str) -> str:
    """Name of a library function with small powers raised.

    Examples
    --------
    >>> function_label("1/x^2")
    '1/x²'
    """
    return re.sub(r"\^([2-5])(?!\d)", lambda found: "²³⁴⁵"[int(found[1]) - 2], name)


def escape_latex(text: str) -> str:
    r"""Plain text as LaTeX text: every character with a meaning of its own is escaped.

    Examples
    --------
    >>> escape_latex("50 % of x_1 & {y}")
    '50 \\% of x\\_1 \\& \\{y\\}'
    """
    return "".join(_latex_letter(letter) for letter in printable(text))


def _latex_letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter in _WORDS:
        return rf"\ensuremath{{\{_WORDS[letter]}}}"
    # LaTeX's T1 letters end with Latin Extended-A; `\unichar` is defined in the head of a report.
    return letter if ord(letter) < 0x180 else rf"\unichar{{{ord(letter):04X}}}"


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
    """A column or node name in LaTeX's mathematics mode."""
    name = name_of(text)
    if not name.italic:
        return rf"\text{{{escape_latex(text)}}}"
    base = f"\\{_WORDS[name.base]}" if name.base in _WORDS else name.base
    if not name.subscript:
        return base
    digits = name.subscript.replace(",", "").isdigit()
    return f"{base}_{{{name.subscript}}}" if digits else rf"{base}_{{\mathrm{{{name.subscript}}}}}"


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
