"""Kolmogorov-Arnold networks: a learned univariate function on every edge.

References
----------
Z. Liu et al., KAN: Kolmogorov-Arnold Networks, 2024, arXiv:2404.19756.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kansym.documents.blocks import Block, Illustration, Paragraph, line
from kansym.documents.html import fragment
from kansym.documents.pictures import Picture, on_screen
from kansym.neural.models.kan_layer import (
    ConstantPlace,
    EdgeKind,
    HasProgram,
    KANLayer,
    SymbolEdge,
    Width,
)
from kansym.neural.models.kan_picture import MOST_EDGES, plot_kan, rows_of_domain
from kansym.neural.models.known_start import draw
from kansym.neural.models.saving import kan_header, save
from kansym.neural.models.sizes import MOST_DEGREE, MOST_NUMBERS, check_size, checked_widths
from kansym.neural.models.state_dicts import LoadedWhole
from kansym.programs.program import Program, evaluate
from kansym.shared.errors import InputError
from kansym.shared.tables import as_table, output_names
from kansym.shared.whole_numbers import checked_seed, checked_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KAN", "ConstantPlace", "EdgeKind", "KANLayer", "SymbolEdge", "Width"]

FORWARD_ROWS = 4096
"""Rows that go through the layers at a time where memory should not grow with the rows."""


class KAN(LoadedWhole):
    """Kolmogorov-Arnold network: layers of univariate functions on edges, summed at nodes.

    x^(l+1)_j = sum_i phi^(l)_ji(x^(l)_i), and products in place of sums at product nodes.

    Parameters
    ----------
    widths : nodes per layer, inputs first; an entry after the first may be a pair
        ``(n_sum, n_product)``.
    grid : intervals of every spline, at least 1.
    degree : degree of the splines, at least 1; 1 gives the piecewise-linear KAN.
    seed : of the initial splines; the global generator is left alone.
    domain : ranges of the inputs, one pair for all or one per input, in their units.
    dtype, device : of the parameters.

    Raises
    ------
    InputError
        For widths, grids or degrees that describe no network.

    Examples
    --------
    >>> model = KAN([2, (3, 1), 1], grid=5, degree=3, seed=0)
    >>> model(torch.zeros(4, 2, dtype=torch.float64)).shape
    torch.Size([4, 1])
    >>> model
    KAN([2, (3, 1), 1], grid=5, degree=3): 12 edges, 101 parameters

    References
    ----------
    Z. Liu et al., 2024, arXiv:2404.19756; product nodes: arXiv:2408.10205.
    """

    domain: Tensor
    sample: Tensor

    def __init__(
        self,
        widths: Sequence[Width],
        *,
        grid: int = 5,
        degree: int = 3,
        seed: int = 0,
        domain: Sequence[float] | Sequence[Sequence[float]] | Tensor = (-1.0, 1.0),
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        self.widths = checked_widths(widths)
        grid = checked_whole("grid", grid, 1, MOST_NUMBERS)
        degree = checked_whole("degree", degree, 1, MOST_DEGREE)
        totals = [sum(w) if isinstance(w, tuple) else w for w in self.widths]
        check_size([(grid + degree) * a * b for a, b in pairwise(totals)])
        self.degree = degree
        self.seed = checked_seed(seed)
        n_inputs = self.widths[0]
        assert isinstance(n_inputs, int)
        self.input_names: tuple[str, ...] = tuple(f"x{i + 1}" for i in range(n_inputs))
        self.output_names: tuple[str, ...] = ()
        self.known_start = False
        self.known_constants: dict[str, ConstantPlace] = {}
        self.expression = ""
        self.unknown_parts: dict[str, tuple[int, int, int]] = {}
        self.layers = nn.ModuleList()
        n_in = n_inputs
        for width in self.widths[1:]:
            n_sum, n_product = width if isinstance(width, tuple) else (width, 0)
            self.layers.append(
                KANLayer(
                    n_in, n_sum, n_product, grid=grid, degree=degree, dtype=dtype, device=device
                )
            )
            n_in = n_sum + n_product
        try:
            limits = torch.as_tensor(domain, dtype=dtype, device=device)
        except (TypeError, ValueError):
            limits = torch.empty(0)
        fits = limits.shape in ((2,), (n_inputs, 2))
        limits = limits.expand(n_inputs, 2).clone() if fits else limits
        if not fits or not bool((limits[:, 0] < limits[:, 1]).all()):
            raise InputError(
                f"domain={domain!r} is not usable: give pairs (low, high), low < high."
            )
        self.register_buffer("domain", limits)
        self.register_buffer("sample", torch.empty(0, n_inputs, dtype=dtype, device=device))
        with torch.no_grad():
            self.kan_layers[0].low.copy_(limits[:, 0])
            self.kan_layers[0].high.copy_(limits[:, 1])
        self.reset(seed)

    @classmethod
    def from_expression(
        cls,
        expression: str,
        inputs: Sequence[str] | None = None,
        *,
        constants: Mapping[str, float] | None = None,
        X: Any = None,
        domain: Sequence[float] | Sequence[Sequence[float]] | None = None,
        grid: int = 5,
        degree: int = 3,
        seed: int = 0,
    ) -> "KAN":
        """The KAN of an expression, its unknown parts as splines: a start that is known.

        Known functions become fixed edges, sums and products become nodes, and straight edges
        carry what enters late. `kansym.train` keeps that shape: it moves the named constants and
        the splines; numbers that are written out stay as they are.

        Parameters
        ----------
        expression : text such as ``"a*exp(-x**2/b) + ?(y)"``, where ``?(...)`` is unknown.
        inputs : names of the columns, in order; the names that are no constants, sorted, if None.
        constants : names of the constants to find, with values to start from.
        X : rows (rows, inputs) that the splines must span; training adapts to its own rows.
        domain : ranges of the inputs in place of rows, as for `KAN`; (-1, 1) by default.
        grid, degree, seed : of the splines.

        Raises
        ------
        InputError
            If the text is no formula, has a name that is neither input nor constant, or is not
            defined on the rows.

        Examples
        --------
        >>> model = KAN.from_expression("a*exp(-x**2/b) + ?(y)", constants={"a": 1, "b": 2})
        >>> model.input_names, model.constants
        (('x', 'y'), {'a': 1.0, 'b': 2.0})
        """
        from kansym.symbolic.formulas.start_graph import start_graph

        return draw(
            start_graph(expression, inputs, constants or {}),
            X=X,
            domain=domain,
            make=lambda widths, within: cls(
                widths, grid=grid, degree=degree, seed=seed, domain=within
            ),
        )

    @property
    def constants(self) -> dict[str, float]:
        """Values of the constants that `from_expression` was given, by name."""
        return {
            name: float(evaluate(place.program, {"x": place.number(self.kan_layers[place.layer])}))
            for name, place in self.known_constants.items()
        }

    @property
    def kan_layers(self) -> list[KANLayer]:
        """The layers, inputs first."""
        return [layer for layer in self.layers if isinstance(layer, KANLayer)]

    @property
    def grid(self) -> int:
        """Intervals of the splines of the first layer."""
        return self.kan_layers[0].grid

    def reset(self, seed: int) -> None:
        """Draw new splines from a seed; kinds of edges stay as they are."""
        generator = torch.Generator().manual_seed(int(seed))
        for layer in self.kan_layers:
            layer.reset(generator)

    def forward(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch outputs"]:
        for layer in self.layers:
            x = layer(x)
        return x

    @torch.no_grad()
    def layer_inputs(self, x: Float[Tensor, "batch inputs"]) -> list[Tensor]:
        """What enters each layer when x enters the first."""
        parts: list[list[Tensor]] = []
        for rows in x.split(FORWARD_ROWS):
            values = [rows]
            for layer in self.kan_layers[:-1]:
                values.append(layer(values[-1]))
            parts.append(values)
        return [torch.cat(each) for each in zip(*parts, strict=True)]

    def n_edges(self) -> int:
        """Edges that are not absent."""
        return sum(int((layer.kind != EdgeKind.ABSENT).sum()) for layer in self.kan_layers)

    def n_parameters(self) -> int:
        """Numbers that training may change, absent edges not counted."""
        total = 0
        for layer in self.kan_layers:
            total += int((layer.kind == EdgeKind.SPLINE).sum()) * (layer.grid + layer.degree)
            total += int(((layer.kind == EdgeKind.STRAIGHT) & ~layer.frozen).sum())
            total += sum(sum(edge.free) for _, _, edge in layer.symbol_edges())
            total += layer.n_out - int(layer.frozen_bias.sum())
        return total

    # -- the kinds of single edges ---------------------------------------------------------

    def _edge(self, layer: int, target: int, source: int) -> KANLayer:
        """The layer of an edge that exists."""
        layers = self.kan_layers
        if not 0 <= layer < len(layers):
            raise InputError(
                f"There is no layer {layer}: this KAN has layers 0 to {len(layers) - 1}."
            )
        found = layers[layer]
        if not (0 <= target < found.n_out and 0 <= source < found.n_in):
            raise InputError(
                f"Layer {layer} has no edge from node {source} to node {target}: it has "
                f"{found.n_in} sources and {found.n_out} targets, counted from 0."
            )
        return found

    @torch.no_grad()
    def set_edge(
        self, layer: int, target: int, source: int, kind: EdgeKind, slope: float | None = None
    ) -> None:
        """Make an edge absent, straight or a spline; ``slope`` is that of a straight one.

        Examples
        --------
        >>> model = KAN([2, 1])
        >>> model.set_edge(0, 0, 1, EdgeKind.STRAIGHT, slope=2.0)
        >>> model.n_parameters()
        10
        """
        here = self._edge(layer, target, source)
        if kind == EdgeKind.SYMBOL:
            raise InputError("A symbol needs its function: use fix_edge instead of set_edge.")
        key = f"{target}_{source}"
        if key in here.symbols:
            del here.symbols[key]
        here.kind[target, source] = kind
        if slope is not None:
            here.slope[target, source] = slope

    @torch.no_grad()
    def fix_edge(
        self,
        layer: int,
        target: int,
        source: int,
        function: Program | HasProgram,
        constants: Sequence[float] = (1.0, 0.0, 1.0, 0.0),
        free: Sequence[bool] = (True, True, True, True),
    ) -> None:
        """Fix an edge to y = c f(a x + b) + d; those of (a, b, c, d) that are free are trained.

        Examples
        --------
        >>> model = KAN([1, 1])
        >>> model.fix_edge(0, 0, 0, ("exp", "x"))
        >>> model(torch.zeros(1, 1, dtype=torch.float64)).tolist()
        [[1.0]]
        """
        here = self._edge(layer, target, source)
        program = function if isinstance(function, float | int | str | tuple) else function.program
        at = {"dtype": here.coef.dtype, "device": here.coef.device}
        edge = SymbolEdge(program, constants, free=free, **at)
        here.symbols[f"{target}_{source}"] = edge
        here.kind[target, source] = EdgeKind.SYMBOL

    @torch.no_grad()
    def freeze_edge(self, layer: int, target: int, source: int, frozen: bool = True) -> None:
        """Keep an edge as it is during training, or release it."""
        self._edge(layer, target, source).frozen[target, source] = frozen

    # -- grids -------------------------------------------------------------------------------

    def refit_grids(self, x: Float[Tensor, "batch inputs"], margin: float = 0.0) -> None:
        """Move every grid to the range that its node takes on x; the function is kept.

        Parameters
        ----------
        x : rows that span the data.
        margin : by how much of the range to widen the grids on either side.
        """
        for position, layer in enumerate(self.kan_layers):
            entering = self.layer_inputs(x)[position]
            low, high = entering.amin(0), entering.amax(0)
            width = high - low
            # Nodes that do not vary, or not sensibly, and frozen splines keep their grids.
            frozen = (layer.frozen & (layer.kind == EdgeKind.SPLINE)).any(0)
            moves = (width > 1e-9 * (1 + low.abs())) & torch.isfinite(width) & ~frozen
            low = torch.where(moves, low - margin * width, layer.low)
            high = torch.where(moves, high + margin * width, layer.high)
            layer.regrid(low, high, layer.grid)

    def refine_grids(self, factor: int = 2) -> None:
        """Cut every interval of every grid into ``factor`` parts; the function stays the same.

        Examples
        --------
        >>> model, x = KAN([1, 2, 1], grid=3, seed=1), torch.linspace(-3, 3, 50).double()[:, None]
        >>> before = model(x)
        >>> model.refine_grids(2)
        >>> bool((model(x) - before).abs().max() < 1e-9), model.grid
        (True, 6)
        """
        for layer in self.kan_layers:
            layer.regrid(layer.low.clone(), layer.high.clone(), layer.grid * factor)

    # -- files -------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the model to a safetensors file (no pickle); `kansym.load` reads it.

        Examples
        --------
        >>> import tempfile
        >>> from kansym import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     KAN([2, 3, 1], seed=1).save(folder + "/model.safetensors")
        ...     load(folder + "/model.safetensors")
        KAN([2, 3, 1], grid=5, degree=3): 9 edges, 76 parameters
        """
        save(self, kan_header(self), path)

    def plot(self, X: Any = None, ax: "Axes | None" = None) -> "Axes":
        """Draw the KAN with its curve on every edge, fixed functions in red.

        Parameters
        ----------
        X : rows whose range is drawn; by default those that it remembers, else its domain.
        ax : axes of matplotlib to draw on; new ones of pyplot unless given.

        Returns
        -------
        The axes.
        """
        with on_screen():
            return self._picture(X, ax)

    def _picture(self, X: Any = None, ax: "Axes | None" = None) -> "Axes":
        """The drawing, on axes of its own unless some are given."""
        rows = self.sample if len(self.sample) else rows_of_domain(self.domain)
        if X is not None:
            rows = torch.as_tensor(as_table(X).values).to(self.domain)
        default = output_names(self.kan_layers[-1].n_out, self.input_names)
        names = (self.input_names, self.output_names or default)
        return plot_kan(self.kan_layers, self.layer_inputs(rows), names, ax)

    def _repr_html_(self) -> str:
        """For a notebook: what it is, and its drawing if it is not too large."""
        blocks: list[Block] = [Paragraph(line(repr(self)))]
        if 0 < self.n_edges() <= MOST_EDGES:
            caption = line("A learned function on every edge; those in red are fixed.")
            blocks.append(Illustration(Picture(self._picture()), caption, "Drawing of the KAN"))
        return fragment(tuple(blocks))

    def __repr__(self) -> str:
        return (
            f"KAN({list(self.widths)}, grid={self.grid}, degree={self.degree}): "
            f"{self.n_edges()} edges, {self.n_parameters()} parameters"
        )
