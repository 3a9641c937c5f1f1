"""From data to a formula with nothing to choose: laws are proposed until one is exact."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from kansym.documents.blocks import Paragraph, line
from kansym.documents.html import fragment
from kansym.extraction.attempt import Attempt, Callback
from kansym.extraction.class_discovery import laws_of_classes
from kansym.extraction.constant_units import Units
from kansym.extraction.gathering import labels_of
from kansym.extraction.grouped_discovery import different_forms, grouped_fits, grouped_result
from kansym.extraction.searches import Searches, every_output, processes
from kansym.extraction.settings import Settings
from kansym.extraction.split import MOST_KEPT
from kansym.extraction.usable_rows import UsableRows
from kansym.extraction.weights_reading import INTERRUPTED, as_interrupted, or_in_a_hurry
from kansym.neural.models.kan import KAN
from kansym.neural.models.sizes import MOST_DEGREE, MOST_NUMBERS
from kansym.results.joined import joined
from kansym.results.parts import MeasuredRows
from kansym.results.result import Extraction
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.progress import ProgressCallback, can_be_told, progress_bar
from kansym.shared.row_errors import RowErrors, row_errors
from kansym.shared.tables import Table, as_table, as_targets
from kansym.shared.whole_numbers import LARGEST_SEED, checked_whole
from kansym.symbolic.engines import Engine, engine_beside
from kansym.symbolic.formulas.complexity import charging
from kansym.symbolic.library.library import LIBRARY, Choosable, as_library
from kansym.symbolic.measurements.formula_fit import FormulaFit
from kansym.symbolic.measurements.groups import Groups, without_groups
from kansym.symbolic.measurements.refitting import Exact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Attempt", "Discovery", "discover"]

Loss = Literal["robust", "huber", "squared", "cross-entropy"]
SOUGHT_IN, SOUGHT = 2, 0.6
"""Largest groups in which forms are sought, and their share of the time."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """The best formula, the KAN that computes it, and everything that was tried.

    Attributes
    ----------
    result : the formulas, with all that supports them.
    models : a KAN for every output.
    attempts : all that was tried, output by output.
    seconds : that it took, with the searches that it went on from.
    grouped : with groups, which constants they share, and the values of all.
    """

    result: Extraction
    models: tuple[KAN, ...]
    attempts: tuple[Attempt, ...]
    seconds: float
    grouped: FormulaFit | None = None

    @property
    def model(self) -> KAN:
        """The KAN of the only output.

        Raises
        ------
        InputError
            If there are several.
        """
        if len(self.models) != 1:
            raise InputError(f"There are {len(self.models)} outputs: use models, a KAN for each.")
        (model,) = self.models
        return model

    @property
    def origins(self) -> tuple[str, ...]:
        """Where the laws that were tried came from, in order."""
        return tuple(dict.fromkeys(attempt.origin for attempt in self.attempts))

    def attempts_on(self, output: str) -> tuple[Attempt, ...]:
        """The attempts for one output."""
        return tuple(attempt for attempt in self.attempts if attempt.output == output)

    def is_of(self, X: np.ndarray, y: np.ndarray) -> bool:
        """Whether these are the rows, (rows, inputs) and (rows, outputs), that it was found for."""
        given, own = MeasuredRows(X, y).thinned(MOST_KEPT), self.result.data
        return own is not None and bool(
            np.array_equal(given.X, own.X) and np.array_equal(given.y, own.y)
        )

    def plot(self, ax: "Axes | None" = None, *, output: str | None = None) -> "Axes":
        """Data and formula, see `Extraction.plot`."""
        return self.result.plot(ax, output=output)

    def _repr_html_(self) -> str:
        tried = Paragraph(line(f"Tried in {self.seconds:.1f} s: {', '.join(self.origins)}."))
        return f"{self.result._repr_html_()}\n{fragment((tried,))}"

    def __repr__(self) -> str:
        return f"Discovery({self.result!r}, {len(self.attempts)} attempts)"

    def __str__(self) -> str:
        first = "" if self.grouped is None else f"{self.grouped}\n\n"
        return f"{first}{self.result}\n\ntried in {self.seconds:.1f} s: {', '.join(self.origins)}"


_Found = tuple[Extraction, tuple[KAN, ...], tuple[Attempt, ...]]


@np.errstate(all="ignore")
def discover(  # noqa: PLR0913 - the settings of training and extraction, all by keyword
    X: Any,
    y: Any,
    *,
    sigma: Any = None,
    weights: Any = None,
    groups: Any = None,
    units: Mapping[str, str] | None = None,
    output_unit: str | None = None,
    loss: Loss = "robust",
    exact: Exact = "report",
    library: Choosable = LIBRARY,
    max_complexity: float | None = None,
    costs: Mapping[str, float] | None = None,
    required: Sequence[str] = (),
    seconds: float = 60.0,
    accuracy: float | None = None,
    grid: int = 4,
    degree: int = 3,
    starts: int = 12,
    seed: int = 0,
    engine: str | Engine | None = "pairs",
    resume: Discovery | None = None,
    callback: Callback | None = None,
    n_jobs: int = 1,
    progress: bool | ProgressCallback | None = None,
) -> Discovery:
    """Find a formula for data: laws that rows suggest, and KANs of several shapes that are read.

    Laws come from `kansym.symbolic.laws`; shapes are those of one layer, trees that the gradients
    of surrogate networks show, and some dense ones, see `kansym.neural.training.trial_shapes`.
    Every law becomes a KAN and is refined, recognised and judged in the same way.

    Parameters
    ----------
    X, y : inputs (rows, inputs) and targets (rows,) or (rows, outputs), arrays or data frames;
        every output gets a law of its own. Rows with an infinite target, as at a pole, are left
        out, which a finding says, unless their errors are given.
    sigma, weights, exact : errors of the rows, and what to do about exact numbers, see
        `kansym.extract`.
    loss : ``"robust"`` leaves rows out, and names them, that contradict a law of all others;
        ``"huber"`` does so and fits the constants at last by Huber's loss, so that other rows far
        from the law, which are named too, count less; ``"squared"`` counts every row;
        ``"cross-entropy"`` if y are the labels of classes: laws are those of the log-odds of all
        classes but the first against the first.
    groups : the name of a column of X, or a label for each row, such as that of the planet: one
        form for all groups, with constants that are each group's own where they differ.
    units : input's name to its unit, such as ``{"L": "m"}``; columns named ``L [m]`` have theirs.
        Laws that no units of their constants could make right are left out.
    output_unit : of the target.
    library : functions to try on edges: a `Library`, or names of sets and functions, such as
        ``"physics"`` or ``["elementary", "-tan"]``. With less than the standard library no law has
        any other function; sums, products and powers are always tried.
    max_complexity : longest formula in bits that may be the result; None for no limit.
    costs : how many times their bits functions and operations count, such as
        ``{"sin": 2, "exp": 3, "^": 1.5}``: what costs more is chosen only if it explains more.
    required : names of inputs that the formula has to contain.
    seconds : time limit for everything.
    accuracy : relative error of y that is not worth explaining, see `kansym.extract`.
    grid, degree : of the splines.
    starts : most random starts per shape.
    seed : of starts and splits.
    engine : for edges that no function of the library explains, see `kansym.extract`.
    resume : what an earlier search on the same rows found; this one goes on from there, with other
        random starts, and the same split of the rows.
    callback : is told every `Attempt` that has a formula; a true answer ends the search with the
        best so far.
    n_jobs : processes for several outputs without a callback, -1 for one per core; they run by
        joblib, so that ``joblib.parallel_config`` sends them to a cluster.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `Discovery`; its ``result`` describes the data shortest. Ctrl-C returns the best so far.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(1, 2, (300, 3))
    >>> discover(X, X[:, 0] * X[:, 1] / X[:, 2] ** 2, seconds=20).result.expr
    x1*x2/x3**2
    """
    shape = {"grid": grid, "degree": degree, "starts": starts}
    of_units: dict[str, Any] = {"units": units, "output_unit": output_unit}
    _check(seconds, shape, loss, resume, callback, of_units)
    started, errors = time.monotonic(), {"sigma": sigma, "weights": weights}
    reading: dict[str, Any] = {"accuracy": accuracy, "exact": exact, "costs": costs}
    if groups is not None:
        alone = {"required": required, "resume": resume, "callback": callback}
        _refuse_with_groups(loss, alone | {"max_complexity": max_complexity})
        own = {"library": library, "engine": engine, "seed": seed, "loss": loss} | of_units
        own |= errors | shape | reading
        search = partial(_in_groups, X, y, groups, progress=progress, **own)
        return or_in_a_hurry(search, seconds)[0]
    inputs, library = as_table(X), as_library(library)
    settings = Settings(
        library=library,
        loss="huber" if loss == "huber" else "squared",
        seed=seed if resume is None else resume.result.provenance.seed,
        budget=seconds,
        engine=engine_beside(engine, library),
        max_complexity=max_complexity,
        required=_checked(required, inputs.names),
        **reading,
    )
    with progress_bar(progress, "discovering") as tell:

        def found_in(limit: float) -> _Found:
            own, until = replace(settings, budget=limit), Deadline.after(limit)
            # In a hurry there is no time to begin processes.
            jobs = 1 if callback is not None or limit < seconds else processes(n_jobs)
            searches = Searches(inputs, own, shape, callback, jobs, until, tell)
            if loss == "cross-entropy":
                return laws_of_classes(searches, labels_of(y, len(inputs), sigma, weights))
            return _of_values(searches, y, errors, of_units, resume, doubted=loss != "squared")

        (result, models, attempts), hurried = or_in_a_hurry(found_in, seconds)
    result = as_interrupted(result) if hurried else result
    spent = time.monotonic() - started + (0.0 if resume is None else resume.seconds)
    return Discovery(result, models, attempts, spent)


def _of_values(
    searches: Searches,
    y: Any,
    errors: dict[str, Any],
    units: Mapping[str, Any],
    resume: Discovery | None,
    *,
    doubted: bool,
) -> _Found:
    """Laws for values, each target by itself."""
    rows = UsableRows.of(searches.inputs, y, errors)
    inputs, targets, searches = rows.inputs, rows.targets, replace(searches, inputs=rows.inputs)
    if resume is not None and not resume.is_of(inputs.values, targets.values):
        raise InputError("resume= was found for other rows: give the X and y of that search.")

    def search_for(position: int, seconds: float) -> dict[str, Any]:
        target = Table(targets.values[:, [position]], (targets.names[position],))
        earlier = () if resume is None else resume.attempts_on(target.names[0])
        known = Units.of(
            inputs, replace(target, units=targets.units), units["units"], units["output_unit"]
        )
        more = {"doubted": doubted, "earlier": earlier, "units": known}
        return searches.given(target, rows.errors, seconds, **more)

    count = len(targets.names)
    jobs, deadline, tell = min(count, searches.jobs), searches.deadline, searches.tell
    found = every_output(search_for, count, jobs, deadline, tell)
    result = joined([one.result for one in found])
    result = replace(result, status=(*result.status, *rows.findings))
    attempts = tuple(attempt for one in found for attempt in one.attempts)
    return result, tuple(one.model for one in found), attempts


def _check(
    seconds: float,
    shape: Mapping[str, Any],
    loss: str,
    resume: Any,
    callback: Any,
    units: Mapping[str, Any],
) -> None:
    """Refuse settings that no search could use."""
    if not isinstance(loss, str) or loss not in get_args(Loss):
        raise InputError(
            f"loss={loss!r} is none of a search: give one of {', '.join(get_args(Loss))}; "
            "refit(loss=) of the result takes others."
        )
    if not isinstance(seconds, Real) or not seconds > 0:
        raise InputError(f"seconds={seconds!r} is no time: give a positive number.")
    for name, most in (("grid", MOST_NUMBERS), ("degree", MOST_DEGREE), ("starts", LARGEST_SEED)):
        checked_whole(name, shape[name], 1, most)
    if resume is not None and not isinstance(resume, Discovery):
        raise InputError(f"resume={resume!r:.80} is no search: give what discover returned.")
    if callback is not None and not can_be_told(callback, 1):
        raise InputError(f"callback={callback!r:.80} is no function of one thing, an Attempt.")
    if loss == "cross-entropy" and (resume is not None or any(units.values())):
        raise InputError("loss='cross-entropy' takes no resume= or units: leave them out.")


def _checked(required: Sequence[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Required inputs, if they are inputs."""
    if not isinstance(required, str | list | tuple):
        raise InputError(f"required={required!r} is not usable: give names of inputs, ['T'].")
    wanted = (required,) if isinstance(required, str) else tuple(required)
    stray = next((name for name in wanted if name not in names), None)
    if stray is not None:
        raise InputError(f"required= names {stray!r}, which is no input: {hint(stray, names)}.")
    return wanted


