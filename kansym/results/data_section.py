"""The measured rows in a report: with the formula, and what it leaves over."""

from hashlib import sha256

import numpy as np

from kansym.documents.blocks import Block, Gallery, Illustration, Section, line
from kansym.documents.names import symbol
from kansym.documents.pictures import Picture, new_axes
from kansym.documents.row_charts import residual_plot
from kansym.results import plots
from kansym.results.parts import MeasuredRows, Result
from kansym.results.verdict import named_formulas

__all__ = ["data_section"]

_MOST_INPUTS = 5
"""Inputs against which residuals are drawn: those of the formula first."""
_ORDER = "row"


def data_section(result: Result) -> list[Block]:
    """The rows with the curve of the formula, or measured against computed, and the residuals."""
    rows = result.data
    if rows is None or len(rows) < 2:
        return []
    blocks: list[Block] = []
    for place, (name, formula) in enumerate(named_formulas(result)):
        with np.errstate(all="ignore"):
            missed = rows.y[:, place] - formula.numpy(*rows.X.T)
        if np.isfinite(missed).any():
            picture = Picture(plots.plot(result, output=name))
            what = (
                "the formula with its band of 95 %" if len(result.input_names) == 1 else "formula"
            )
            caption = line("The rows of ", symbol(name), f" and {what} ({_about(rows)}).")
            blocks.append(Illustration(picture, caption, f"Measured {name} and the formula"))
            blocks.append(_residuals(result, rows, missed, name, formula.used_inputs))
    return [Section("The data", tuple(blocks))] if blocks else []


def _about(rows: MeasuredRows) -> str:
    """How many rows there are, and which."""
    bars = "" if rows.sigma is None else "; bars are standard errors"
    table = np.ascontiguousarray(np.hstack([rows.X, rows.y]), dtype="<f8")
    digest = sha256(table.tobytes()).hexdigest()
    return f"{len(rows)} rows{bars}; SHA-256 of their numbers {digest[:16]}…"


def _residuals(
    result: Result, rows: MeasuredRows, missed: np.ndarray, name: str, used: tuple[str, ...]
) -> Gallery:
    """Data minus formula against each input and in the order of the rows."""
    names = result.input_names
    order = sorted(range(len(names)), key=lambda k: names[k] not in used)
    across = [(names[k], rows.X[:, k]) for k in order if np.ptp(rows.X[:, k]) > 0]
    across = [*across[:_MOST_INPUTS], (_ORDER, np.arange(float(len(rows))))]
    scale = float(np.max(np.abs(rows.y), initial=0.0))
    figures = []
    for label, x in across:
        axes = new_axes(286, 190, left=66, right=16, below=42, top=16)
        look = {"words": "data − formula", "sigma": rows.sigma, "scale": scale, "ax": axes}
        axes.locator_params(nbins=5)
        picture = Picture(residual_plot(x, missed, rows.labelled(label), **look))
        words = line("against ", symbol(label)) if label != _ORDER else line("in their order")
        figures.append(Illustration(picture, words, f"Residuals of {name} against {label}"))
    return Gallery(tuple(figures), line("What the formula for ", symbol(name), " leaves."))
