"""A search without rows that contradict all others, beside one with them: the shorter one wins."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.extraction.few_rows import MOST, FewRows
from kansym.extraction.search import Search
from kansym.extraction.split import errors_of, split_rows
from kansym.neural.models.kan import KAN
from kansym.results.result import Extraction
from kansym.shared.row_errors import RowErrors
from kansym.shared.status import Finding, Status
from kansym.symbolic.measurements.residual_tests import outlying_rows
from kansym.symbolic.measurements.suspected_rows import suspected_rows

__all__ = ["suspects", "with_and_without"]

_EXACT = 1e-8
"""Relative error of a law of all rows after which none is doubted."""
_CLEAR, _SOUGHT = 6.0, 10.0
"""Bits by which the law without some rows must be shorter: odds of 64 to 1; and bits for having
sought a law that was made for these rows among a thousand."""
_LAW = 0.3
"""Relative error of a law of the other rows above which it is none that a row could contradict."""
_FORETOLD = 6.0
"""Standard deviations within which a law says what a row is."""
_LEAST, _FIRST = 0.5, 0.5
"""Seconds below which there is time for one search only, and the share of that with all rows."""

Found = tuple[Search, KAN, Extraction]


def suspects(search: Mapping[str, Any]) -> tuple[int, ...]:
    """Rows, as in the table, that a search might do better without."""
    measured = search["split"].measured
    if search["settings"].budget < _LEAST:
        return ()
    if measured is None or len(measured[0]) > MOST or measured[1].shape[1] != 1:
        return ()
    X, y, errors = measured
    return suspected_rows(X, y[:, 0], errors)


def with_and_without(
    search: dict[str, Any], rows: Sequence[int], run: Callable[[dict[str, Any]], Found]
) -> Found:
    """The search whose law, with what is left out told row by row, describes the table shortest.

    Parameters
    ----------
    search : what `Search` is given.
    rows : from `suspects`.
    run : runs a search.
    """
    seconds = search["settings"].budget
    first = replace(search["settings"], budget=_FIRST * seconds)
    every = run({**search, "settings": first})
    if every[0].interrupted or _error(every) < _EXACT:
        return every
    left = max(every[0].deadline.left(), 0.0) + (1 - _FIRST) * seconds
    kept = np.setdiff1d(np.arange(len(search["inputs"])), rows)
    some = run(_of_rows(search, kept, left))
    told = len(rows) * math.log2(float(np.ptp(search["target"].values)))
    told += math.log2(math.comb(len(search["inputs"]), len(rows)))
    clear = _CLEAR if _is_foretold(every, rows) else -_SOUGHT
    if _error(some) > _LAW or _bits(some) + told + clear > _bits(every):
        return every
    return some[0], some[1], _with_all_rows(some, every[2], rows)


def _is_foretold(every: Found, rows: Sequence[int]) -> bool:
    """Whether the law of all rows, its constants from the others, says what the doubted rows are.

    One that does not, or leaves them open, such as one with a pole beside a row, was made for them.
    """
    measured, place = every[0].split.measured, list(rows)
    assert measured is not None
    # The errors of all rows, which may grow with y, say how far off one may be.
    X, y, errors = measured[0], measured[1][:, 0], measured[2]
    kept = np.setdiff1d(np.arange(len(y)), place)
    others = FewRows(every[0].inputs.names, X[kept], y[kept], errors.of_rows(kept))
    fits = others.again(every[2].formulas, every[0].deadline)
    if not fits:
        return False
    values, open_by = fits[0].predict(X[place], return_std=True)
    missed = np.maximum(np.abs(y[place] - values), open_by) * errors.inverse[place]
    usual = float(np.std(fits[0].residuals * others.errors.inverse))
    return bool(np.all(missed < _FORETOLD * max(usual, 1e-300)))


def _error(found: Found) -> float:
    """Relative error of the law of a search."""
    return next(point.error for point in found[2].front if point.selected)


def _of_rows(search: Mapping[str, Any], kept: np.ndarray, seconds: float) -> dict[str, Any]:
    """A search of some of its rows."""
    settings = replace(search["settings"], budget=seconds)
    inputs = replace(search["inputs"], values=search["inputs"].values[kept])
    target = replace(search["target"], values=search["target"].values[kept])
    count = len(search["inputs"])
    errors = {
        name: None if given is None else np.broadcast_to(np.ravel(given), count)[kept]
        for name, given in search["errors"].items()
    }
    known = errors_of(errors["sigma"], errors["weights"], target)
    split = split_rows(None, inputs.values, target, None, settings, known)
    own = {"inputs": inputs, "target": target, "errors": errors, "split": split}
    return {**search, **own, "settings": settings, "earlier": ()}


def _bits(found: Found) -> float:
    """Description length of the rows of a search, in the unit of y and not of their spread."""
    search, _, result = found
    few = search.few
    assert few is not None
    errors, n = few.errors, len(few.y)
    bits = few.length(result.formulas[0])
    if errors.absolute:
        return bits - float(np.sum(np.log2(errors.inverse / math.sqrt(2 * math.pi))))
    weight = errors.inverse**2
    spread = float(np.sum(weight * (few.y - weight @ few.y / weight.sum()) ** 2))
    bits += n / 2 * math.log2(2 * math.pi * math.e * max(spread, 1e-300) / n)
    return bits - float(np.sum(np.log2(errors.inverse)))


def _with_all_rows(found: Found, every: Extraction, rows: Sequence[int]) -> Extraction:
    """A result about some rows, with the data of all and what is said about rows counted there."""
    search, _, result = found
    data = every.data
    assert data is not None
    kept = np.setdiff1d(np.arange(len(data)), rows)
    errors = _errors_of_all(search, every, result.predict(data.X))
    scaled = errors.divided(data.y[:, 0] - result.predict(data.X))
    freedom = len(kept) - len(result.formulas[0].constants)
    noise = 1.0 if errors.absolute else _rms(scaled[kept], freedom)
    said = [_off(Status.ROWS_LEFT_OUT, [(i, scaled[i] / noise) for i in rows])]
    more = outlying_rows(scaled[kept], np.zeros(len(kept)), freedom, known=errors.absolute)
    if more:
        said.append(_off(Status.OUTLYING_ROWS, [(int(kept[i]), t) for i, t in more]))
    gone = (Status.OUTLYING_ROWS, Status.OK)
    others = tuple(finding for finding in result.status if finding.status not in gone)
    return replace(result, data=data, status=(*said, *others))


def _errors_of_all(search: Search, every: Extraction, values: np.ndarray) -> RowErrors:
    """Errors of all rows, as they are among those that counted."""
    assert every.data is not None
    if search.growing:
        return RowErrors(np.abs(values) ** -search.growing)
    if every.data.sigma is not None:
        return RowErrors(1 / every.data.sigma, absolute=True)
    return RowErrors(np.ones(len(values)))


def _rms(values: np.ndarray, freedom: int) -> float:
    return math.sqrt(float(values @ values) / max(freedom, 1)) or 1.0


def _off(status: Status, distances: Sequence[tuple[int, float]]) -> Finding:
    far = ", ".join(f"row {i} by {abs(t):.1f}" for i, t in distances)
    return Finding(status, "rows", f"off the formula, in standard errors: {far}")
