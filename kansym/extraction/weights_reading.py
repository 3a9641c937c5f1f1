"""A network read by its weights: what is written in it, unit by unit."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from kansym.extraction.gathering import gather
from kansym.extraction.plainness import transcription
from kansym.extraction.settings import Settings
from kansym.network.network import Network
from kansym.results.parts import Reading
from kansym.results.result import Extraction
from kansym.shared.progress import ProgressCallback
from kansym.shared.status import Finding, Status

__all__ = ["HURRY", "INTERRUPTED", "as_interrupted", "or_in_a_hurry", "read_weights", "reading_of"]

T = TypeVar("T")

INTERRUPTED = Finding(Status.BUDGET_SPENT, "search", "interrupted")
"""What a result says whose reading was ended by Ctrl-C."""

HURRY = 0.5
"""Seconds for a formula after an interrupt; what is written then takes as long."""


def read_weights(
    model: Any,
    X: Any,
    y: Any,
    settings: Settings,
    progress: bool | ProgressCallback | None = None,
    *,
    sigma: Any = None,
    weights: Any = None,
    network: Network | None = None,
) -> Extraction:
    """Trace a model, choose the functions of its edges, write their formula.

    An interrupt (Ctrl-C) ends the choice: the formula is then what half a second more finds.

    Parameters
    ----------
    model, X, y, sigma, weights : as in `kansym.extract`.
    settings : of the reading.
    progress : as in `kansym.extract`.
    network : of the model, if it has been traced.
    """
    started = counted = time.monotonic()
    given = {"sigma": sigma, "weights": weights, "network": network}
    hurried = replace(settings, budget=min(settings.budget, HURRY))
    interrupted = False
    try:
        evidence = gather(model, X, y, settings, progress=progress, **given)
    except KeyboardInterrupt:
        interrupted, counted = True, time.monotonic()
        evidence = gather(model, X, y, hurried, progress=progress, **given)
    try:
        result = evidence.conclude(spent=time.monotonic() - counted)
    except KeyboardInterrupt:
        interrupted = True
        result = replace(evidence, settings=hurried, cut=True).conclude()
    reading = reading_of("weights", result, time.monotonic() - started)
    made = replace(result.provenance, readings=(reading,))
    found = transcription(result)
    status = [finding for finding in result.status if finding.status is not Status.OK]
    status = result.status if found is None else (found, *status)
    result = replace(result, provenance=made, status=tuple(status))
    return as_interrupted(result) if interrupted else result


def or_in_a_hurry(search: Callable[[float], T], seconds: float) -> tuple[T, bool]:
    """What a search finds in its seconds, or in a hurry if Ctrl-C came before it had anything."""
    try:
        return search(seconds), False
    except KeyboardInterrupt:
        return search(min(seconds, HURRY)), True


def as_interrupted(result: Extraction) -> Extraction:
    """A result that says that Ctrl-C ended what might have found more."""
    others = [one for one in result.status if one.status not in (Status.BUDGET_SPENT, Status.OK)]
    return replace(result, status=(*others, INTERRUPTED))


def reading_of(kind: str, result: Extraction, seconds: float) -> Reading:
    """How a reading fared, from its result."""
    point = next((point for point in result.front if point.selected), None)
    if point is None:
        reason = result.status[0].status.name if result.status else ""
        return Reading(kind, None, None, round(seconds, 3), reason)
    return Reading(kind, point.complexity, point.error, round(seconds, 3))
