"""What every reader returns about a model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.network.stages import Inputs, Stage
from kansym.shared.errors import InputError

__all__ = ["Opened", "ReadRows", "Readable", "check_width"]

_PROBES = 256
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Opened:
    """A model as stages, with what is known about it.

    Attributes
    ----------
    stage : its last stage.
    source : what it is, in words.
    parameters : numbers stored, and distinct.
    precision : spacing of its floating-point numbers at 1.
    output_names : empty if it names none.
    """

    stage: Stage
    source: str
    parameters: tuple[int, int]
    precision: float = _EPS
    output_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        stage: Stage,
        source: str,
        numbers: Iterable[np.ndarray],
        precision: float | None = None,
    ) -> "Opened":
        """A model with these numbers, by default in their precision.

        Raises
        ------
        InputError
            If a number is not finite.
        """
        arrays = list(numbers)
        if not all(np.isfinite(each).all() for each in arrays):
            raise InputError(
                f"Weights of the model ({source}) are not finite, its training has failed: scale "
                "the data or train with smaller steps."
            )
        stored = sum(each.size for each in arrays)
        distinct = sum(len(np.unique(each[each != 0])) for each in arrays)
        if precision is None:
            precision = max((float(np.finfo(each.dtype).eps) for each in arrays), default=_EPS)
        return cls(stage, source, (stored, distinct), precision)


class Readable(ABC):
    """A model that is read from a file, without the package that wrote it.

    Attributes
    ----------
    input_names : as the file gives them; empty if it does not.
    """

    input_names: tuple[str, ...] = ()

    @abstractmethod
    def open(self, reading: "ReadRows") -> Opened:
        """The model as stages."""

    def asked(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """From rows to answers, by the software of the file; None if there is none at hand."""
        return None


class ReadRows:
    """The rows that a model is read on, and the values that stages take on some of them.

    Parameters
    ----------
    rows : shape (rows, inputs).
    """

    def __init__(self, rows: Float[np.ndarray, "rows inputs"]):
        self.rows = rows
        self.inputs = Inputs(rows.shape[1])
        step = max(len(rows) // _PROBES, 1)
        self.probes = rows[::step][:_PROBES]

    def values(self, stage: Stage) -> Float[np.ndarray, "probes width"]:
        """Values of a stage on at most 256 rows, spread over the sample."""
        return stage.evaluate(self.probes)


def check_width(stage: Stage, expected: int, what: str) -> None:
    """Refuse a layer that takes another number of values than reach it."""
    if stage.width == expected:
        return
    if isinstance(stage, Inputs):
        raise InputError(
            f"X has {stage.width} columns but the model ({what}) takes {expected}: give one "
            "column per input, in the order of the training data."
        )
    raise InputError(
        f"{what} takes {expected} values but {stage.width} reach it: the model does not fit "
        "together."
    )
