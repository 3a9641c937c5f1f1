"""A form that is known beforehand stays: only its unknown parts are named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kansym.extraction.edge_fits import curve_floor
from kansym.extraction.split import Split
from kansym.network.known_form import KnownForm
from kansym.network.network import Edge, Network
from kansym.shared.deadline import Deadline
from kansym.shared.row_errors import row_errors
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.library.library import Library
from kansym.symbolic.measurements.unknown_parts import FormRows, completions, form_values

__all__ = ["completed_forms", "is_kept", "unknown_edges"]

_SAME = 1e-3
"""Relative difference between a form and its network: single precision, and grids that moved."""
_ALIKE = 1e-6
"""Share of the variance by which two curves that are one up to scale and shift may differ."""
_POINTS = 64


@dataclass(frozen=True)
class _Line:
    """Values of two curves at the same places."""

    first: np.ndarray
    second: np.ndarray

    @property
    def alike(self) -> bool:
        """Whether one is a multiple of the other, plus a constant."""
        if not (np.ptp(self.first) > 0 and np.ptp(self.second) > 0):
            return False
        return 1 - float(np.corrcoef(self.first, self.second)[0, 1]) ** 2 < _ALIKE


def is_kept(form: KnownForm | None, network: Network, split: Split) -> bool:
    """Whether a network still computes the form that it was drawn from, for one output."""
    if form is None or len(network.outputs) != 1 or split.labelled is not None:
        return False
    X = split.judge.X
    learned = network(X)[:, 0]
    away = np.abs(form_values(form, X) - learned)
    return bool(np.all(away <= _SAME * (np.ptp(learned) + np.abs(learned).max())))


def completed_forms(
    form: KnownForm,
    network: Network,
    split: Split,
    libraries: Mapping[str, Library],
    until: Deadline,
) -> list[Formula]:
    """Formulas of the known form, the one of shortest description first."""
    judge = split.judge
    errors = split.errors_used or row_errors(len(judge.X))
    rows = FormRows(judge.X, judge.y[:, 0], errors, judge.weight, judge.floor)
    found = completions(form, rows, libraries, curve_floor(network, judge), until)
    return [
        Formula(
            one.formula.template,
            one.formula.inputs,
            tuple(
                Constant(name, value, np.inf if judge.kind == "data" else None)
                for name, value in zip(one.formula.free, one.constants.tolist(), strict=True)
            ),
            curves=one.formula.curves,
        )
        for one in found
    ]


def unknown_edges(form: KnownForm, network: Network) -> dict[str, int]:
    """Which edge of the condensed network is which unknown part, where that can be told.

    An edge between standardised nodes is the learned curve up to scales and shifts.
    """
    found: dict[str, int] = {}
    for name, curve in form.curves.items():
        for position, edge in enumerate(network.edges):
            if position not in found.values() and edge.fixed is None and _same(edge, curve):
                found[name] = position
                break
    return found


def _same(edge: Edge, curve: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Whether an edge out of an input is that curve."""
    x = np.linspace(edge.x[0], edge.x[-1], _POINTS)
    return _Line(edge.function(x), curve(x)).alike
