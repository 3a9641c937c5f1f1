"""What is left of a target, looked up among very many expressions by its direction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.directions import Directions
from kansym.symbolic.laws.expressions import Expressions
from kansym.symbolic.laws.remainders import Remainder, remainders
from kansym.symbolic.laws.targets import targets_of

__all__ = ["OF_PRODUCTS", "OUTER", "PLAIN", "Step", "looked_up", "steps_within_functions"]

PLAIN = ("y",)
OUTER = (
    "log y", "log -y", "1/y", "y^2", "-y^2", "exp y", "sqrt y", "cbrt y", "asin y", "acos y",
)  # fmt: skip
OF_PRODUCTS = (
    "log y", "log -y", "1/y", "y^2", "1/y^2", "sqrt y", "cbrt y", "exp y", "asin y", "acos y",
    "tanh^-1 y",
)  # fmt: skip
_OF_SUMS = ("log y", "log -y", "y^2", "1/y", "sqrt y", "exp y", "cbrt y", "asin y", "acos y")


@dataclass(frozen=True)
class Step:
    """What is taken off a function of the target, and the functions of what is left.

    Attributes
    ----------
    target : name of the function.
    of_products, of_sums : names of functions after a factor, or a term, was taken off.
    """

    target: str
    taken: Expressions
    of_products: Sequence[str] = PLAIN
    of_sums: Sequence[str] = PLAIN


def steps_within_functions(short: Expressions, more: Sequence[Expressions]) -> Iterator[Step]:
    """Short expressions taken off with functions of what is left; more off functions of y."""
    yield Step("y", short, OF_PRODUCTS, _OF_SUMS)
    for name in OUTER:
        for taken in more:
            yield Step(name, taken)
    for name in OUTER:
        yield Step(name, short, OF_PRODUCTS, _OF_SUMS)


def looked_up(
    y: Float[np.ndarray, " rows"], known: Directions, steps: Iterable[Step], until: Deadline
) -> Iterator[tuple[Remainder, int | None]]:
    """Remainders that have the direction of a known column, and its place; None if of none."""
    for step in steps:
        for target in targets_of(y, (step.target,)):
            for many in remainders(y, target, step.taken, step.of_products, step.of_sums):
                if until.passed:
                    return
                for place, number in known.met(many.values):
                    if until.passed:
                        return
                    yield many.one(place, step.taken), number
