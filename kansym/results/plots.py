"""The pictures of a result, drawn as in its report, on axes that a user may give."""

from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.charts import front_plot
from kansym.documents.row_charts import curve_plot, parity_plot, residual_plot
from kansym.results.drawing import drawn_edges, network_plot
from kansym.results.parts import MeasuredRows, Result
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import predicted_stderr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot", "plot_front", "plot_network", "plot_partial", "plot_residuals"]

POINTS = 400
"""Points of a drawn curve."""
MARGIN = 0.03
"""Part of its range by which a curve goes on beyond the rows."""


def plot(result: Result, ax: "Axes | None" = None, output: str | None = None) -> "Axes":
    """Data and curve for one input; data against formula for several."""
    place, formula = _formula(result, output)
    rows, judge = _rows(result)
    name = result.output_names[place]
    if rows.X.shape[1] > 1:
        return parity_plot(
            rows.y[:, place],
            _values(formula, rows.X),
            rows.labelled(name),
            sigma=rows.sigma,
            judge=judge,
            ax=ax,
        )
    grid = _grid(rows.X[:, 0])
    curve, stderr = _curve(formula, grid[:, None])
    names = (rows.labelled(result.input_names[0]), rows.labelled(name))
    return curve_plot(
        rows.X[:, 0], rows.y[:, place], (grid, curve), names, sigma=rows.sigma, stderr=stderr, ax=ax
    )


def plot_partial(
    result: Result, name: str, ax: "Axes | None" = None, output: str | None = None
) -> "Axes":
    """The formula along one input, the others at their medians; dots add what each row leaves."""
    place, formula = _formula(result, output)
    column = _input(result, name)
    rows, _ = _rows(result)
    middle = np.median(rows.X, axis=0)
    grid = _grid(rows.X[:, column])
    along, at_rows = np.tile(middle, (len(grid), 1)), np.tile(middle, (len(rows), 1))
    along[:, column], at_rows[:, column] = grid, rows.X[:, column]
    curve, stderr = _curve(formula, along)
    dots = _values(formula, at_rows) + rows.y[:, place] - _values(formula, rows.X)
    names = (rows.labelled(name), rows.labelled(result.output_names[place]))
    return curve_plot(
        rows.X[:, column], dots, (grid, curve), names, sigma=rows.sigma, stderr=stderr, ax=ax
    )


def plot_residuals(
    result: Result,
    against: str | None = None,
    ax: "Axes | None" = None,
    output: str | None = None,
) -> "Axes":
    """Data minus formula against an input, or against the formula."""
    place, formula = _formula(result, output)
    rows, judge = _rows(result)
    values, name = _values(formula, rows.X), result.output_names[place]
    missed = rows.y[:, place] - values
    across = values if against is None else rows.X[:, _input(result, against)]
    scale = float(np.max(np.abs(rows.y[:, place]), initial=0.0))
    words = f"{judge} − formula"
    return residual_plot(
        across,
        missed,
        rows.labelled(against or name),
        words=words,
        sigma=rows.sigma,
        scale=scale,
        ax=ax,
    )


def plot_front(result: Result, ax: "Axes | None" = None) -> "Axes":
    """Error against complexity, the selected formula filled."""
    if not result.front:
        raise InputError("There is no front: the result has no formula.")
    chosen = next((i for i, point in enumerate(result.front) if point.selected), 0)
    bits, errors = zip(*((point.complexity, point.error) for point in result.front), strict=True)
    return front_plot(bits, errors, chosen, ax)


def plot_network(result: Result, ax: "Axes | None" = None) -> "Axes":
    """The network with a curve and its function on every edge."""
    if not result.edges:
        raise InputError("There is no network to draw: nothing depends on the inputs.")
    return network_plot(result.network, drawn_edges(result.edges), ax)


def _formula(result: Result, output: str | None) -> tuple[int, Formula]:
    """Place and formula of an output; of the only one unless it is named."""
    names = result.output_names
    if output is None and len(names) > 1:
        raise InputError(f"There are {len(names)} outputs: name one, output={names[0]!r}.")
    if output is not None and output not in names:
        raise InputError(f"There is no output {output!r}: {hint(output, names)}.")
    if not result.formulas:
        raise InputError("There is no formula to draw: plot_network() draws what was read.")
    place = 0 if output is None else names.index(output)
    return place, result.formulas[place]


def _input(result: Result, name: str) -> int:
    """Place of an input."""
    if name not in result.input_names:
        raise InputError(f"There is no input {name!r}: {hint(name, result.input_names)}.")
    return result.input_names.index(name)


def _rows(result: Result) -> tuple[MeasuredRows, str]:
    """The rows to hold the formula against, and where they come from: data or network."""
    if result.data is not None:
        return result.data, "data"
    sample = result.network.sample
    if not len(sample):
        raise InputError("The result has no rows to draw: extract with X, or with X and y.")
    learned = np.asarray(result.network(sample), float).reshape(len(sample), -1)
    return MeasuredRows(sample, learned), "network"


def _values(formula: Formula, X: np.ndarray) -> np.ndarray:
    """Values of a formula, nan where it has none."""
    with np.errstate(all="ignore"):
        return np.asarray(formula.numpy(*X.T), float)


def _curve(formula: Formula, X: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of a formula with their standard errors, if those of its constants are known."""
    with np.errstate(all="ignore"):
        stderr = predicted_stderr(formula, X)
    return _values(formula, X), stderr if np.any(stderr > 0) else None


def _grid(x: np.ndarray) -> np.ndarray:
    """Points over a column and a little beyond, on the side of zero where the rows are."""
    low, high = float(x.min()), float(x.max())
    reach = MARGIN * (high - low)
    start = max(low - reach, 0.0) if low >= 0 else low - reach
    end = min(high + reach, 0.0) if high <= 0 else high + reach
    return np.linspace(start, end, POINTS)
