"""The graph of an expression: sums and products of known and unknown functions, all as data.

A number next to a function goes into the constants of its edge, c f(a x + b) + d. A named
constant does so as well where its one place allows; otherwise it is a node of its own, which no
edge enters and whose bias is the constant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Generic, Literal, TypeAlias, TypeVar

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from kansym.programs.program import Program
from kansym.shared.bounded_time import within
from kansym.shared.errors import InputError
from kansym.symbolic.formulas.parsing import parse_template
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["Coefficient", "StartEdge", "StartGraph", "StartNode", "start_graph"]

_X = sympy.Symbol("x")
_ZERO, _ONE = sympy.Integer(0), sympy.Integer(1)
_SECONDS = 2.0
"""For solving one coefficient for its constant."""

Number = TypeVar("Number")


@dataclass(frozen=True)
class Coefficient:
    """A number, and the named constant that it holds: ``program``, with the number as ``"x"``."""

    value: float
    constant: str | None = None
    program: Program = "x"


@dataclass(frozen=True)
class StartEdge(Generic[Number]):
    """c f(a u + b) of a node's value u; a straight line c u without f, a spline if unknown.

    An unknown function has a name, ``"?1"`` and so on in the order of the text.
    """

    source: "StartNode[Number]"
    a: Number
    b: Number
    c: Number
    function: Program | None = None
    unknown: str = ""


@dataclass(eq=False)
class StartNode(Generic[Number]):
    """A sum or a product of edges, plus a bias, or an input."""

    kind: Literal["input", "sum", "product"]
    bias: Number
    edges: list[StartEdge[Number]] = field(default_factory=list)


_Node: TypeAlias = StartNode[sympy.Expr]
_Edge: TypeAlias = StartEdge[sympy.Expr]


@dataclass(frozen=True)
class StartGraph:
    """The graph of an expression.

    Attributes
    ----------
    text : the expression.
    names, inputs : the inputs, in order.
    output : the node whose value the expression is.
    constants : names of the constants.
    """

    text: str
    names: tuple[str, ...]
    inputs: tuple[StartNode[Coefficient], ...]
    output: StartNode[Coefficient]
    constants: tuple[str, ...]


def start_graph(
    text: str, inputs: Sequence[str] | None, constants: Mapping[str, float]
) -> StartGraph:
    """Read an expression with named constants and unknown functions ``?(...)``.

    Parameters
    ----------
    text, inputs, constants : as `kansym.KAN.from_expression` describes them.

    Raises
    ------
    InputError
        If the text is no formula, or has a name that is neither input nor constant.

    Examples
    --------
    >>> graph = start_graph("a*exp(-x) + ?(y)", None, {"a": 2.0})
    >>> [(edge.function, edge.c.constant, edge.unknown) for edge in graph.output.edges]
    [(('exp', 'x'), 'a', ''), (None, None, '?1')]
    """
    start = _checked_constants(constants)
    expression, names = _read(text, inputs, start)
    builder, node, places = _placed(expression, names, start)
    values = {sympy.Symbol(name): value for name, value in start.items()}
    known: dict[_Node, StartNode[Coefficient]] = {}

    def number(coefficient: sympy.Expr) -> Coefficient:
        name, program = places.get(coefficient, (None, "x"))
        return Coefficient(float(coefficient.subs(values)), name, program)

    def plain(node: _Node) -> StartNode[Coefficient]:
        if node not in known:
            edges = [
                StartEdge(
                    plain(e.source), number(e.a), number(e.b), number(e.c), e.function, e.unknown
                )
                for e in node.edges
            ]
            known[node] = StartNode(node.kind, number(node.bias), edges)
        return known[node]

    first = tuple(plain(builder.inputs[name]) for name in names)
    return StartGraph(text, names, first, plain(node), tuple(start))


def _checked_constants(constants: Mapping[str, float]) -> dict[str, float]:
    """Names with finite numbers to start from."""
    if not isinstance(constants, Mapping):
        raise InputError(
            f"constants={constants!r} is not usable: give names with values to start from, "
            "such as {'a': 1.0}."
        )
    for name, value in constants.items():
        if not isinstance(value, Real) or not np.isfinite(float(value)):
            raise InputError(
                f"The constant {name!r} starts at {value!r}: give a finite number to start from."
            )
    return {str(name): float(value) for name, value in constants.items()}


def _read(
    text: str, inputs: Sequence[str] | None, start: Mapping[str, float]
) -> tuple[sympy.Expr, tuple[str, ...]]:
    """The expression, and the names of its inputs in order."""
    own = () if inputs is None else tuple(str(name) for name in inputs)
    both = sorted(set(own) & set(start))
    if both or len(set(own)) < len(own):
        twice = both[0] if both else next(name for name in own if own.count(name) > 1)
        raise InputError(f"The name {twice!r} is given twice among inputs and constants: once.")
    expression = parse_template(text, (*own, *start)).expr
    found = {symbol.name for symbol in expression.free_symbols}
    names = own if inputs is not None else tuple(sorted(found - set(start)))
    stray = sorted(found - set(names) - set(start))
    if stray:
        raise InputError(
            f"The expression has the name {stray[0]!r}, which is neither an input "
            f"{list(names)} nor a constant {sorted(start)}: name it as one of them."
        )
    idle = sorted(set(start) - found)
    if idle:
        raise InputError(f"The constant {idle[0]!r} does not occur in {text!r}: leave it out.")
    if not found & set(names):
        raise InputError(f"The expression {text!r} has no input: a KAN needs at least one.")
    return expression, names


def _placed(
    expression: sympy.Expr, names: tuple[str, ...], start: Mapping[str, float]
) -> tuple["_Builder", _Node, dict[sympy.Expr, tuple[str, Program]]]:
    """The graph in which every constant has one place, and what holds a constant: its inverse.

    A constant that stands in several coefficients, or shares one, becomes a node.
    """
    own_nodes: set[str] = set()
    while True:
        builder = _Builder(names, own_nodes)
        node = builder.node(expression)
        if node.kind == "input":
            node = builder.passed(_edge(node))
        uses = [c for c in builder.coefficients if c.free_symbols]
        places: dict[sympy.Expr, tuple[str, Program]] = {}
        crowded: str | None = None
        for coefficient in uses:
            first, *others = sorted(symbol.name for symbol in coefficient.free_symbols)
            known = first in own_nodes
            inverse: Program | None = "x" if known else None
            once = sum(sympy.Symbol(first) in use.free_symbols for use in uses) == 1
            if not known and not others and once:
                inverse = _inverse(coefficient, first, start[first])
            if inverse is None or others:
                crowded = first
                break
            places[coefficient] = (first, inverse)
        if crowded is None:
            return builder, node, places
        own_nodes.add(crowded)


def _inverse(coefficient: sympy.Expr, name: str, value: float) -> Program | None:
    """The constant as a function of its coefficient, right at the value that it starts from."""
    constant = sympy.Symbol(name)
    if coefficient == constant:
        return "x"
    here = coefficient.subs(constant, value)

    def solved() -> Program | None:
        for solution in sympy.solve(sympy.Eq(coefficient, _X), constant):
            if solution.free_symbols == {_X}:
                there = complex(solution.subs(_X, here))
                if abs(there - value) <= 1e-9 * (1 + abs(value)):
                    return from_sympy(solution)
        return None

    if constant == _X or not here.is_finite:
        return None
    return within(_SECONDS, solved, None)


def _edge(
    source: _Node,
    *,
    a: sympy.Expr = _ONE,
    b: sympy.Expr = _ZERO,
    c: sympy.Expr = _ONE,
    function: Program | None = None,
    unknown: str = "",
) -> _Edge:
    """An edge; without more the identity."""
    return StartEdge(source, a, b, c, function, unknown)


class _Builder:
    """Nodes and edges of an expression; equal parts share a node."""

    def __init__(self, names: tuple[str, ...], own_nodes: Iterable[str]):
        self.inputs = {name: StartNode("input", _ZERO) for name in names}
        self.own_nodes = set(own_nodes)
        self.coefficients: list[sympy.Expr] = []
        self.known: dict[sympy.Expr, _Node] = {
            sympy.Symbol(name): node for name, node in self.inputs.items()
        }

    def varies(self, expression: sympy.Expr) -> bool:
        """Whether an expression is more than a number for a coefficient."""
        names = {symbol.name for symbol in expression.free_symbols}
        return bool(names & (self.inputs.keys() | self.own_nodes)) or expression.has(AppliedUndef)

    def split(self, expression: sympy.Expr, kind: type) -> tuple[sympy.Expr, sympy.Expr]:
        """The part of a sum or of a product that is a coefficient, and the rest."""
        parts = kind.make_args(expression)
        rest = [part for part in parts if self.varies(part)]
        return kind(*(part for part in parts if not self.varies(part))), kind(*rest)

    def node(self, expression: sympy.Expr) -> _Node:
        """The node whose value an expression is."""
        if expression not in self.known:
            self.known[expression] = self._node(expression)
        return self.known[expression]

    def _node(self, expression: sympy.Expr) -> _Node:
        if isinstance(expression, sympy.Symbol):
            self.coefficients.append(expression)
            return StartNode("sum", expression)
        if isinstance(expression, sympy.Add):
            bias, rest = self.split(expression, sympy.Add)
            return self.joined("sum", [self.edge(term) for term in sympy.Add.make_args(rest)], bias)
        if isinstance(expression, sympy.Mul):
            factor, rest = self.split(expression, sympy.Mul)
            parts = sympy.Mul.make_args(rest)
            if len(parts) > 1:
                return self._product(factor, [self.edge(part) for part in parts])
        return self.passed(self.edge(expression))

    def _product(self, factor: sympy.Expr, edges: list[_Edge]) -> _Node:
        """A product node; its numerical factor enters the first edge that can hold one."""
        if factor == 1:
            return self.joined("product", edges)
        able = [edge for edge in edges if not edge.unknown and not edge.c.free_symbols]
        if not able:
            return self.passed(_edge(self.joined("product", edges), c=factor))
        edges = [replace(e, c=e.c * factor) if e is able[0] else e for e in edges]
        return self.joined("product", edges)

    def passed(self, edge: _Edge) -> _Node:
        """A node that one edge enters."""
        return self.joined("sum", [edge])

    def joined(
        self, kind: Literal["sum", "product"], edges: list[_Edge], bias: sympy.Expr = _ZERO
    ) -> _Node:
        """A node of some edges; of two from one source, the second gets a node of its own."""
        placed: list[_Edge] = []
        for edge in edges:
            twice = any(other.source is edge.source for other in placed)
            placed.append(_edge(self.passed(edge)) if twice else edge)
        self.coefficients += [c for e in placed for c in (e.a, e.b, e.c)] + [bias]
        return StartNode(kind, bias, placed)

    def edge(self, expression: sympy.Expr) -> _Edge:
        """An expression as a function of the node that comes before it."""
        if expression in self.known or isinstance(expression, sympy.Symbol | sympy.Add):
            return _edge(self.node(expression))
        if isinstance(expression, sympy.Mul):
            factor, rest = self.split(expression, sympy.Mul)
            if len(sympy.Mul.make_args(rest)) > 1 or factor == 1:
                return _edge(self.node(rest), c=factor)
            edge = self.edge(rest)
            if edge.unknown:
                edge = _edge(self.passed(edge))
            return replace(edge, c=edge.c * factor)
        return self._function(expression)

    def _function(self, expression: sympy.Expr) -> _Edge:
        """The edge of a function of one argument."""
        if isinstance(expression, AppliedUndef):
            return _edge(self.node(expression.args[0]), unknown=type(expression).__name__)
        if isinstance(expression, sympy.Max | sympy.Min) and not _is_ramp(expression):
            return self.edge(_as_ramps(expression))
        plain, argument = self._plain(expression)
        b, rest = self.split(argument, sympy.Add)
        a, rest = self.split(rest, sympy.Mul)
        return _edge(self.node(rest), a=a, b=b, function=from_sympy(plain))

    def _plain(self, expression: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """A function of the symbol x, and what stands for x."""
        if isinstance(expression, sympy.Pow) and not expression.exp.is_number:
            # u**v = exp(v log u)
            return sympy.exp(_X), expression.exp * sympy.log(expression.base)
        moving = [part for part in expression.args if self.varies(part)]
        if len(moving) != 1 or any(
            part.free_symbols for part in expression.args if part is not moving[0]
        ):
            raise InputError(
                f"The part {str(expression)[:60]!r} is no function of one argument: a KAN has "
                "only sums, products and functions of one argument."
            )
        place = expression.args.index(moving[0])
        arguments = (*expression.args[:place], _X, *expression.args[place + 1 :])
        return expression.func(*arguments), moving[0]


def _is_ramp(expression: sympy.Expr) -> bool:
    """Whether it is max(0, u)."""
    return isinstance(expression, sympy.Max) and len(expression.args) == 2 and 0 in expression.args


def _as_ramps(expression: sympy.Expr) -> sympy.Expr:
    """Max and Min as sums of max(0, u) of one argument each."""
    first, *others = expression.args
    sign = 1 if isinstance(expression, sympy.Max) else -1
    rest = expression.func(*others)
    return first + sign * sympy.Max(0, sign * (rest - first))
