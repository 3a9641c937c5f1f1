"""Whether a formula is plain enough to be a law, or only transcribes what it was read from."""

import math

from kansym.network.network import Network
from kansym.results.result import Extraction
from kansym.shared.status import Finding, Status

__all__ = ["PLAIN", "is_plain", "surely_transcribed", "transcription"]

PLAIN = 120.0
"""Bits per input above which a formula is no law that a person would recognise."""
LEAST = 8.0
"""Bits of the plainest function on an edge, with a constant of its own."""


def is_plain(bits: float, inputs: int) -> bool:
    """Whether a formula of so many bits could be a law of so many inputs.

    Examples
    --------
    >>> is_plain(90.0, 2), is_plain(2000.0, 2)
    (True, False)
    """
    return bits <= PLAIN * max(inputs, 1)


def surely_transcribed(network: Network) -> bool:
    """Whether no formula of a network could be plain, so many of its edges are curved."""
    curved = sum(not edge.straight for edge in network.edges)
    return not is_plain(LEAST * curved, len(network.inputs))


def transcription(result: Extraction) -> Finding | None:
    """What to say of a formula that is as long as its network, if it is."""
    point = next((point for point in result.front if point.selected), None)
    if point is None or is_plain(point.complexity, len(result.input_names)):
        return None
    # What it takes to write the answers themselves down to the same error.
    rows = result.fidelity.rows * len(result.formulas) * max(0.0, -math.log2(point.error or 1.0))
    detail = f"{point.complexity:.0f} bits, and its rows at this error {rows:.0f}: no law seen"
    return Finding(Status.TRANSCRIBED, "formula", detail)
