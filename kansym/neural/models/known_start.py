"""A known start: from an expression to the KAN that computes it, unknown parts as splines.

The expression becomes a graph of sums and products with functions on its edges; every node is put
one layer after the last of its sources, and straight edges of slope 1 carry values that enter
late. A number next to a function goes into the constants of its edge, c f(a x + b) + d. A named
constant does so as well where its one place allows; otherwise it is a node of its own, which no
edge enters and whose bias is the constant.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np
import sympy
import torch
from sympy.core.function import AppliedUndef

from kansym.neural.models.kan import KAN, ConstantPlace, EdgeKind, KANLayer, Width
from kansym.programs.program import Program
from kansym.shared.errors import InputError
from kansym.shared.tables import as_table
from kansym.symbolic.formulas.bounded_time import within
from kansym.symbolic.formulas.parsing import parse_template
from kansym.symbolic.formulas.sympy_programs import from_sympy

__all__ = ["kan_of"]

_X = sympy.Symbol("x")
_ZERO, _ONE = sympy.Integer(0), sympy.Integer(1)
_ROWS = 1000
_SECONDS = 2.0
"""For solving one coefficient for its constant."""

Domain = Sequence[float] | Sequence[Sequence[float]]


@dataclass(frozen=True)
class _Edge:
    """c f(a u + b) of a node's value u; a straight line c u without f, a spline if unknown."""

    source: "_Node"
    function: Program | None = None
    unknown: bool = False
    a: sympy.Expr = _ONE
    b: sympy.Expr = _ZERO
    c: sympy.Expr = _ONE


@dataclass(eq=False)
class _Node:
    """A sum or a product of edges, or an input."""

    kind: str
    depth: int
    edges: list[_Edge] = field(default_factory=list)
    bias: sympy.Expr = _ZERO


def kan_of(
    text: str,
    inputs: Sequence[str] | None,
    *,
    constants: Mapping[str, float],
    X: Any,
    domain: Domain | None,
    make: Callable[[list[Width], Domain | torch.Tensor], KAN],
) -> KAN:
    """The KAN of an expression, as `kansym.KAN.from_expression` describes it.

    Parameters
    ----------
    text, inputs, constants, X, domain : as there.
    make : a KAN of given widths and ranges.

    Examples
    --------
    >>> model = kan_of("2*x*y", None, constants={}, X=None, domain=None,
    ...                make=lambda widths, domain: KAN(widths, domain=domain))
    >>> model.widths, model(torch.tensor([[3.0, 4.0]]).double()).item()
    ((2, (0, 1)), 24.0)
    """
    start = _checked_constants(constants)
    expression, names = _read(text, inputs, start)
    graph = _graph_of(expression, names, start)
    model = _drawn(graph, start, make, _domain(X, domain, names))
    model.input_names = names
    _span(model, text, X, names)
    return model


# -- what was given ------------------------------------------------------------------------------


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


def _domain(X: Any, domain: Domain | None, names: tuple[str, ...]) -> Domain | torch.Tensor:
    """Ranges of the inputs: given, or those of the rows."""
    if X is None:
        return (-1.0, 1.0) if domain is None else domain
    if domain is not None:
        raise InputError("Both X and domain were given: the rows have ranges, leave one out.")
    rows = _rows(X, names)
    low, high = rows.min(0), rows.max(0)
    flat = ~(high > low)
    return torch.as_tensor(np.stack([low - 0.5 * flat, high + 0.5 * flat], axis=1))


def _rows(X: Any, names: tuple[str, ...]) -> np.ndarray:
    """Rows with one column per input; those of a data frame are found by name."""
    labels = [str(name) for name in getattr(X, "columns", ())]
    missing = [name for name in names if name not in labels]
    if labels and missing:
        raise InputError(f"X has no column {missing[0]!r}, an input of the expression: add it.")
    table = as_table(X[[X.columns[labels.index(name)] for name in names]] if labels else X)
    if len(table.names) != len(names):
        raise InputError(
            f"X has {len(table.names)} columns but the expression has the inputs {list(names)}: "
            "give one column per input."
        )
    return table.values


# -- the graph of an expression -------------------------------------------------------------------


@dataclass(frozen=True)
class _Graph:
    """Input nodes, the last node, and the coefficients that hold a constant: name and inverse."""

    inputs: tuple[_Node, ...]
    last: _Node
    places: Mapping[sympy.Expr, tuple[str, Program]]


