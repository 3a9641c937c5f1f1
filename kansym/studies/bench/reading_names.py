"""The ways in which a network is read, and the question that each of them answers."""

from collections.abc import Sequence

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.studies.bench.kind_names import DISCOVER, KIND_NAMES

__all__ = ["DATA", "FUNCTION", "HELPED", "QUESTIONS", "WEIGHTS", "readings_of"]

WEIGHTS, FUNCTION, HELPED, DATA = "weights", "function", "function-data", "data"
QUESTIONS = {
    WEIGHTS: "Is it written there?",
    FUNCTION: "Does it know it?",
    HELPED: "Is it found with its help?",
    DATA: "Is it found without a network?",
}
"""By weights, the data judge what is written in the network, unit by unit. By function, the network
alone is asked, and judges: the targets are withheld, since with them a law could be found that the
network does not know. ``function-data`` has both, as a user who keeps the data would. ``data`` is
no reading of a network but a search in the rows."""


def readings_of(kind: str, readings: Sequence[str]) -> tuple[str, ...]:
    """The readings that apply to a kind; a search without a network has the one of its own.

    Raises
    ------
    InputError
        For a reading that is not known, with the nearest name.

    Examples
    --------
    >>> readings_of("kan", ["weights", "function"]), readings_of("discover", ["weights"])
    (('weights', 'function'), ('data',))
    """
    known = [name for name in QUESTIONS if name != DATA]
    for name in readings:
        if name not in known:
            raise InputError(f"There is no reading {name!r} of a network: {hint(name, known)}.")
    is_network = kind in KIND_NAMES and kind != DISCOVER
    return tuple(readings) if is_network else (DATA,)
