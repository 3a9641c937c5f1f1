"""A KAN that is trained on rows and read, for estimators whose shape is given."""

from collections.abc import Mapping, Sequence
from typing import Any

from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN
from kansym.neural.models.sizes import checked_ends
from kansym.neural.training.training import train
from kansym.results.result import Extraction

__all__ = ["trained_and_read"]

TRAINING = 0.6
"""Share of the time that training may use; the rest is for reading the formulas."""


def trained_and_read(  # noqa: PLR0913 - rows, a shape, and the settings of both steps
    width: Sequence[Any],
    X: Any,
    y: Any,
    outputs: int,
    *,
    seconds: float,
    training: Mapping[str, Any],
    reading: Mapping[str, Any],
    splines: Mapping[str, Any],
    trained: KAN | None = None,
) -> tuple[KAN, Extraction]:
    """The KAN of a shape after training on rows, and its formulas.

    Parameters
    ----------
    width : nodes of every layer, inputs first.
    X, y : inputs (rows, inputs) and targets or classes.
    outputs : how many the KAN has to have.
    seconds : for both.
    training, reading : settings of `kansym.train` and of `kansym.extract`.
    splines : settings of the KAN.
    trained : a KAN that training goes on with if it has this shape.
    """
    widths = checked_ends(width, X.shape[1], outputs)
    model = KAN(widths, **splines)
    if trained is not None and trained.widths == widths:
        model = trained
    history = train(model, X, y, seconds=TRAINING * seconds, progress=False, **training)
    left = max(seconds - history.seconds, (1 - TRAINING) * seconds)
    return model, extract(model, X, y, budget=left, progress=False, **reading)