def _graph_of(expression: sympy.Expr, names: tuple[str, ...], start: Mapping[str, float]) -> _Graph:
    """The graph in which every constant has one place.

    A constant that stands in several coefficients, or shares one, becomes a node.
    """
    own_nodes: set[str] = set()
    while True:
        builder = _Builder(names, own_nodes)
        node = builder.node(expression)
        if node.kind == "input":
            node = builder.passed(_Edge(node))
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
            return _Graph(tuple(builder.inputs.values()), node, places)
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


class _Builder:
    """Nodes and edges of an expression; equal parts share a node."""

    def __init__(self, names: tuple[str, ...], own_nodes: Iterable[str]):
        self.inputs = {name: _Node("input", 0) for name in names}
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
            return _Node("sum", 1, [], expression)
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
            return self.passed(replace(_Edge(self.joined("product", edges)), c=factor))
        edges = [replace(e, c=e.c * factor) if e is able[0] else e for e in edges]
        return self.joined("product", edges)

    def passed(self, edge: _Edge) -> _Node:
        """A node that one edge enters."""
        return self.joined("sum", [edge])

    def joined(self, kind: str, edges: list[_Edge], bias: sympy.Expr = _ZERO) -> _Node:
        """A node of some edges; of two from one source, the second gets a node of its own."""
        placed: list[_Edge] = []
        for edge in edges:
            twice = any(other.source is edge.source for other in placed)
            placed.append(_Edge(self.passed(edge)) if twice else edge)
        self.coefficients += [c for e in placed for c in (e.a, e.b, e.c)] + [bias]
        return _Node(kind, 1 + max(edge.source.depth for edge in placed), placed, bias)

    def edge(self, expression: sympy.Expr) -> _Edge:
        """An expression as a function of the node that comes before it."""
        if expression in self.known or isinstance(expression, sympy.Symbol | sympy.Add):
            return _Edge(self.node(expression))
        if isinstance(expression, sympy.Mul):
            factor, rest = self.split(expression, sympy.Mul)
            if len(sympy.Mul.make_args(rest)) > 1 or factor == 1:
                return replace(_Edge(self.node(rest)), c=factor)
            edge = self.edge(rest)
            if edge.unknown:
                edge = _Edge(self.passed(edge))
            return replace(edge, c=edge.c * factor)
        return self._function(expression)

    def _function(self, expression: sympy.Expr) -> _Edge:
        """The edge of a function of one argument."""
        if isinstance(expression, AppliedUndef):
            return _Edge(self.node(expression.args[0]), unknown=True)
        if isinstance(expression, sympy.Max | sympy.Min) and not _is_ramp(expression):
            return self.edge(_as_ramps(expression))
        plain, argument = self._plain(expression)
        b, rest = self.split(argument, sympy.Add)
        a, rest = self.split(rest, sympy.Mul)
        return _Edge(self.node(rest), from_sympy(plain), a=a, b=b)

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


# -- the network ----------------------------------------------------------------------------------


@dataclass
class _Drawing:
    """Which value stands at which node of which layer."""

    layers: list[list[_Node]]

    @classmethod
    def of(cls, last: _Node) -> "_Drawing":
        """From the last layer down; a node that is needed late is carried from layer to layer."""
        layers: list[list[_Node]] = [[last]]
        for depth in range(last.depth - 1, 0, -1):
            needed: list[_Node] = []
            for node in layers[0]:
                carried = node.depth <= depth
                needed += [node] if carried else [edge.source for edge in node.edges]
            unique = list(dict.fromkeys(node for node in needed if node.kind != "input"))
            inputs = list(dict.fromkeys(node for node in needed if node.kind == "input"))
            layers.insert(0, [*unique, *inputs])
        for depth, nodes in enumerate(layers, 1):
            # Sum nodes come first in a layer, and a node that is carried is a sum.
            nodes.sort(key=lambda node, depth=depth: node.kind == "product" and node.depth == depth)
        return cls(layers)

    def widths(self, n_inputs: int) -> list[Width]:
        """Widths of the layers, inputs first."""
        found: list[Width] = [n_inputs]
        for depth, nodes in enumerate(self.layers, 1):
            products = sum(node.kind == "product" and node.depth == depth for node in nodes)
            found.append((len(nodes) - products, products) if products else len(nodes))
        return found


