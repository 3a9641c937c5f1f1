"""Which of the two misses something: a formula, or the model that it was read from."""

import numpy as np
from jaxtyping import Float

from kansym.neural.training.residual_noise import nothing_left
from kansym.shared.status import Finding, Status
from kansym.symbolic.choosing.judge import Judge

__all__ = ["better_than_model", "model_doubts"]

FAITHFUL = 1e-2
"""Relative error against the network above which a formula misses part of it, and against data
above which something is missed unless it is noise."""
NO_WORSE, EXACT_ENOUGH = 1.1, 1e-3
"""A formula may miss the data by this factor more than the network, or by so much at all."""
POOR = 0.5
"""Relative error of a network that explains less than three quarters of the variance."""
NEAR = 0.2
"""Relative error against the network up to which the network may be what is wrong."""
BETTER = 0.5
"""Error of a formula over that of the model below which it knows more than the model."""


def model_doubts(
    judge: Judge,
    error: float,
    answers: Float[np.ndarray, "rows outputs"] | None = None,
    *,
    plain: bool = False,
) -> list[Finding]:
    """What a formula's error says of the formula, or of the model.

    Parameters
    ----------
    judge, error : the rows, and the error of the formula against them.
    answers : of the model at these rows, where data judge.
    plain : whether the formula could be a law, found from outside: the model may be what is wrong.
    """
    if answers is None:
        detail = f"relative error {error:.1e} against the network"
        differs = Status.NETWORK_DIFFERS if plain and error < NEAR else Status.LOW_FIDELITY
        return [] if error < FAITHFUL else [Finding(differs, "formula", detail)]
    own = judge.error(answers)
    detail = f"relative error {error:.1e}, that of the network is {own:.1e}"
    if not error < max(NO_WORSE * own, EXACT_ENOUGH):
        return [Finding(Status.LOW_FIDELITY, "formula", detail)]
    left = ((answers - judge.y) / judge.scale).T
    noise = own < FAITHFUL or all(nothing_left(judge.X, column) for column in left)
    if min(error, own) < POOR and (error < BETTER * own or noise):
        return []
    return [Finding(Status.POOR_NETWORK, "network", f"relative error of the network {own:.1e}")]


def better_than_model(
    judge: Judge, error: float, answers: Float[np.ndarray, "rows outputs"]
) -> list[Finding]:
    """That a formula fits the data better than the model does, if so."""
    own = judge.error(answers)
    detail = f"relative error {error:.1e}, that of the model is {own:.1e}"
    return [Finding(Status.BETTER_THAN_NETWORK, "formula", detail)] if error < BETTER * own else []
