"""How the names of symbols are written: in LaTeX, typeset, and in the text of a formula."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from kansym.shared.printable_text import printable

__all__ = ["Name", "escape_latex", "latex_name", "name_of", "text_name"]

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
_PLAIN = re.compile(r"[^\W\d]\w*")
_CONSTANTS = ("pi", "e", "E", "I", "EulerGamma")
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
    return letter


def latex_name(text: str) -> str:
    r"""LaTeX for the name of a column or node in mathematics, whatever its text.

    Examples
    --------
    >>> latex_name("x1"), latex_name("theta"), latex_name("50 %")
    ('x_{1}', '\\theta', '\\text{50 \\%}')
    """
    name = name_of(text)
    if not name.italic:
        return rf"\text{{{escape_latex(text)}}}"
    base = f"\\{_WORDS[name.base]}" if name.base in _WORDS else name.base
    if not name.subscript:
        return base
    digits = name.subscript.replace(",", "").isdigit()
    return f"{base}_{{{name.subscript}}}" if digits else rf"{base}_{{\mathrm{{{name.subscript}}}}}"


def text_name(name: str, taken: Collection[str] = ()) -> str:
    """A name in the text of a formula: between backquotes unless it reads as that variable.

    Parameters
    ----------
    name : any text.
    taken : what else has a meaning in that formula, such as functions that it calls.

    Examples
    --------
    >>> text_name("x1"), text_name("a-b"), text_name("pi"), text_name("`")
    ('x1', '`a-b`', '`pi`', '````')
    """
    plain = _PLAIN.fullmatch(name) and name not in taken and name not in _CONSTANTS
    if plain and not (name.startswith("__") or name.endswith("__")):
        return name
    return "`{}`".format(name.replace("`", "``"))
