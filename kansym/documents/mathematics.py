"""Formulas on paper: sympy expressions as MathML and LaTeX.

Both printers take names as they are: a symbol named ``<script>`` or ``x_1&`` is escaped, never
interpreted. The MathML is the presentation subset that browsers draw (MathML Core).
"""

from html import escape
from typing import Any

import mpmath
import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter, accepted_latex_functions
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.printer import Printer
from sympy.printing.str import StrPrinter

from kansym.documents.blocks import Maths
from kansym.documents.names import (
    escape_latex,
    name_latex,
    symbol,
    symbol_parts,
)
from kansym.documents.numbers import split_float
from kansym.shared.symbol_names import name_of, text_name

__all__ = ["equation", "latex", "mathml", "maths", "rounded", "tidy"]

_FUNCTIONS = {
    "Abs": "abs",
    "Heaviside": "H",
    "airyai": "Ai",
    "acos": "arccos",
    "acosh": "arcosh",
    "asin": "arcsin",
    "asinh": "arsinh",
    "atan": "arctan",
    "atanh": "artanh",
    "elliptic_e": "E",
    "elliptic_k": "K",
    "gamma": "Γ",
    "log": "ln",
    "loggamma": "ln Γ",
    "Max": "max",
    "Min": "min",
    "sign": "sgn",
    "zeta": "ζ",
}
_TALL = ("<mfrac", "<mroot", "<mtable", "<msqrt")
_THIN = '<mspace width="0.1667em"/>'
_APPLY = "<mo>\u2061</mo>"


def positive_first(expr: Any) -> list[Any]:
    """Terms in sympy's order, but not with a minus sign in front if that can be avoided."""
    terms = list(expr.as_ordered_terms())
    first = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
    return [terms[first], *terms[:first], *terms[first + 1 :]]


