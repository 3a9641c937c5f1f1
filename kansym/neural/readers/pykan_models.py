"""KANs of pykan, from their numbers alone: splines, base function, symbols, masks and products.

Layer by layer, sub_j = s_j (sum_i m_ij (b_ij base(x_i) + w_ij spline_ij(x_i)) + symbols) + t_j;
nodes are sub-nodes or products of them, scaled and shifted once more.

References
----------
Z. Liu et al., KAN 2.0, 2024, arXiv:2408.10205; pykan 0.2.8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from kansym.network import activations as act
from kansym.network.stages import Function, Stage, Units
from kansym.neural.readers.bsplines import KnotSplines
from kansym.neural.readers.kan_layers import ProgramFunction
from kansym.neural.readers.opened import check_width
from kansym.programs.program import Program
from kansym.shared.errors import ModelFileError, UnsupportedModelError

__all__ = ["PykanModel", "knows", "read_pykan"]

Array = np.ndarray

_BASES: dict[str, Function] = {"silu": act.silu, "identity": act.identity, "zero": np.zeros_like}
_PROGRAMS: dict[str, Program] = {
    **{f"x^{power}": ("pow", "x", float(power)) for power in range(2, 6)},
    **{f"1/x^{power}": ("pow", "x", -float(power)) for power in range(2, 6)},
    "1/x": ("pow", "x", -1.0),
    "sqrt": ("sqrt", "x"),
    "x^0.5": ("sqrt", "x"),
    "x^1.5": ("pow", "x", 1.5),
    "1/sqrt(x)": ("pow", "x", -0.5),
    "1/x^0.5": ("pow", "x", -0.5),
    **{name: (name, "x") for name in ("exp", "log", "abs", "sin", "cos", "tan", "tanh")},
    **{f"arc{name}": (f"a{name}", "x") for name in ("sin", "cos", "tan", "tanh")},
    "sgn": ("sign", "x"),
    "gaussian": ("exp", ("neg", ("pow", "x", 2.0))),
}


@dataclass(frozen=True, eq=False)
class PykanModel:
    """A KAN of pykan as data; layer by layer unless one value stands for all."""

    width: tuple[tuple[int, int], ...]  # sum nodes and product nodes
    arity: int | Sequence[Sequence[int]]  # factors of every product
    degrees: tuple[int, ...]
    base: str | Function  # beside the splines
    symbolic: bool  # whether symbols count at all
    names: tuple[Sequence[Sequence[str]], ...]  # of the symbols, (out, in)
    state: Mapping[str, Array]  # tensors by name
    inputs: tuple[int, ...] | None = None  # which columns enter; all if None
    # Symbols that pykan's library lacks, by (layer, out, in).
    functions: Mapping[tuple[int, int, int], Function] = field(default_factory=dict)

    def tensor(self, name: str) -> Array:
        """One tensor, or an error if it is absent."""
        if name not in self.state:
            raise ModelFileError(
                f"The state of this pykan model has no {name!r}: it belongs to another "
                "architecture than its configuration."
            )
        return self.state[name]


def read_pykan(model: PykanModel, stage: Stage) -> Stage:
    """The stages of a KAN of pykan."""
    n_inputs = sum(model.width[0])
    if model.inputs is not None and max(model.inputs, default=0) < stage.width:
        stage = stage.dense(np.eye(stage.width)[list(model.inputs)])
    check_width(stage, n_inputs, f"pykan KAN of {n_inputs} inputs")
    for layer in range(len(model.width) - 1):
        stage = _layer(model, layer, stage)
    return stage


def _layer(model: PykanModel, layer: int, stage: Stage) -> Stage:
    """One layer: edges, sub-nodes, products, nodes."""
    units, weight, constant = _edges(model, layer)
    n_sub = len(weight)
    scale = _vector(model, f"subnode_scale_{layer}", n_sub)
    values = stage.expand(units).dense(
        weight * scale[:, None], constant * scale + _vector(model, f"subnode_bias_{layer}", n_sub)
    )
    n_sum, n_product = model.width[layer + 1]
    if n_product:
        products = model.arity
        products = [products] * n_product if isinstance(products, int) else products[layer + 1]
        ends = np.cumsum([0] + [1] * n_sum + [int(arity) for arity in products]).tolist()
        if ends[-1] != n_sub:
            raise ModelFileError(
                f"Layer {layer} of this pykan model has {n_sub} sub-nodes, its configuration "
                f"describes {ends[-1]}: configuration and state do not belong together."
            )
        values = values.multiply([range(*group) for group in pairwise(ends)])
    n_nodes = n_sum + n_product
    scale = _vector(model, f"node_scale_{layer}", n_nodes)
    return values.scale(scale, _vector(model, f"node_bias_{layer}", n_nodes))


def _vector(model: PykanModel, name: str, length: int) -> Array:
    """One number per node."""
    found = model.tensor(name).reshape(-1)
    if len(found) != length:
        raise ModelFileError(
            f"{name} of this pykan model has {len(found)} numbers, expected {length}: "
            "configuration and state do not belong together."
        )
    return found


def _edges(model: PykanModel, layer: int) -> tuple[list[Units], Array, Array]:
    """Units of all inputs, weights (sub-nodes, units) and constants (sub-nodes,)."""
    prefix = f"act_fun.{layer}."
    grid, coef = model.tensor(prefix + "grid"), model.tensor(prefix + "coef")
    mask = model.tensor(prefix + "mask")
    spline = mask * model.tensor(prefix + "scale_sp")
    base = mask * model.tensor(prefix + "scale_base")
    n_in, n_out, n_coef = coef.shape
    function = model.base if callable(model.base) else _BASES.get(model.base)
    if function is None:
        raise UnsupportedModelError(
            f"The base function {model.base!r} of this pykan model is not known: expected one of "
            f"{', '.join(_BASES)}."
        )
    units: list[Units] = []
    columns: list[Array] = []
    for source in range(n_in):
        if spline[source].any():
            splines = KnotSplines(tuple(grid[source].tolist()), model.degrees[layer])
            units.append(Units(source, splines, n_coef))
            columns.append((spline[source][:, None] * coef[source]).T)
        if base[source].any():
            units.append(Units(source, function))
            columns.append(base[source][None])
    constant = np.zeros(n_out)
    if model.symbolic:
        symbol_mask = model.tensor(f"symbolic_fun.{layer}.mask")
        affine = model.tensor(f"symbolic_fun.{layer}.affine")
        for target, source in np.argwhere(symbol_mask != 0).tolist():
            a, b, c, d = (affine[target, source] * 1.0).tolist()
            here = float(symbol_mask[target, source])
            constant[target] += here * d
            if (unit := _symbol(model, layer, target, source, a, b)) is not None:
                units.append(unit)
                columns.append(here * c * np.eye(n_out)[target][None])
    weight = np.concatenate(columns).T if columns else np.zeros((n_out, 0))
    return units, weight, constant


def _symbol(
    model: PykanModel, layer: int, target: int, source: int, a: float, b: float
) -> Units | None:
    """The unit f(a x + b) of a symbolic edge; None for zero."""
    own = model.functions.get((layer, target, source))
    if own is not None:
        return Units(source, _Affine(own, a, b))
    name = str(model.names[layer][target][source])
    if name == "0":
        return None
    if name == "x":
        return Units(source, _Affine(act.identity, a, b))
    if name not in _PROGRAMS:
        raise UnsupportedModelError(
            f"The symbol {name!r} of this pykan model is not in pykan's library: give the model "
            "itself instead of its checkpoint."
        )
    return Units(source, ProgramFunction(_PROGRAMS[name], a, b), 1, _PROGRAMS[name])


@dataclass(frozen=True)
class _Affine:
    """A function at a * x + b."""

    function: Function
    a: float
    b: float

    def __call__(self, x: Array) -> Array:
        return self.function(self.a * x + self.b)


def knows(name: str) -> bool:
    """Whether a symbol's name is one of pykan's library."""
    return name in {"0", "x"} or name in _PROGRAMS
