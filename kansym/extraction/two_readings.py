"""Both readings of a model, as far as needed: the shorter description is kept."""

import time
from collections.abc import Callable
from dataclasses import replace
from math import log, log2
from typing import Any

import numpy as np
from scipy.special import entr

from kansym.extraction.function_reading import read_function
from kansym.extraction.gathering import traced
from kansym.extraction.plainness import surely_transcribed, ways
from kansym.extraction.settings import Settings
from kansym.extraction.split import DATA_FLOOR, NETWORK_FLOOR
from kansym.extraction.weights_reading import INTERRUPTED, read_weights
from kansym.network.network import Network
from kansym.neural.readers.known_forms import known_form
from kansym.results.parts import Reading
from kansym.results.result import Extraction
from kansym.shared.class_labels import as_labels
from kansym.shared.errors import UnsupportedModelError
from kansym.shared.progress import ProgressCallback
from kansym.shared.status import Status
from kansym.symbolic.choosing.judge import SMOOTH_ROWS

__all__ = ["read_both"]

FIRST = 0.6
"""Share of the time for the reading that is tried first."""
EACH = 0.2
"""Seconds for an output below which a reading by function finds no more than straight lines."""
SHORTEST, EACH_WAY = 0.06, 0.001
"""Seconds that a reading by function takes at least for an output, a straight line and its KAN; and
one by weights for each way through the network, which is a term."""
LEAST = 0.1
"""Seconds for a reading that comes too late, as the first one found no formula."""
DOUBTFUL = {Status.LOW_FIDELITY, Status.UNEXPLAINED_EDGE, Status.NOT_READABLE, Status.TRANSCRIBED}
"""Findings of a first reading that ask for a second."""


def read_both(
    model: Any,
    X: Any,
    y: Any,
    settings: Settings,
    progress: bool | ProgressCallback | None = None,
    *,
    sigma: Any = None,
    weights: Any = None,
) -> Extraction:
    """Read by weights what is sparse, by function what is dense, and the other way if in doubt.

    Parameters
    ----------
    model, X, y, settings, progress, sigma, weights : as in `kansym.extract`.
    """
    started = time.monotonic()
    errors = {"sigma": sigma, "weights": weights}
    labels = settings.loss == "cross-entropy"
    if known_form(model) is not None and not labels:
        # The form is what was asked for: no other one may take its place.
        return read_weights(model, X, y, settings, progress, **errors)
    network = _network(model, X, settings)
    classes = len(as_labels(y, len(y)).classes) if labels and y is not None else None
    whole = settings.budget
    reason = _why_not_weights(network, classes, whole - (time.monotonic() - started))
    if not reason:
        opened = network if isinstance(network, Network) else None
        limited = _within(settings, FIRST * whole)
        first = read_weights(model, X, y, limited, progress, **errors, network=opened)
        if _is_clear(first) or INTERRUPTED in first.status:
            return first
        left = whole - (time.monotonic() - started)
        if first.formulas and left <= EACH * len(first.output_names):
            return first
        limited = _within(settings, left)
        second = _tried(read_function, model, X, y, limited, progress, **errors)
    else:
        second = Reading("weights", None, None, 0.0, reason)
        limited = _within(settings, whole - (time.monotonic() - started))
        first = read_function(model, X, y, limited, progress, **errors)
    if isinstance(second, Reading):
        return _noted(first, second)
    better, other = sorted((first, second), key=_length)
    return _noted(better, *other.provenance.readings)


def _network(model: Any, X: Any, settings: Settings) -> Network | str:
    """The network of a model, or why there is none."""
    try:
        return traced(model, X, settings)
    except UnsupportedModelError as error:
        return str(error)


def _why_not_weights(network: Network | str, classes: int | None, seconds: float) -> str:
    """What speaks against a reading by weights, if anything does and there is time for another."""
    if isinstance(network, str):
        return network
    if classes is not None and len(network.outputs) != classes - 1:
        return f"{len(network.outputs)} outputs are no log-odds of {classes} classes"
    shortest = SHORTEST * len(network.outputs)
    late = shortest > max(seconds, EACH_WAY * ways(network))
    if not late and surely_transcribed(network):
        return f"{len(network.edges)} edges could only be transcribed"
    return ""


def _within(settings: Settings, seconds: float) -> Settings:
    """The settings with less time."""
    return replace(settings, budget=max(LEAST, seconds))


def _is_clear(result: Extraction) -> bool:
    """Whether a reading leaves nothing for another to find."""
    return bool(result.formulas) and not any(one.status in DOUBTFUL for one in result.status)


def _tried(read: Callable[..., Extraction], *arguments: Any, **errors: Any) -> Extraction | Reading:
    """A reading, or why there is none: the first one stands."""
    started = time.monotonic()
    try:
        return read(*arguments, **errors)
    except KeyboardInterrupt:
        words = "interrupted"
    except (ValueError, TypeError) as error:  # kansym's errors are of these kinds
        words = str(error)
    return Reading("function", None, None, time.monotonic() - started, words)


def _length(result: Extraction) -> float:
    """Description length in bits; infinite without a formula."""
    point = next((point for point in result.front if point.selected), None)
    if point is None:
        return float("inf")
    rows, right = result.fidelity.rows, result.fidelity.right
    if right is not None:  # what it takes to name the rows of the wrong class
        return rows * float(np.sum(entr([right, 1 - right]))) / log(2) + point.complexity
    weight = rows if result.fidelity.judge == "data" else min(rows, SMOOTH_ROWS)
    floor = DATA_FLOOR if result.fidelity.judge == "data" else NETWORK_FLOOR
    return weight * log2(max(point.error, floor)) + point.complexity


def _noted(result: Extraction, *others: Reading) -> Extraction:
    """The result with how the other reading fared."""
    own = result.provenance.readings
    return replace(result, provenance=replace(result.provenance, readings=(*own, *others)))