class MathMLPrinter(Printer):
    """Sympy expressions as MathML Core, one method per class of expression.

    Parameters
    ----------
    digits : significant digits of floating-point numbers.
    """

    printmethod = "_kansym_mathml"

    def __init__(self, digits: int = 6):
        super().__init__()
        self.digits = digits

    def emptyPrinter(self, expr: Any) -> str:
        return f"<mtext>{escape(str(expr))}</mtext>"

    def _inside(self, expr: Any, level: int) -> str:
        """An operand, in brackets if it binds less tightly than its surroundings."""
        text = self._print(expr)
        return _brackets(text) if precedence(expr) < level else f"<mrow>{text}</mrow>"

    def _print_Symbol(self, expr: Any) -> str:
        return symbol(expr.name).mathml

    _print_Dummy = _print_Symbol

    def _print_Integer(self, expr: Any) -> str:
        return _signed(str(int(expr)))

    def _print_Rational(self, expr: Any) -> str:
        sign = "<mo>−</mo>" if expr.p < 0 else ""
        return f"{sign}{_fraction(f'<mn>{abs(expr.p)}</mn>', f'<mn>{expr.q}</mn>')}"

    def _print_Float(self, expr: Any) -> str:
        shown = split_float(float(expr), _held(expr, self.digits))
        text = _signed(shown.mantissa.replace("−", "-"))
        if shown.exponent is None:
            return text
        power = _signed(str(shown.exponent))
        return f"{text}<mo>×</mo><msup><mn>10</mn><mrow>{power}</mrow></msup>"

    def _print_Pi(self, expr: Any) -> str:
        return "<mi>π</mi>"

    def _print_Exp1(self, expr: Any) -> str:
        return "<mi>e</mi>"

    def _print_Infinity(self, expr: Any) -> str:
        return "<mi>∞</mi>"

    def _print_NaN(self, expr: Any) -> str:
        return "<mtext>undefined</mtext>"

    def _print_Add(self, expr: Any) -> str:
        parts = []
        for term in positive_first(expr):
            minus = term.could_extract_minus_sign() and not isinstance(term, sympy.Add)
            positive = -term if minus else term
            operator = "<mo>−</mo>" if minus else "<mo>+</mo>" if parts else ""
            parts.append(operator + self._inside(positive, PRECEDENCE["Mul"]))
        return "".join(parts)

    def _print_Mul(self, expr: Any) -> str:
        if expr.could_extract_minus_sign():
            return f"<mo>−</mo>{self._inside(-expr, PRECEDENCE['Mul'])}"
        above, below = _above_and_below(expr)
        if not below:
            return self._product(above)
        numbers = [factor for factor in above if factor.is_Number and factor != 1]
        others = [factor for factor in above if not factor.is_Number]
        if numbers and others and any(isinstance(factor, sympy.Add) for factor in others):
            return (
                self._product(numbers)
                + _THIN
                + _fraction(self._product(others), self._product(below))
            )
        return _fraction(self._product(above), self._product(below))

    def _product(self, factors: list[Any]) -> str:
        """Factors side by side, with a cross between two numbers."""
        if not factors:
            return "<mn>1</mn>"
        if len(factors) == 1:
            return f"<mrow>{self._print(factors[0])}</mrow>"
        text = self._inside(factors[0], PRECEDENCE["Mul"])
        for factor in factors[1:]:
            between = "<mo>·</mo>" if _starts_with_digit(factor) else _THIN
            text += between + self._inside(factor, PRECEDENCE["Mul"])
        return text

    def _print_Pow(self, expr: Any) -> str:
        base: Any = expr.args[0]
        exponent: Any = expr.args[1]
        if exponent.is_Rational and exponent.is_negative:
            return _fraction("<mn>1</mn>", f"<mrow>{self._print(base**-exponent)}</mrow>")
        if exponent == sympy.Rational(1, 2):
            return f"<msqrt>{self._print(base)}</msqrt>"
        if exponent.is_Rational and exponent.p == 1 and exponent.q > 1:
            return f"<mroot><mrow>{self._print(base)}</mrow><mn>{exponent.q}</mn></mroot>"
        power = f"<mrow>{self._exponent(exponent)}</mrow>"
        if base.is_Function and len(base.args) == 1 and base.func not in {sympy.exp, sympy.Abs}:
            return self._call(base, power)
        if base.is_Symbol and name_of(base.name).subscript:
            letter, below = symbol_parts(base.name)
            return f"<msubsup>{letter}{below}{power}</msubsup>"
        return f"<msup>{self._inside(base, PRECEDENCE['Pow'] + 1)}{power}</msup>"

    def _exponent(self, expr: Any) -> str:
        """Exponents are small, so their fractions are written in one line."""
        if expr.is_Rational and not expr.is_Integer:
            return f"{_signed(str(expr.p))}<mo>/</mo><mn>{expr.q}</mn>"
        return self._print(expr)

    def _print_exp(self, expr: Any) -> str:
        return f"<msup><mi>e</mi><mrow>{self._exponent(expr.args[0])}</mrow></msup>"

    def _print_Abs(self, expr: Any) -> str:
        return f"<mrow><mo>|</mo>{self._print(expr.args[0])}<mo>|</mo></mrow>"

    def _print_besselj(self, expr: Any) -> str:
        order, argument = expr.args
        head = f"<msub><mi>J</mi><mrow>{self._print(order)}</mrow></msub>"
        return f"{head}{_APPLY}{_brackets(self._print(argument))}"

    def _print_Function(self, expr: Any) -> str:
        return self._call(expr, "")

    _print_Max = _print_Min = _print_Function

    def _call(self, expr: Any, power: str) -> str:
        """A function of arguments; a power is set on the name, as in sin² x."""
        head = self._head(expr)
        if power:
            head = f"<msup>{head}{power}</msup>"
        if len(expr.args) == 1 and _needs_no_brackets(expr):
            return f"{head}{_APPLY}{_THIN}<mrow>{self._print(expr.args[0])}</mrow>"
        arguments = "<mo>,</mo>".join(f"<mrow>{self._print(part)}</mrow>" for part in expr.args)
        return f"{head}{_APPLY}{_brackets(arguments)}"

    def _head(self, expr: Any) -> str:
        name = str(expr.func.__name__)
        if isinstance(expr, AppliedUndef):
            return symbol(name).mathml
        return f"<mi>{escape(_FUNCTIONS.get(name, name))}</mi>"

    def _print_Relational(self, expr: Any) -> str:
        sign = {"<": "&lt;", ">": "&gt;", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
        operator = sign.get(str(getattr(expr, "rel_op", "=")), "=")
        left, right = expr.args
        return f"<mrow>{self._print(left)}<mo>{operator}</mo>{self._print(right)}</mrow>"

    def _print_BooleanTrue(self, expr: Any) -> str:
        return "<mtext>otherwise</mtext>"

    def _print_Piecewise(self, expr: Any) -> str:
        rows = "".join(
            f"<mtr><mtd>{self._print(value)}</mtd><mtd>{self._print(condition)}</mtd></mtr>"
            for value, condition in (part.args for part in expr.args)
        )
        return f'<mrow><mo>{{</mo><mtable columnalign="left">{rows}</mtable></mrow>'


def _brackets(text: str) -> str:
    """Round brackets, as tall as what they hold if that is more than a line."""
    tall = any(element in text for element in _TALL)
    stretch = "" if tall else ' stretchy="false"'
    return f"<mrow><mo{stretch}>(</mo>{text}<mo{stretch}>)</mo></mrow>"


def _fraction(above: str, below: str) -> str:
    return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"


def _signed(text: str) -> str:
    """A number with its sign as an operator."""
    return f"<mo>−</mo><mn>{text[1:]}</mn>" if text.startswith("-") else f"<mn>{text}</mn>"


def _needs_no_brackets(expr: Any) -> bool:
    """Whether the argument is one letter after a name of several letters, as in sin x."""
    argument = expr.args[0]
    letter = argument.is_Symbol and name_of(argument.name).italic
    known = not isinstance(expr, AppliedUndef) and len(str(expr.func.__name__)) > 1
    return letter and known


def _starts_with_digit(expr: Any) -> bool:
    """Whether a factor begins with a number when it is printed."""
    first = expr
    while isinstance(first, sympy.Pow | sympy.Mul) and first.args:
        first = first.args[0]
    return first.is_Number


def _above_and_below(expr: Any) -> tuple[list[Any], list[Any]]:
    """Factors above and below the fraction bar, in sympy's order of printing."""
    above: list[Any] = []
    below: list[Any] = []
    for factor in expr.as_ordered_factors():
        if factor.is_Rational and factor.q != 1:
            above += [sympy.Integer(factor.p)] if factor.p != 1 else []
            below.append(sympy.Integer(factor.q))
        elif isinstance(factor, sympy.Pow) and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(factor.base**-factor.exp)
        else:
            above.append(factor)
    return above, below


class _LatexPrinter(LatexPrinter):
    """Sympy's LaTeX with names escaped and numbers as in the other printers."""

    digits = 6

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return name_latex(expr.name)

    def _print_Float(self, expr: Any) -> str:
        shown = split_float(float(expr), _held(expr, self.digits))
        mantissa = shown.mantissa.replace("−", "-")
        if shown.exponent is None:
            return mantissa
        return rf"{mantissa} \times 10^{{{shown.exponent}}}"

    def _hprint_Function(self, func: str) -> str:
        if func in accepted_latex_functions:
            return f"\\{func}"
        return rf"\operatorname{{{escape_latex(func)}}}"

    def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
        return positive_first(expr)


class _TextPrinter(StrPrinter):
    """Sympy's text with names between backquotes where they would be read as something else."""

    def _print_Symbol(self, expr: Any) -> str:
        return text_name(expr.name)


def latex(expr: sympy.Expr, digits: int = 6) -> str:
    r"""An expression in LaTeX's mathematics mode.

    Examples
    --------
    >>> latex(sympy.Symbol("a&b") ** 2)
    '\\text{a\\&b}^{2}'
    """
    printer = _LatexPrinter({"ln_notation": True, "inv_trig_style": "full"})
    printer.digits = digits
    return str(printer.doprint(expr))


def mathml(expr: sympy.Expr, digits: int = 6) -> str:
    """An expression as the inside of a MathML ``<math>`` element.

    Examples
    --------
    >>> mathml(sympy.Symbol("x") + 1)
    '<mrow><mi>x</mi></mrow><mo>+</mo><mrow><mn>1</mn></mrow>'
    """
    return str(MathMLPrinter(digits).doprint(expr))


def _held(value: Any, digits: int) -> int:
    """Digits to print of a number that may hold fewer: those beyond are rounding noise."""
    return min(digits, max(1, mpmath.libmp.prec_to_dps(value._prec)))


def rounded(expr: sympy.Expr, digits: int) -> sympy.Expr:
    """The expression with its floating-point numbers cut to that many digits.

    Examples
    --------
    >>> rounded(sympy.Float("1.23456789") * sympy.Symbol("x"), 3)
    1.23*x
    """
    numbers: Any = {
        value: sympy.Float(value, _held(value, digits)) for value in expr.atoms(sympy.Float)
    }
    shorter: Any = expr.xreplace(numbers)
    return shorter


def tidy(expr: sympy.Expr) -> sympy.Expr:
    """The expression with a common factor taken out, if that is shorter to read.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> tidy(2.5 * x - 2.5 * y)
    2.5*(x - y)
    """
    factored: Any = sympy.factor_terms(expr)
    return factored if len(str(factored)) < len(str(expr)) else expr


def maths(expr: sympy.Expr, digits: int = 6) -> Maths:
    """An expression in all notations, a common factor taken out where that is shorter.

    Examples
    --------
    >>> maths(sympy.sin(sympy.Symbol("x"))).text
    'sin(x)'
    """
    short = tidy(expr)
    text = _TextPrinter({"full_prec": False}).doprint(tidy(rounded(expr, digits)))
    return Maths(mathml(short, digits), latex(short, digits), text)


def equation(name: str, expr: sympy.Expr, digits: int = 6) -> Maths:
    """The equation ``name = expression`` in all notations.

    Examples
    --------
    >>> equation("y", sympy.Symbol("x") ** 2).text
    'y = x**2'
    """
    left, right = symbol(name), maths(expr, digits)
    return Maths(
        f"{left.mathml}<mo>=</mo>{right.mathml}",
        f"{left.latex} = {right.latex}",
        f"{left.text} = {right.text}",
    )
