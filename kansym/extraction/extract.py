"""Open a trained network of any kind and read a formula off it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from kansym.extraction.function_reading import read_function
from kansym.extraction.settings import Settings
from kansym.extraction.two_readings import read_both
from kansym.extraction.weights_reading import as_interrupted, or_in_a_hurry, read_weights
from kansym.results.result import Extraction
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.progress import ProgressCallback
from kansym.symbolic.engines import Engine, engine_beside
from kansym.symbolic.formulas.complexity import charging
from kansym.symbolic.library.library import LIBRARY, Choosable, as_library
from kansym.symbolic.measurements.refitting import Exact

__all__ = ["extract"]


@np.errstate(all="ignore")
def extract(  # noqa: PLR0913 - the settings of extraction, all by keyword
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    sigma: Any = None,
    weights: Any = None,
    reading: Literal["auto", "weights", "function"] = "auto",
    loss: Literal["squared", "huber", "cross-entropy"] = "squared",
    library: Choosable = LIBRARY,
    budget: float = 60.0,
    accuracy: float | None = None,
    tolerance: float | None = None,
    held_out: float = 0.2,
    seed: int = 0,
    constants: Sequence[str] = (),
    engine: str | Engine | None = "pairs",
    exact: Exact = "report",
    max_complexity: float | None = None,
    costs: Mapping[str, float] | None = None,
    progress: bool | ProgressCallback | None = None,
) -> Extraction:
    """Open a trained network of any kind and read a formula off it.

    The model is traced to a network of univariate curves; every curve is fitted with every
    function of the library; functions are chosen together, by the error of the whole formula; all
    constants are refined, recognised where the error allows, and the formula is simplified and
    checked on rows that were not used. The last fit is to all rows.

    A KAN from `KAN.from_expression` keeps its form and the names of its constants: only its
    unknown parts are replaced by functions.

    Parameters
    ----------
    model : a `KAN`, an `MLP`, a ``torch.nn.Sequential``, or any model that a reader opens.
    X : inputs (rows, inputs) on which to read it; a KAN and an MLP of kansym remember some of
        their own.
    y : targets (rows,) or (rows, outputs); if given, the data judge the formula, otherwise the
        network does.
    sigma : standard error of y in each row, or one for all; absolute.
    weights : instead, one over the variance of each row up to a common factor.
    reading : ``"weights"`` reads what is written in the model, unit by unit; ``"function"`` what
        it computes, asked from outside, its structure found from its own gradients; ``"auto"``
        does both within the budget, as far as needed, and keeps the shorter description.
    loss : ``"huber"`` fits the constants to measured y so that rows far from the formula, which are
        named, count less; ``"cross-entropy"`` if y are the labels of classes, and the outputs of
        the network the log-odds of all classes but the first against the first, as `train` makes
        them; by function also a value or a probability for every class.
    library : the functions to try: a `Library`, or names of sets and functions, such as
        ``"physics"`` or ``["elementary", "-tan"]``.
    budget : seconds after which the best formula so far is returned.
    accuracy : error over the spread of the output that is not worth explaining: the error of a
        measurement, or of a law that holds approximately; by default close to rounding.
    tolerance : up to which relative difference hidden units are merged, see `kansym.trace`.
    held_out : share of the rows kept for the final check.
    seed : of the split of the rows.
    constants : names of physical constants to recognise, as in ``scipy.constants``.
    engine : a search engine for edges that no function of the library explains: ``"pairs"``,
        which tries sums and products of two of its functions (and, beside the standard library,
        physical and special ones), ``"operon"``, ``"pysr"`` or an `Engine`; None leaves them
        curves. What it finds is refined like library functions, within the same budget; a finding
        names the edge.
    exact : on noisy data, ``"report"`` keeps constants as measured, with the exact numbers that
        they agree with beside them; True puts such numbers in their places, False leaves them out.
        On data that are exact to rounding they take their places in any case.
    max_complexity : longest formula in bits that may be the result; of a longer one the front has
        the nearest that is allowed.
    costs : how many times their bits functions and operations count, such as
        ``{"sin": 2, "exp": 3, "^": 1.5}``: what costs more is chosen only if it explains more.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `Extraction`. The model, global random numbers and the file system stay as they were.

    Raises
    ------
    InputError
        For data that do not fit the model, or a model that was never trained and no X.
    MissingPackageError
        If the engine is not installed, before anything else is done.

    Examples
    --------
    >>> from kansym.neural.models.kan import KAN
    >>> from kansym.neural.training.training import train
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (500, 2))
    >>> model = KAN([2, 1], seed=0)
    >>> history = train(model, X, np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    >>> extract(model).expr
    x2**2 + sin(pi*x1)
    """
    library = as_library(library)
    settings = Settings(
        library=library,
        loss=loss,
        budget=budget,
        accuracy=accuracy,
        tolerance=tolerance,
        held_out=held_out,
        seed=seed,
        constants=constants,
        exact=exact,
        max_complexity=max_complexity,
        costs=costs,
    )
    searching = engine_beside(engine, library)
    settings = replace(settings, engine=searching)
    readers = {"auto": read_both, "weights": read_weights, "function": read_function}
    if not isinstance(reading, str) or reading not in readers:
        raise InputError(f"reading={reading!r} is not known: {hint(str(reading), readers)}.")
    errors = {"sigma": sigma, "weights": weights}

    def read(seconds: float) -> Extraction:
        limited = replace(settings, budget=seconds)
        return readers[reading](model, X, y, limited, progress, **errors)

    with charging(settings.prices):
        result, hurried = or_in_a_hurry(read, budget)
    result = as_interrupted(result) if hurried else result
    return result if max_complexity is None else _within(result, max_complexity)


def _within(result: Extraction, most: float) -> Extraction:
    """The result with the longest formula of the front that is allowed, unless its own is."""
    bits = [point.complexity for point in result.front]
    allowed = [place for place, size in enumerate(bits) if size <= most]
    if not allowed:
        raise InputError(
            f"No formula of at most {most:g} bits was found, the shortest has "
            f"{min(bits, default=0):.0f}: raise max_complexity."
        )
    chosen = next((place for place in allowed if result.front[place].selected), None)
    return result if chosen is not None else result.pick(allowed[-1])
