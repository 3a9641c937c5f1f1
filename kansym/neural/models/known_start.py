"""A known start: the KAN of an expression's graph, its unknown parts as splines.

Every node is put one layer after the last of its sources, and straight edges of slope 1 carry
values that enter late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kansym.network.structure.layered_graph import Layer, layered
from kansym.neural.models.kan_layer import ConstantPlace, EdgeKind, Width
from kansym.shared.errors import InputError
from kansym.shared.tables import as_table, without_units

if TYPE_CHECKING:
    from kansym.neural.models.kan import KAN
    from kansym.symbolic.formulas.start_graph import Coefficient, StartGraph, StartNode

__all__ = ["draw"]

_ROWS = 1000
"""Rows over the domain, on which the expression must be finite."""

Domain = Sequence[float] | Sequence[Sequence[float]]


def draw(
    graph: StartGraph,
    *,
    X: Any,
    domain: Domain | None,
    make: Callable[[list[Width], Domain | torch.Tensor], KAN],
) -> KAN:
    """The KAN of an expression's graph.

    Parameters
    ----------
    graph : from `kansym.symbolic.formulas.start_graph`.
    X, domain : as in `kansym.KAN.from_expression`.
    make : a KAN of given widths and ranges.

    Raises
    ------
    InputError
        If rows and inputs do not go together, or the expression is not finite on the rows.
    """
    layers = layered(
        graph.inputs,
        (graph.output,),
        sources=lambda node: [edge.source for edge in node.edges],
        multiplies=lambda node: node.kind == "product",
    )
    widths = [len(graph.inputs), *(layer.width for layer in layers)]
    model = make(widths, _domain(X, domain, graph.names))
    places: dict[str, ConstantPlace] = {}
    unknown: dict[str, tuple[int, int, int]] = {}
    for position, layer in enumerate(layers):
        places |= _fill(model, position, layer, unknown)
    model.known_start, model.expression, model.unknown_parts = True, graph.text, unknown
    model.known_constants = {name: places[name] for name in graph.constants}
    model.input_names = graph.names
    _span(model, graph.text, X)
    return model


def _fill(
    model: KAN,
    position: int,
    layer: Layer[StartNode[Coefficient]],
    unknown: dict[str, tuple[int, int, int]],
) -> dict[str, ConstantPlace]:
    """Draw one layer, in which only coefficients of constants and splines may move."""
    here = model.kan_layers[position]
    here.keep_relays(layer)
    here.frozen |= here.kind == EdgeKind.STRAIGHT
    here.frozen_bias.fill_(True)
    places: dict[str, ConstantPlace] = {}

    def holds(number: Coefficient, target: int, source: int | None, slot: str) -> bool:
        if number.constant is not None:
            place = ConstantPlace(position, target, source, slot, number.program)
            places[number.constant] = place
        return number.constant is not None

    for node in (*layer.sums, *layer.products):
        target = layer.nodes.index(node)
        with torch.no_grad():
            here.bias[target] = node.bias.value
        here.frozen_bias[target] = not holds(node.bias, target, None, "bias")
        for edge in node.edges:
            source = layer.sources.index(edge.source)
            at = (position, target, source)
            if edge.unknown:
                model.set_edge(*at, EdgeKind.SPLINE)
                unknown[edge.unknown] = at
            elif edge.function is None:
                model.set_edge(*at, EdgeKind.STRAIGHT, slope=edge.c.value)
                model.freeze_edge(*at, not holds(edge.c, target, source, "slope"))
            else:
                slots = {"a": edge.a, "b": edge.b, "c": edge.c}
                free = [holds(number, target, source, slot) for slot, number in slots.items()]
                numbers = [number.value for number in slots.values()]
                model.fix_edge(*at, edge.function, [*numbers, 0.0], [*free, False])
    return places


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
    X = without_units(X)
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


def _span(model: KAN, text: str, X: Any) -> None:
    """Let the grids span the rows, on which the expression must be defined."""
    names = model.input_names
    if X is None:
        low, high = model.domain.double().cpu().numpy().T
        rows = np.random.default_rng(0).uniform(low, high, (_ROWS, len(names)))
    else:
        rows = _rows(X, names)
    points = torch.tensor(np.ascontiguousarray(rows)).to(model.domain)
    with torch.no_grad():
        # A part may be infinite where the whole is not, as in 1/(1 + 1/x): no curve shows that.
        bad = ~torch.isfinite(torch.cat([*model.layer_inputs(points), model(points)], 1)).all(1)
    if bool(bad.any()):
        where = ", ".join(
            f"{name}={value:.4g}"
            for name, value in zip(names, rows[int(bad.nonzero()[0])], strict=True)
        )
        raise InputError(
            f"The expression {text[:80]!r}, or a part of it, is not finite on {int(bad.sum())} of "
            f"{len(rows)} rows, such as {where}: give rows (X), ranges (domain) or constants for "
            "which it is."
        )
    model.refit_grids(points)
