"""Laws for a function of one variable, from the plainest models to expressions of growing size."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.compositions import compositions, compositions_within
from kansym.symbolic.laws.crossovers import crossovers, plain_crossovers
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.exponential_sums import (
    exponential_sums,
    powers_times_exponential_sums,
)
from kansym.symbolic.laws.form import Form
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.long_curves import long_curves
from kansym.symbolic.laws.rational_functions import exact_quotients, quotients_of_functions
from kansym.symbolic.laws.short_curves import short_curves
from kansym.symbolic.laws.simple_models import plain_models, simple_models

__all__ = [
    "AT_ONCE",
    "OF_MEASURED_ROWS",
    "QUICK",
    "SHORT",
    "USUAL",
    "Stage",
    "Univariate",
    "univariate_laws",
]

Stage = Callable[[Curve, Deadline], Iterator[Form]]
AT_ONCE: tuple[Stage, ...] = (exact_quotients, plain_models)
"""Those that take a tenth of a second."""
QUICK: tuple[Stage, ...] = (exact_quotients, plain_models, simple_models, short_curves)
"""Those that see an exact law soon, the quickest first."""


def _crossing_or_simple(curve: Curve, until: Deadline) -> Iterator[Form]:
    """What curves follow most often beside plain models, the quickest first."""
    yield from crossovers(curve, until)
    yield from simple_models(curve, until)


def _models(curve: Curve, until: Deadline) -> Iterator[Form]:
    """All models at once: of noisy rows the plainest that leaves noise is not the likeliest."""
    yield from plain_models(curve, until)
    yield from simple_models(curve, until)


def _usual(curve: Curve, until: Deadline) -> Iterator[Form]:
    """These and plain powers that cross over."""
    yield from plain_crossovers(curve, until)
    yield from _models(curve, until)


def _models_and_crossovers(curve: Curve, until: Deadline) -> Iterator[Form]:
    """Models and all powers that cross over."""
    yield from crossovers(curve, until)
    yield from _models(curve, until)


_PLAIN: tuple[Stage, ...] = (
    exact_quotients,
    plain_models,
    _crossing_or_simple,
    short_curves,
    quotients_of_functions,
    exponential_sums,
)
_RICH: tuple[Stage, ...] = (
    long_curves,
    compositions,
    powers_times_exponential_sums,
    compositions_within,
)
SHORT: tuple[Stage, ...] = (*_PLAIN, *_RICH[1:])
"""Those that take less than a second each, as a rule: for curves that may be none."""
USUAL: tuple[Stage, ...] = (_usual,)
"""The functions that measured tables follow most often."""
OF_MEASURED_ROWS: tuple[Stage, ...] = (
    exact_quotients,
    _models_and_crossovers,
    quotients_of_functions,
    exponential_sums,
    short_curves,
    *_RICH,
)
"""For rows with errors as a rule: what is exact or rich is sought where usual laws leave more."""
_FEWEST = 2
"""Rows that a law is sought for."""
_HANDED_ON, _OF_A_SIZE = 6, (2, 5)
"""Laws that are handed on, and of these how many of a number of constants; of usual ones more, for
errors that grow with y turn their order around."""
_PRUNED, _SEARCHING = 2, 0.85
"""Laws of which constants that are not needed are taken, and share of the time before that."""
_FEW, _NO_NOISE, _ABOVE, _WHITE = 6, 1e-7, 1.5, 2.0
"""Most constants of a form that may end the search, error below which there is no noise, error over
a known noise that is more than it, and standard deviations of the autocorrelation of noise."""
_PLAIN_CONSTANTS = 3
"""Most constants of a form that is plain, beside which no other is sought within a smooth error."""
_FEWEST_TOLD, _UNTOLD = 8, 0.6
"""Rows from which neighbours tell a residual, and least ratio at which they do not: noise has 1,
give or take 0.2 in ten rows."""
_EXPLAINED = 0.3
"""Most error over the spread that a plain form may leave if what is left is to be noise: of a
function that varies quickly between the rows any form leaves all, without order."""
_SAME = 1e-3
"""Difference of two laws over their error below which they are one."""


def univariate_laws(
    x: np.ndarray,
    y: np.ndarray,
    name: str,
    noise: float,
    until: Deadline,
    weights: np.ndarray | None = None,
    independent: float = np.inf,
    stages: tuple[Stage, ...] | None = None,
) -> Iterator[Law]:
    """Laws y = h(x), those of shortest description first.

    Parameters
    ----------
    x, y : the points (rows,), in any order and any units.
    name : of the input in the laws.
    noise : root-mean-square error of y over its spread; 0 if unknown or exact.
    until : when to stop with what there is.
    weights : one over the variance of y (rows,), up to a factor.
    independent : as of `kansym.symbolic.laws.law.Rows`.
    stages : what is tried; by default everything.

    Examples
    --------
    >>> x = np.linspace(1.0, 5.0, 40)
    >>> law = next(univariate_laws(x, x / (x**2 + 3), "x", 0.0, Deadline.after(10)))
    >>> law.error < 1e-10
    True
    """
    curve = Curve.of(x, y, noise, weights, independent)
    if curve.rows < _FEWEST or curve.low == curve.high:
        return
    if np.ptp(curve.y) == 0:
        yield Form("a", {"a": float(curve.y[0])}, "constant", 0.0).law(curve, name)
        return
    forms: list[Form] = []
    is_noise, searching = False, until.share(_SEARCHING)
    for stage in _PLAIN + _RICH if stages is None else stages:
        if (
            is_noise
            and stage in (short_curves, *_RICH)
            and _shortest(forms, curve).error < _EXPLAINED
        ):
            break
        # Beside a plain form that leaves nothing but noise, only an exact one is worth having.
        new = [form for form in stage(curve, searching) if _is_worth(form, curve)]
        forms += [form for form in new if not is_noise or _is_exact(form, curve)]
        if searching.passed or any(_is_exact(form, curve) for form in forms):
            break
        is_noise = is_noise or (bool(forms) and _leaves_noise(_shortest(forms, curve), curve))
        if is_noise and noise > 0:
            break
    for place, form in enumerate(_different(forms, curve, _OF_A_SIZE[stages is USUAL])):
        yield (form.pruned(curve, until) if place < _PRUNED else form).law(curve, name)


def _shortest(forms: list[Form], curve: Curve) -> Form:
    """The form of shortest description."""
    return min(forms, key=lambda form: form.length(curve))


def _is_worth(form: Form, curve: Curve) -> bool:
    """Whether a form has constants that are numbers, and is not exact as a limit of others."""
    return form.is_sound and not (_is_exact(form, curve) and form.cancels(curve))


def _is_exact(form: Form, curve: Curve) -> bool:
    """Whether a form is right but for rounding, and no good approximation."""
    return form.error <= curve.exact and not form.is_approximation


def _leaves_noise(form: Form, curve: Curve) -> bool:
    """Whether residuals in order of x neither follow one another nor can be interpolated."""
    if len(form.start) > _FEW or form.error < _NO_NOISE:
        return False
    smooth = curve.rows < len(curve.x)  # the errors of a smooth model are smooth themselves
    if curve.noise > 0 and form.error > _ABOVE * curve.noise:
        return False
    if smooth and curve.noise > 0:
        return len(form.start) <= _PLAIN_CONSTANTS
    rest = (form.values(curve) - curve.y) * curve.root
    follows = abs(float(rest[1:] @ rest[:-1])) / float(rest @ rest)
    if follows >= _WHITE / np.sqrt(len(rest)):
        return False
    return smooth or _interpolated(curve.x, rest) > _UNTOLD


def _interpolated(x: np.ndarray, rest: np.ndarray) -> float:
    """Error of the cubic through four neighbours over that which it has for independent residuals.

    1 for noise, near 0 for a smooth function however plain the fit before it; 1 if there are too
    few points to tell.
    """
    middle, beside = 2, [0, 1, 3, 4]
    if len(x) < _FEWEST_TOLD:
        return 1.0
    at = np.lib.stride_tricks.sliding_window_view(x, 5)
    value = np.lib.stride_tricks.sliding_window_view(rest, 5)
    difference = at[:, middle, None] - at[:, beside]
    apart = at[:, beside, None] - at[:, None, beside] + np.eye(4)
    distinct = (np.diff(at, axis=1) > 0).all(axis=1)
    weights = np.stack(
        [
            np.delete(difference, k, axis=1).prod(axis=1)
            / np.where(distinct, apart[:, k].prod(axis=1), 1.0)
            for k in range(4)
        ],
        axis=1,
    )
    missed = value[:, middle] - np.vecdot(weights, value[:, beside])
    missed = (missed / np.sqrt(1 + np.vecdot(weights, weights)))[distinct]
    return float(np.sqrt(np.mean(missed**2) / np.mean(rest**2))) if missed.size else 1.0


def _different(forms: list[Form], curve: Curve, of_a_size: int) -> list[Form]:
    """The forms of shortest description, of those with equal values the shortest alone.

    Beside the shortest of all stand the shortest of every number of constants.
    """
    chosen: list[tuple[Form, np.ndarray]] = []
    alike = Counter[int]()
    for form in sorted(forms, key=lambda form: form.length(curve)):
        if len(chosen) >= _HANDED_ON and alike[len(form.start)] >= of_a_size:
            continue
        values = form.values(curve)
        same = max(curve.exact, _SAME * form.error) * curve.spread
        if all(np.linalg.norm((values - other) * curve.root) > same for _, other in chosen):
            chosen.append((form, values))
            alike[len(form.start)] += 1
    return [form for form, _ in chosen]


class Univariate:
    """The source of laws for tables with one input that varies.

    Parameters
    ----------
    stages : what is tried; by default everything.
    """

    name = "function of one variable"

    def __init__(self, stages: tuple[Stage, ...] | None = None):
        self.stages = stages

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws of the one input, none where several vary."""
        varying = rows.varying
        if len(varying) == 1:
            column = int(varying[0])
            x, name, few = rows.X[:, column], rows.names[column], rows.independent
            given = rows.noise, until, rows.weights, few, self.stages
            yield from univariate_laws(x, rows.y, name, *given)
