"""Whether a formula is plain enough to be a law, or only transcribes what it was read from."""

import math
from itertools import pairwise

from kansym.network.network import Network
from kansym.results.result import Extraction
from kansym.shared.status import Finding, Status

__all__ = ["PLAIN", "is_plain", "surely_transcribed", "transcription", "ways"]

PLAIN = 120.0
"""Bits per input above which a formula is no law that a person would recognise."""
LEAST = 8.0
"""Bits of the plainest function on an edge, with a constant of its own."""
MATTERING = 0.01
"""Share of a node's variation from which on an edge that enters it would be missed."""
SIMPLE, CLOSE = (1.0, 2.0, 3.0, 4.0), 0.02
"""Ratios of slopes that need no number, and how near a ratio has to be."""


def is_plain(bits: float, inputs: int) -> bool:
    """Whether a formula of so many bits could be a law of so many inputs.

    Examples
    --------
    >>> is_plain(90.0, 2), is_plain(2000.0, 2)
    (True, False)
    """
    return bits <= PLAIN * max(inputs, 1)


def surely_transcribed(network: Network) -> bool:
    """Whether no formula of a network could be plain, of so many numbers and curves it is made.

    Every curved edge counts, and every straight one from an input whose slope is no simple multiple
    of that of its neighbour, for it needs a number of its own.
    """
    curved = sum(not edge.straight for edge in network.edges)
    slopes: dict[str, list[float]] = {}
    for edge in network.edges:
        if edge.straight and edge.source in network.inputs and edge.importance > MATTERING:
            slope = float((edge.y[-1] - edge.y[0]) / (edge.x[-1] - edge.x[0]))
            slopes.setdefault(edge.target, []).append(abs(slope))
    numbers = sum(
        min(abs(other / one - simple) for simple in SIMPLE) > CLOSE
        for found in slopes.values()
        for one, other in pairwise(sorted(found))
    )
    return not is_plain(LEAST * (curved + numbers), len(network.inputs))


def ways(network: Network) -> int:
    """How many ways lead from the inputs of a network to its outputs: terms, were it written out.

    Examples
    --------
    >>> from kansym import MLP, trace
    >>> import numpy as np
    >>> ways(trace(MLP([2, 3, 1], seed=0), np.random.default_rng(0).normal(size=(50, 2))))
    6
    """
    found = dict.fromkeys(network.inputs, 1)
    for node in network.nodes:
        if node.kind != "input":
            found[node.name] = sum(found[edge.source] for edge in network.into(node.name))
    return sum(found[name] for name in network.outputs)


def transcription(result: Extraction) -> Finding | None:
    """What to say of a formula that is as long as its network, if it is."""
    point = next((point for point in result.front if point.selected), None)
    if point is None or is_plain(point.complexity, len(result.input_names)):
        return None
    # What it takes to write the answers themselves down to the same error.
    rows = result.fidelity.rows * len(result.formulas) * max(0.0, -math.log2(point.error or 1.0))
    detail = f"{point.complexity:.0f} bits, and its rows at this error {rows:.0f}: no law seen"
    return Finding(Status.TRANSCRIBED, "formula", detail)
