"""From a model and rows to evidence: trace the network, split the rows, fit every edge."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kansym.extraction.edge_fits import curve_floor, fit_edges, library_for
from kansym.extraction.evidence import MOST_EDGES, Evidence
from kansym.extraction.known_forms import is_kept
from kansym.extraction.plainness import surely_transcribed
from kansym.extraction.settings import Settings
from kansym.extraction.split import errors_of, split_rows
from kansym.network.network import Network
from kansym.neural.readers.known_forms import known_form
from kansym.neural.readers.tracing import trace
from kansym.shared.bounded_time import within
from kansym.shared.class_labels import Labels, as_labels
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError, UnsupportedModelError
from kansym.shared.progress import ProgressCallback
from kansym.shared.row_errors import row_errors
from kansym.shared.tables import Table, as_table, as_targets
from kansym.symbolic.choosing.chain_folding import fold_chains
from kansym.symbolic.choosing.choice import options_of
from kansym.symbolic.choosing.monomial_powers import rewrite_monomials
from kansym.symbolic.choosing.product_powers import rewrite_product_powers
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.library.library import Library

__all__ = ["gather", "labels_of", "traced"]

TRACING_SHARE, TRACING_LEAST = 0.5, 0.5
"""Share of the budget, and seconds beside it, after which a network is too large to be opened."""
REWRITING_SHARE, FITTING_SHARE, OPTIONS_SHARE = 0.35, 0.5, 0.6
"""Shares of the budget after which no node is rewritten, no further function and no further
polynomial is fitted."""

TRANSCRIBING = 2.0
"""Most seconds for a network whose formula cannot be plain."""


@dataclass
class _Watch:
    """A deadline that remembers whether it ever had passed when that was asked."""

    deadline: Deadline
    came: bool = False

    def __call__(self) -> bool:
        self.came |= self.deadline.passed
        return self.deadline.passed


def traced(model: Any, X: Any, settings: Settings) -> Network:
    """The network of a model, if it can be had in the time.

    Raises
    ------
    UnsupportedModelError
        If not: nothing of a network that is half condensed can be read.
    """
    seconds = TRACING_LEAST + TRACING_SHARE * settings.budget
    opening = partial(trace, model, X, tolerance=settings.tolerance)
    network: Network | None = within(seconds, opening, None, failures=())
    if network is None:
        raise UnsupportedModelError(
            f"The network could not be condensed within {seconds:.1f} s of the budget of "
            f"{settings.budget:g} s: raise budget=, or read it by its function "
            "(reading='function')."
        )
    return network


def gather(
    model: Any,
    X: Any = None,
    y: Any = None,
    settings: Settings | None = None,
    *,
    sigma: Any = None,
    weights: Any = None,
    progress: bool | ProgressCallback | None = None,
    network: Network | None = None,
) -> Evidence:
    """Trace a model, split the rows, fit every edge.

    Parameters
    ----------
    model, X, y, sigma, weights : as in `kansym.extract`.
    settings : how to read it.
    progress : for what is concluded later.
    network : of the model, if it has been traced.
    """
    settings = settings or Settings()
    started = time.monotonic()
    if y is not None and X is None:
        raise InputError("y was given without X: give the rows that it belongs to.")
    rows = None if X is None else as_table(X)
    network = traced(model, X, settings) if network is None else network
    if surely_transcribed(network):
        settings = replace(settings, budget=min(settings.budget, TRANSCRIBING))
    inputs = network.sample if rows is None else rows.values
    labels = targets = None
    if settings.loss == "cross-entropy":
        labels, weights = _log_odds_labels(network, y, len(inputs), sigma, weights), None
        settings = replace(settings, classes=tuple(labels.classes))
    elif y is not None:
        targets = as_targets(y, len(inputs), len(network.outputs))
        network = _named_after(network, targets)
    errors = errors_of(sigma, weights, targets)
    split = split_rows(network, inputs, targets, labels, settings, errors)
    form = known_form(model)
    form = form if is_kept(form, network, split) else None
    floor = curve_floor(network, split.judge)
    watch = _Watch(Deadline(started + REWRITING_SHARE * settings.budget))
    if len(network.edges) <= MOST_EDGES and form is None:
        network = _rewritten(network, settings.library, floor, watch)
    opened = time.monotonic()
    watch.deadline = Deadline(started + FITTING_SHARE * settings.budget)
    libraries = tuple(library_for(edge, settings.library) for edge in network.edges)
    fits: list[list[EdgeFit]] = []
    if len(network.edges) <= MOST_EDGES:
        fits = fit_edges(network.edges, libraries, floor, watch)
    fitted = time.monotonic()
    watch.deadline = Deadline(started + OPTIONS_SHARE * settings.budget)
    options = options_of(network, fits, watch) if fits else []
    return Evidence(
        network=network,
        options=tuple(map(tuple, options)),
        fits=tuple(tuple(each) for each in fits),
        libraries=libraries,
        split=split,
        settings=settings,
        seconds={"trace": opened - started, "fit": fitted - opened},
        progress=progress,
        cut=watch.came,
        form=form,
    )


def _log_odds_labels(network: Network, y: Any, n_rows: int, sigma: Any, weights: Any) -> Labels:
    """Labels of as many classes as a network tells apart."""
    labels = labels_of(y, n_rows, sigma, weights)
    if len(labels.classes) != len(network.outputs) + 1:
        raise InputError(
            f"The labels are of {len(labels.classes)} classes but the network has "
            f"{len(network.outputs)} outputs: its weights are read as log-odds against the "
            "first class, one output fewer than classes. Use reading='function', or leave loss "
            "out to let the network judge."
        )
    return labels


def _rewritten(network: Network, library: Library, floor: float, watch: _Watch) -> Network:
    """Chains folded, and nodes in the powers that suit the library, as far as the time goes."""
    network = fold_chains(network)
    for rewrite in (rewrite_monomials, partial(rewrite_product_powers, floor=floor)):
        rewriting = partial(rewrite, network, library)
        network = within(watch.deadline.left(), rewriting, network, failures=())
        watch()
    return network


def _named_after(network: Network, targets: Table) -> Network:
    """Outputs that have no names of their own take those of the targets."""
    unnamed = as_targets(targets.values, len(targets)).names
    taken = {node.name for node in network.nodes} - set(network.outputs)
    if network.outputs != unnamed or taken & set(targets.names):
        return network
    return network.renamed(targets.names)


def labels_of(y: Any, n_rows: int, sigma: Any = None, weights: Any = None) -> Labels:
    """The labels of rows, which have to be there and have no standard errors, and their weights."""
    if y is None:
        raise InputError("loss='cross-entropy' was given without labels: give them as y.")
    if sigma is not None:
        raise InputError("Classes have no standard errors: give weights= instead of sigma=.")
    labels = as_labels(y, n_rows)
    if weights is None:
        return labels
    share = row_errors(n_rows, None, weights).inverse ** 2
    return replace(labels, weight=share / share.mean())
