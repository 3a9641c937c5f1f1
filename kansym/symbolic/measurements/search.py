"""The constants of least misfit: from many starts, within bounds."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.row_errors import RowErrors
from kansym.symbolic.constants.least_squares import minimise
from kansym.symbolic.constants.refinement import as_started, refine
from kansym.symbolic.constants.template_fit import Fitting
from kansym.symbolic.measurements.given_formula import GivenFormula, unknown_constant
from kansym.symbolic.measurements.misfit import Misfit, RowMisfit
from kansym.symbolic.measurements.start_draws import screened, start_draws

__all__ = ["Bounds", "LocalMinimum", "Pinned", "bounds_of", "local_minimum", "search"]

SEARCH_ROWS = 5_000
"""Rows on which starts are compared; the last fit uses all."""
DRAWS = 400
"""Draws of constants that were given no start; each costs one linear fit."""
SEARCHES = 12
_MAX_STEPS = 300
_MET_AGAIN = 2
_DECADES = (0.1, 1.0, 0.3, 2.0)
"""Spreads of further starts about one that was given, near and far in turn."""
_WORSE = 3
"""Searches in a row without gain after which the best minimum counts as the best there is."""
_MOST_ORDERED = 12
"""Constants up to which signs and order are made those of a given start, else positive, where that
is the same."""
_AT_BOUND = 1e-5
_SAME = 1e-6


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest value of each constant, shapes (constants,)."""

    low: np.ndarray
    high: np.ndarray

    @property
    def any(self) -> bool:
        """Whether there is a bound at all."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def hold(self, constants: np.ndarray) -> bool:
        """Whether all constants lie within."""
        return bool(((constants >= self.low) & (constants <= self.high)).all())

    def nearest(self, constants: np.ndarray) -> np.ndarray:
        """The nearest values within."""
        return np.clip(constants, self.low, self.high)

    def but(self, index: int) -> "Bounds":
        """Without one of the constants."""
        return Bounds(np.delete(self.low, index), np.delete(self.high, index))


@dataclass(frozen=True)
class LocalMinimum:
    """A minimum.

    Attributes
    ----------
    constants : in the order of the formula.
    converged : whether the search reached a minimum.
    active : which constants are at a bound that keeps them from going on.
    """

    constants: np.ndarray
    converged: bool
    active: np.ndarray


@dataclass(frozen=True, eq=False)
class Pinned:
    """A misfit in which some constants keep a value; the others are its constants."""

    misfit: Misfit
    constants: np.ndarray
    free: np.ndarray

    def _whole(self, others: np.ndarray) -> np.ndarray:
        whole = self.constants.copy()
        whole[self.free] = others
        return whole

    def residuals(self, constants: np.ndarray) -> np.ndarray:
        return self.misfit.residuals(self._whole(constants))

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        return self.misfit.jacobian(self._whole(constants))[:, self.free]


def bounds_of(given: Mapping[str, Any] | None, free: tuple[str, ...]) -> Bounds:
    """Bounds by constant's name as pairs of lowest and highest, None for no bound.

    Examples
    --------
    >>> bounds_of({"a": (0, None)}, ("a", "b"))
    Bounds(low=array([  0., -inf]), high=array([inf, inf]))
    """
    low, high = np.full(len(free), -np.inf), np.full(len(free), np.inf)
    for name, pair in (given or {}).items():
        if name not in free:
            raise unknown_constant("bounds", name, free)
        try:
            lowest, highest = (None if end is None else float(end) for end in pair)
        except (TypeError, ValueError):
            raise InputError(
                f"bounds[{name!r}] is {pair!r}: give the lowest and the highest value, "
                "None for no bound."
            ) from None
        lowest = -np.inf if lowest is None else lowest
        highest = np.inf if highest is None else highest
        if not lowest < highest:
            raise InputError(
                f"bounds[{name!r}] is {pair!r}: the lowest value has to be less than the highest; "
                f"fixed={{{name!r}: ...}} keeps one value."
            )
        place = free.index(name)
        low[place], high[place] = lowest, highest
    return Bounds(low, high)


def cost(misfit: Misfit, constants: np.ndarray) -> float:
    """Sum of the squared residuals, infinite where the formula is undefined."""
    with np.errstate(all="ignore"):
        r = misfit.residuals(constants)
        total = float(np.dot(r, r))
    return total if np.isfinite(total) else np.inf


def local_minimum(
    misfit: Misfit, start: np.ndarray, bounds: Bounds, max_steps: int = _MAX_STEPS
) -> LocalMinimum:
    """The minimum downhill from a start."""
    start = bounds.nearest(start)
    with np.errstate(all="ignore"):
        solution = minimise(
            misfit.residuals, misfit.jacobian, start, max_steps=max_steps, first_radius=10.0
        )
        if bounds.hold(solution.x):
            return LocalMinimum(solution.x, solution.converged, np.zeros(len(start), dtype=bool))
        return _bounded(misfit, start, bounds, max_steps)


def _bounded(misfit: Misfit, start: np.ndarray, bounds: Bounds, max_steps: int) -> LocalMinimum:
    """By reflections at the bounds, then exactly, with those that stay there fixed."""
    from scipy.optimize import least_squares

    if not np.isfinite(misfit.residuals(start)).all():
        return LocalMinimum(start, False, np.zeros(len(start), dtype=bool))

    def finite(constants: np.ndarray) -> np.ndarray:
        r = misfit.residuals(constants)
        return np.where(np.isfinite(r), r, 1e100)

    def slopes(constants: np.ndarray) -> np.ndarray:
        return np.nan_to_num(misfit.jacobian(constants), posinf=0.0, neginf=0.0)

    solution = least_squares(
        finite, start, slopes, (bounds.low, bounds.high), x_scale="jac", max_nfev=max_steps
    )
    x = solution.x
    size = np.maximum(np.abs(x), np.abs(start)) * _AT_BOUND
    down = (x - bounds.low <= size) & (solution.grad > 0)
    up = (bounds.high - x <= size) & (solution.grad < 0)
    x = np.where(down, bounds.low, np.where(up, bounds.high, x))
    active = down | up
    others = Pinned(misfit, x, ~active)
    inner = minimise(others.residuals, others.jacobian, x[~active], max_steps=max_steps)
    exact = x.copy()
    exact[~active] = inner.x
    if bounds.hold(exact) and cost(misfit, exact) <= cost(misfit, x):
        return LocalMinimum(exact, inner.converged, active)
    return LocalMinimum(x, bool(solution.success), active)


def search(
    formula: GivenFormula,
    errors: RowErrors,
    misfit: Misfit,
    given: Mapping[str, float],
    bounds: Bounds,
    seed: int,
    deadline: Deadline,
) -> LocalMinimum:
    """The best minimum of several starts.

    Parameters
    ----------
    formula, errors : the rows, taken as independent for comparing starts.
    misfit : what is to be least.
    given : values of some constants to start from.
    bounds : of the constants.
    seed : of the draws.
    deadline : when to stop with the best so far.

    Raises
    ------
    InputError
        If the formula is undefined on some rows from every start.
    """
    stray = next((name for name in given if name not in formula.free), None)
    if stray is not None:
        raise unknown_constant("start", stray, formula.free)
    few, few_errors = _few_rows(formula, errors)
    if not formula.free:
        return LocalMinimum(np.zeros(0), True, np.zeros(0, dtype=bool))
    starts = _starts(few, few_errors, given, bounds, seed)
    first = next(starts)
    best = _best(few, few_errors, itertools.chain([first], starts), bounds, deadline)
    if best is None:
        raise _undefined(formula, first)
    if len(few.free) <= _MOST_ORDERED:
        fitting = Fitting(few.program, few.inputs, few.X, few.y, few.free, curves=few.named_curves)
        wanted = first if given else np.abs(first)
        named = as_started(fitting, few.named(best), few.named(wanted))
        best = np.array([named[name] for name in few.free])
    if len(few.y) < len(formula.y) and type(misfit) is RowMisfit and not bounds.any:
        return LocalMinimum(best, True, np.zeros(len(best), dtype=bool))
    end = local_minimum(misfit, best, bounds)
    return end if cost(misfit, end.constants) < np.inf else replace(end, converged=False)


def _best(
    formula: GivenFormula,
    errors: RowErrors,
    starts: Iterable[np.ndarray],
    bounds: Bounds,
    deadline: Deadline,
) -> np.ndarray | None:
    """The best of several searches; enough when the best has been met again, or a few were worse.

    None if the formula is undefined from every start.
    """
    best: np.ndarray | None = None
    least, met, worse = np.inf, 0, 0
    for start in starts:
        if met >= _MET_AGAIN or worse >= _WORSE:
            break
        if best is not None and deadline.passed:
            break
        found, now, sound = _from(formula, errors, start, bounds)
        if best is not None and abs(now - least) <= _SAME * least:
            met += sound
        elif now < least:
            best, least, met, worse = found, now, 0, 0
        elif best is not None:
            worse += 1
    return best


def _few_rows(formula: GivenFormula, errors: RowErrors) -> tuple[GivenFormula, RowErrors]:
    """Some of very many rows, spread over all."""
    rows = len(formula.y)
    if rows <= SEARCH_ROWS:
        return formula, RowErrors(errors.inverse, None, errors.absolute)
    chosen = np.sort(np.random.default_rng(0).choice(rows, SEARCH_ROWS, replace=False))
    return formula.of_rows(chosen), errors.of_rows(chosen)


def _starts(
    formula: GivenFormula,
    errors: RowErrors,
    given: Mapping[str, float],
    bounds: Bounds,
    seed: int,
) -> Iterator[np.ndarray]:
    """Places to begin at: the one given, others about it, then the most promising of many draws."""
    if len(given) == len(formula.free):
        first = bounds.nearest(np.array([given[name] for name in formula.free], dtype=float))
        rng = np.random.default_rng(seed)
        yield first
        for spread in _DECADES:
            yield bounds.nearest(first * 10.0 ** rng.normal(0.0, spread, len(first)))
        given = {}
    fitting = Fitting(
        formula.program,
        formula.inputs,
        formula.X,
        formula.y,
        formula.free,
        errors.inverse**2,
        formula.named_curves,
    )
    if not fitting.bent:
        yield next(start_draws(formula, given, 1, seed))
        return
    draws = [bounds.nearest(d) for d in start_draws(formula, given, DRAWS, seed)]
    with np.errstate(all="ignore"):
        pairs = [_projected(fitting, draw, bounds) for draw in draws]
    costs = np.array([one[1] for one in pairs])
    yield from screened(costs, [one[0] for one in pairs], SEARCHES)


def _projected(fitting: Fitting, draw: np.ndarray, bounds: Bounds) -> tuple[np.ndarray, float]:
    """A draw with the constants that enter linearly at their best, and its sum of squares."""
    values = dict(zip(fitting.constants, draw, strict=True))
    bent = np.array([values[name] for name in fitting.bent])
    try:
        found = fitting.project(bent)
    except np.linalg.LinAlgError:
        found = None
    if found is None:
        return draw, np.inf
    at = bounds.nearest(np.array([found[0][name] for name in fitting.constants]))
    r = fitting.residuals(dict(zip(fitting.constants, at, strict=True)))
    total = float(np.dot(r, r))
    return at, total if np.isfinite(total) else np.inf


def _from(
    formula: GivenFormula, errors: RowErrors, start: np.ndarray, bounds: Bounds
) -> tuple[np.ndarray, float, bool]:
    """Minimum from a start, its sum of squares, and whether it determines all constants."""
    refined = refine(
        formula.program,
        formula.inputs,
        formula.X,
        formula.y,
        formula.named(start),
        weights=errors.inverse**2,
        curves=formula.named_curves,
        max_steps=_MAX_STEPS,
    )
    at = np.array([refined.values[name] for name in formula.free])
    if bounds.hold(at):
        return at, refined.rss, refined.converged and refined.rank == len(at)
    rows = RowMisfit(formula, errors)
    found = local_minimum(rows, start, bounds)
    return found.constants, cost(rows, found.constants), found.converged


def _undefined(formula: GivenFormula, start: np.ndarray) -> InputError:
    """Which rows the formula is not defined on."""
    with np.errstate(all="ignore"):
        bad = ~np.isfinite(formula.predicted(start))
    first = int(np.argmax(bad))
    at = ", ".join(f"{name} = {column[first]:g}" for name, column in formula.columns.items())
    return InputError(
        f"The formula {str(formula.template)[:60]!r} is undefined on {int(bad.sum())} of "
        f"{len(bad)} rows, the first is row {first} ({at}): leave those rows out, or start its "
        "constants elsewhere by start=."
    )