def _drawn(
    graph: _Graph,
    start: Mapping[str, float],
    make: Callable[[list[Width], Domain | torch.Tensor], KAN],
    domain: Domain | torch.Tensor,
) -> KAN:
    """The KAN of a graph."""
    drawing = _Drawing.of(graph.last)
    model = make(drawing.widths(len(graph.inputs)), domain)
    pen = _Pen(model, start, graph.places)
    before = list(graph.inputs)
    for depth, nodes in enumerate(drawing.layers, 1):
        for target, node in enumerate(nodes):
            if node.depth < depth:
                pen.carry(depth - 1, target, before.index(node))
            else:
                pen.draw(depth - 1, target, node, before)
        before = nodes
    model.known_start = True
    model.known_constants = {name: pen.found[name] for name in start}
    return model


class _Pen:
    """Draws nodes of a graph into a KAN, and notes where the constants are."""

    def __init__(
        self,
        model: KAN,
        start: Mapping[str, float],
        places: Mapping[sympy.Expr, tuple[str, Program]],
    ):
        self.model, self.places = model, places
        self.start = {sympy.Symbol(name): value for name, value in start.items()}
        self.found: dict[str, ConstantPlace] = {}
        for layer in model.kan_layers:
            layer.kind.fill_(EdgeKind.ABSENT)
            layer.frozen_bias.fill_(True)

    def carry(self, layer: int, target: int, source: int) -> None:
        """A straight edge of slope 1."""
        self.model.set_edge(layer, target, source, EdgeKind.STRAIGHT, slope=1.0)
        self.model.freeze_edge(layer, target, source)

    def value(self, coefficient: sympy.Expr) -> float:
        """A coefficient as a number."""
        return float(coefficient.subs(self.start))

    def draw(self, layer: int, target: int, node: _Node, before: list[_Node]) -> None:
        """All edges of a node, and its bias."""
        here: KANLayer = self.model.kan_layers[layer]
        with torch.no_grad():
            here.bias[target] = self.value(node.bias)
        here.frozen_bias[target] = not self.note(node.bias, layer, target, None, "bias")
        for edge in node.edges:
            source = before.index(edge.source)
            if edge.unknown:
                self.model.set_edge(layer, target, source, EdgeKind.SPLINE)
            elif edge.function is None:
                slope = self.value(edge.c)
                self.model.set_edge(layer, target, source, EdgeKind.STRAIGHT, slope=slope)
                free = self.note(edge.c, layer, target, source, "slope")
                self.model.freeze_edge(layer, target, source, not free)
            else:
                parts = {"a": edge.a, "b": edge.b, "c": edge.c, "d": _ZERO}
                free = [self.note(c, layer, target, source, slot) for slot, c in parts.items()]
                numbers = [self.value(part) for part in parts.values()]
                self.model.fix_edge(layer, target, source, edge.function, numbers, free)

    def note(
        self, coefficient: sympy.Expr, layer: int, target: int, source: int | None, slot: str
    ) -> bool:
        """Whether a coefficient holds a constant; its place is kept."""
        if coefficient not in self.places:
            return False
        name, program = self.places[coefficient]
        self.found[name] = ConstantPlace(layer, target, source, slot, program)
        return True


def _span(model: KAN, text: str, X: Any, names: tuple[str, ...]) -> None:
    """Let the grids span the rows, on which the expression must be defined."""
    if X is None:
        low, high = model.domain.double().cpu().numpy().T
        rows = np.random.default_rng(0).uniform(low, high, (_ROWS, len(names)))
    else:
        rows = _rows(X, names)
    points = torch.tensor(np.ascontiguousarray(rows)).to(model.domain)
    with torch.no_grad():
        bad = ~torch.isfinite(model(points)).all(1)
    if bool(bad.any()):
        where = ", ".join(
            f"{name}={value:.4g}"
            for name, value in zip(names, rows[int(bad.nonzero()[0])], strict=True)
        )
        raise InputError(
            f"The expression {text[:80]!r} is not finite on {int(bad.sum())} of {len(rows)} rows, "
            f"such as {where}: give rows (X), ranges (domain) or constants for which it is."
        )
    model.refit_grids(points)
