"""From data to a formula with nothing to choose: laws are proposed until one is exact."""

import time
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.documents.blocks import Paragraph, line
from kansym.documents.html import fragment
from kansym.extraction.search import Attempt, Callback
from kansym.extraction.searches import processes, searched, searched_together
from kansym.extraction.settings import Settings
from kansym.extraction.split import MOST_KEPT, errors_of, split_rows
from kansym.neural.models.kan import KAN
from kansym.neural.models.sizes import MOST_DEGREE, MOST_NUMBERS
from kansym.neural.readers.tracing import output_names
from kansym.results.joined import joined
from kansym.results.parts import MeasuredRows
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.tables import Table, as_table, as_targets
from kansym.shared.whole_numbers import LARGEST_SEED, checked_whole
from kansym.symbolic.engines import Engine, Pairs, engine_named
from kansym.symbolic.library.library import LIBRARY, Choosable, as_library
from kansym.symbolic.measurements.formula_fitting import Exact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Attempt", "Discovery", "discover"]

LEAST = 0.1
"""Least seconds for an output."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """The best formula, the KAN that computes it, and everything that was tried.

    Attributes
    ----------
    result : the formulas, with all that supports them.
    models : a KAN for every output.
    attempts : all that was tried, output by output.
    seconds : that it took, with the searches that it went on from.
    """

    result: Extraction
    models: tuple[KAN, ...]
    attempts: tuple[Attempt, ...]
    seconds: float

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
        """Whether these are the rows that it was found for.

        Parameters
        ----------
        X, y : shape (rows, inputs) and (rows, outputs).
        """
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
        return f"{self.result}\n\ntried in {self.seconds:.1f} s: {', '.join(self.origins)}"


@np.errstate(all="ignore")
def discover(  # noqa: PLR0913 - the settings of training and extraction, all by keyword
    X: Any,
    y: Any,
    *,
    sigma: Any = None,
    weights: Any = None,
    exact: Exact = "report",
    library: Choosable = LIBRARY,
    max_complexity: float | None = None,
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
        every output gets a law of its own.
    sigma, weights, exact : errors of the rows, and what to do about exact numbers, see
        `kansym.extract`.
    library : functions to try on edges: a `Library`, or names of sets and functions, such as
        ``"physics"`` or ``["elementary", "-tan"]``. With less than the standard library no law has
        any other function; sums, products and powers are always tried.
    max_complexity : longest formula in bits that may be the result; None for no limit.
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
    n_jobs : processes for the searches of several outputs, -1 for one per core; they run by joblib,
        so that ``joblib.parallel_config`` sends them to a cluster. One output is searched in this
        process, and so are outputs with a callback. An interrupt of several processes leaves no
        result.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `Discovery`; its ``result`` has the shortest description of the data. An interrupt (Ctrl-C)
    returns the best so far.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(1, 2, (300, 3))
    >>> discover(X, X[:, 0] * X[:, 1] / X[:, 2] ** 2, seconds=20).result.expr
    x1*x2/x3**2
    """
    if not isinstance(seconds, Real) or not seconds > 0:
        raise InputError(f"seconds={seconds!r} is no time: give a positive number.")
    checked_whole("grid", grid, 1, MOST_NUMBERS)
    checked_whole("degree", degree, 1, MOST_DEGREE)
    checked_whole("starts", starts, 1, LARGEST_SEED)
    started = time.monotonic()
    inputs = as_table(X)
    targets = as_targets(y, len(inputs))
    if set(targets.names) & set(inputs.names):  # an input may have the name of a target
        targets = Table(targets.values, output_names(len(targets.names), inputs.names))
    if resume is not None and not resume.is_of(inputs.values, targets.values):
        raise InputError(
            "resume= was found for other rows: give the X and y that it was found for."
        )
    library = as_library(library)
    settings = Settings(
        library=library,
        accuracy=accuracy,
        seed=seed if resume is None else resume.result.provenance.seed,
        budget=seconds,
        engine=Pairs.beside(library) if engine == "pairs" else engine_named(engine),
        exact=exact,
        max_complexity=max_complexity,
    )
    errors = {"sigma": sigma, "weights": weights}
    known = errors_of(sigma, weights, targets)
    shape = {"grid": grid, "degree": degree, "starts": starts}

    def search_for(position: int, seconds: float) -> dict[str, Any]:
        """What a search for one output is given."""
        target = Table(targets.values[:, [position]], (targets.names[position],))
        return {
            "inputs": inputs,
            "target": target,
            "split": split_rows(None, inputs.values, target, None, settings, known),
            "settings": replace(settings, budget=max(LEAST, seconds)),
            "shape": shape,
            "errors": errors,
            "earlier": () if resume is None else resume.attempts_on(target.names[0]),
            "callback": callback,
        }

    count = len(targets.names)
    jobs = 1 if callback is not None else min(count, processes(n_jobs))
    with progress_bar(progress, "discovering") as tell:
        if jobs > 1:
            each = seconds / -(-count // jobs)
            searches = [search_for(position, each) for position in range(count)]
            found = searched_together(searches, jobs, tell)
        else:
            found = []
            for position in range(count):
                left = seconds - (time.monotonic() - started)
                found.append(searched(**search_for(position, left / (count - position)), tell=tell))
                if found[-1].interrupted:
                    seconds = 0.0  # the other targets have no time left
    models = tuple(one.model for one in found)
    result = joined([one.result for one in found])
    attempts = tuple(attempt for one in found for attempt in one.attempts)
    spent = time.monotonic() - started + (0.0 if resume is None else resume.seconds)
    return Discovery(result, models, attempts, spent)
