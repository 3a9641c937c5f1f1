"""Rows to choose formulas by, and rows kept aside to check them on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from kansym.extraction.agreement import agreement, predicted
from kansym.extraction.settings import Settings
from kansym.network.network import Network
from kansym.results.parts import Fidelity, MeasuredRows
from kansym.shared.class_labels import Labels
from kansym.shared.error_measures import relative_error
from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors, row_errors
from kansym.shared.tables import Table
from kansym.symbolic.choosing.class_judge import LabelledRows
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.formulas.formula import Formula

__all__ = ["DATA_FLOOR", "NETWORK_FLOOR", "Split", "errors_of", "split_rows"]

FEWEST = 50
"""Rows below which none are kept aside: the choice needs them all."""
NETWORK_ROWS = 2000
"""Most rows on which a network judges: it is smooth, and more of them say nothing new."""
NETWORK_FLOOR, DATA_FLOOR = 1e-6, 1e-11
"""Relative errors below which an improvement means nothing, near single and double rounding."""
MOST_KEPT = 10_000
"""Rows that a result keeps of its data, for pictures of them."""


@dataclass(frozen=True)
class Split:
    """The judge with its rows, and the rows to check on.

    Attributes
    ----------
    judge : rows that decide, by the data if there are any, else by the network.
    check_X, check_y : rows kept aside, and their data if there are any.
    labelled : the labels of all rows, if labels judge.
    errors : of the data if given, first in the rows that decide, then in those kept aside.
    order : places of the rows in the table, in the order of ``errors``.
    loss : what constants are fitted by at last, ``"squared"`` or ``"huber"``.
    """

    judge: Judge
    check_X: Float[np.ndarray, "held_out inputs"]
    check_y: Float[np.ndarray, "held_out outputs"] | None = None
    labelled: LabelledRows | None = None
    errors: RowErrors | None = None
    order: Int[np.ndarray, " rows"] | None = None
    loss: str = "squared"

    @property
    def errors_used(self) -> RowErrors | None:
        """Errors of the rows that decide."""
        return None if self.errors is None else self.errors.of_rows(np.arange(len(self.judge.X)))

    @property
    def noise(self) -> float:
        """Error of the rows that decide over the spread of y, if it was given; else 0."""
        known, judge = self.errors_used, self.judge
        if known is None or not known.absolute:
            return 0.0
        weights = known.inverse**2
        spread = judge.scale[0, 0] * np.sqrt(weights[0] / weights.mean())
        return float(1 / (spread * np.sqrt(weights.mean())))

    @property
    def measured(self) -> tuple[np.ndarray, np.ndarray, RowErrors] | None:
        """Inputs, data and errors of all rows, as in the table; None if data do not judge."""
        if self.judge.kind != "data" or self.labelled is not None:
            return None
        X, y = self.judge.X, self.judge.y
        if self.check_y is not None and len(self.check_y):
            X, y = np.vstack([X, self.check_X]), np.vstack([y, self.check_y])
        errors = self.errors or row_errors(len(X))
        if self.order is None:
            return X, y, errors
        place = np.argsort(self.order)
        return X[place], y[place], errors.of_rows(place)

    @property
    def rows(self) -> MeasuredRows | None:
        """Measured rows in the order of the table; None if data do not judge."""
        if self.measured is None:
            return None
        X, y, errors = self.measured
        sigma = 1 / errors.inverse if errors.absolute else None
        return MeasuredRows(X, y, sigma).thinned(MOST_KEPT)

    def fidelity(self, network: Network, formulas: tuple[Formula, ...]) -> Fidelity:
        """Agreement with network and data on the rows kept aside, or on all if none were."""
        rows, held_out = len(self.judge.X), len(self.check_X)
        if not formulas:
            return Fidelity(self.judge.kind, rows, held_out, float("nan"), float("nan"))
        X = self.check_X if held_out else self.judge.X
        data = self.check_y if held_out else (self.judge.y if self.judge.kind == "data" else None)
        values, learned = predicted(formulas, X), network(X)
        rmse_data = r2_data = noise = right = right_network = None
        if self.labelled is not None:
            right = self.labelled.right(values, aside=held_out > 0)
            right_network = self.labelled.right(learned, aside=held_out > 0)
        elif data is not None:
            rmse_data, r2_data = agreement(values, data)
            noise = relative_error(values, data)
        rmse_network, r2_network = agreement(values, learned)
        return Fidelity(
            judge=self.judge.kind,
            rows=rows,
            held_out_rows=held_out,
            rmse_network=rmse_network,
            r2_network=r2_network,
            rmse_data=rmse_data,
            r2_data=r2_data,
            noise=noise,
            right=right,
            right_network=right_network,
        )


def errors_of(sigma: Any, weights: Any, targets: Table | None) -> RowErrors | None:
    """What was said about the errors of the rows."""
    if sigma is None and weights is None:
        return None
    if targets is None or targets.values.shape[1] != 1:
        raise InputError("sigma= and weights= are errors of y: give y, of one column.")
    return row_errors(len(targets), sigma, weights)


def split_rows(
    network: Callable[[np.ndarray], np.ndarray] | None,
    X: Float[np.ndarray, "rows inputs"],
    targets: Table | None,
    labels: Labels | None,
    settings: Settings,
    errors: RowErrors | None = None,
) -> Split:
    """Split the rows at random, and let data, labels or the network judge.

    Parameters
    ----------
    network : from rows to outputs; what judges, if nothing else is there.
    X, targets, labels : the rows, with data, a model's answers or labels if there are any.
    settings : share of rows to keep aside, seed, accuracy, and whether targets are answers.
    """
    order = np.random.default_rng(settings.seed).permutation(len(X))
    n_check = int(settings.held_out * len(X)) if len(X) >= FEWEST else 0
    used, check = order[n_check:], order[:n_check]
    if targets is not None and not settings.answers:
        floor = settings.accuracy or DATA_FLOOR
        weights = None if errors is None else errors.inverse[used, None] ** 2
        judge = Judge(X[used], targets.values[used], "data", floor, weights)
        order = np.concatenate([used, check])
        errors = None if errors is None else errors.of_rows(order)
        rest = X[check], targets.values[check]
        return Split(judge, *rest, errors=errors, order=order, loss=settings.loss)
    used = used[:NETWORK_ROWS]
    rows = X[used]
    if targets is not None:
        values = targets.values[used]
    else:
        assert network is not None
        values = network(rows)
    weights = None if errors is None else errors.inverse[used, None] ** 2
    judge = Judge(rows, values, "network", settings.accuracy or NETWORK_FLOOR, weights)
    if labels is None or network is None:
        return Split(judge, X[check])
    labelled = LabelledRows(labels, used, check)
    return Split(labelled.judge(judge, network(judge.X)), X[check], labelled=labelled)
