"""What was read of a foreign model, against the answers that the model gives by itself."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from kansym.network.stages import Stage
from kansym.neural.readers.opened import ReadRows
from kansym.shared.errors import UnsupportedModelError

__all__ = ["check_answers"]

Array = np.ndarray
_RANDOM = 64
"""Random points between the ends of the inputs, beside the rows themselves."""


def check_answers(
    stage: Stage,
    reading: ReadRows,
    own: Callable[[Array], Array],
    source: str,
    precision: float,
    shown: Callable[[Array], Array] = np.asarray,
) -> None:
    """Refuse stages that differ from a model's own answers on rows, ends and random points.

    Parameters
    ----------
    own : the model's answers to rows (rows, inputs), as its own software computes them.
    precision : spacing at 1 of the numbers that it computes with; rounding may cost 10^4 of them,
        and half the digits where large numbers cancel inside.
    shown : makes of the values of the stage what the model answers, such as a softmax.
    """
    rows = _points(reading.probes)
    with np.errstate(all="ignore"):
        expected = np.asarray(own(rows), dtype=np.float64).reshape(len(rows), -1)
        found = np.asarray(shown(stage.evaluate(rows))).reshape(len(rows), -1)
    if found.shape[1] != expected.shape[1]:
        raise _differs(source, f"it has {found.shape[1]} outputs in place of {expected.shape[1]}")
    # Where the model itself has no finite answer there is nothing to agree with.
    apart = np.where(np.isfinite(expected), np.abs(found - expected), 0.0)
    apart = np.nan_to_num(apart, nan=np.inf)
    size = np.abs(expected).max(where=np.isfinite(expected), initial=1e-300)
    row, output = np.unravel_index(apart.argmax(), apart.shape)
    if apart[row, output] > min(max(1e4 * precision, precision**0.5), 0.1) * size:
        raise _differs(
            source,
            f"it gives {found[row, output]:.6g} at {rows[row].tolist()}, "
            f"the model itself {expected[row, output]:.6g}",
        )


def _points(rows: Float[Array, "rows inputs"]) -> Float[Array, "points inputs"]:
    """Rows, random points of the box around them, its corners and the ends of single inputs."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    random = np.random.default_rng(0).uniform(low, high, (_RANDOM, len(low)))
    ends = np.where(np.eye(len(low), dtype=bool), [[low], [high]], np.median(rows, axis=0))
    return np.concatenate([rows, random, [low, high], ends.reshape(-1, len(low))])


def _differs(source: str, how: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"What was read of {source} differs from its own answers: {how}; read it by its function "
        "(reading='function')."
    )