def _refuse_with_groups(loss: str, others: Mapping[str, Any]) -> None:
    """Refuse settings that a search in groups does not have, unless they say nothing."""
    classes = loss if loss == "cross-entropy" else None
    for name, value in (*others.items(), ("loss", classes)):
        if value is not None and not (isinstance(value, tuple | list) and not value):
            raise InputError(f"groups= and {name}= were both given: leave one of them out.")


def _in_groups(X: Any, y: Any, groups: Any, seconds: float, **settings: Any) -> Discovery:
    """One form for all groups: forms are sought in the largest ones."""
    started, deadline = time.monotonic(), Deadline.after(seconds)
    inputs = as_table(without_groups(X, groups))
    target = as_targets(y, len(inputs))
    members = Groups.of(groups, X, len(inputs))
    if len(target.names) != 1:
        raise InputError("groups= are those of one target: give y of one column.")
    sigma, weights = settings.pop("sigma"), settings.pop("weights")
    units = Units.of(inputs, target, settings.pop("units"), settings.pop("output_unit"))
    if units is not None:
        settings |= {"units": units.inputs, "output_unit": units.output}
    known = row_errors(len(inputs), sigma, weights)
    largest = np.argsort([-rows for rows in members.counts.values()], kind="stable")[:SOUGHT_IN]
    attempts, name, interrupted = list[Attempt](), target.names[0], False
    for place in largest:
        rows = np.flatnonzero(members.place == place)
        if len(rows) < 2:
            continue
        kept = {"sigma" if known.absolute else "weights": _errors_of(known, rows)}
        kept = {} if sigma is None and weights is None else kept
        table = pd.DataFrame(inputs.values[rows], columns=list(inputs.names))
        share = SOUGHT * seconds / len(largest)
        found = discover(table, target.values[rows], seconds=share, **kept, **settings)
        attempts += found.attempts
        attempts.append(Attempt(name, f"group {members.labels[place]}", 0.0, found.result.front))
        if interrupted := INTERRUPTED in found.result.status:
            deadline = deadline.within(0.0)
            break
    points = [point for attempt in attempts for point in attempt.points]
    forms = different_forms(formula for point in points for formula in point.formulas)
    y_one = target.values[:, 0]
    same = ("accuracy", "seed", "exact", "costs")
    reading = Settings(
        library=as_library(settings["library"]),
        budget=seconds,
        **{each: settings[each] for each in same},
    )
    with charging(reading.prices):
        fits = grouped_fits(forms, inputs, y_one, members, known, reading.exact, deadline)
        if not fits:
            raise InputError(
                "No form suits all groups: give more rows for each, or more seconds for the search."
            )
        model, result = grouped_result(
            fits, inputs, target, members, known, reading, units, deadline
        )
    result = as_interrupted(result) if interrupted else result
    return Discovery(result, (model,), tuple(attempts), time.monotonic() - started, fits[0])


def _errors_of(known: RowErrors, rows: np.ndarray) -> np.ndarray:
    """What `discover` takes for errors of some rows: standard errors, or weights."""
    inverse = known.inverse[rows]
    return 1.0 / inverse if known.absolute else inverse**2
