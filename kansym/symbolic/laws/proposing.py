"""Laws for rows from all sources, the cheap ones first."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import sympy
from numpy.linalg import LinAlgError

from kansym.shared.bounded_time import each_within
from kansym.shared.deadline import Deadline
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.laws.additive import Additive
from kansym.symbolic.laws.checking import checked, is_exact, length
from kansym.symbolic.laws.exact_laws import ExactLaws, PlainRelations
from kansym.symbolic.laws.functions_of_sums import FunctionsOfSums
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.meetings import Meetings
from kansym.symbolic.laws.monomials import Monomials
from kansym.symbolic.laws.noisy_groups import NoisyGroups
from kansym.symbolic.laws.noisy_meetings import NoisyMeetings
from kansym.symbolic.laws.noisy_pairs import NoisyPairs, ScaledPairs
from kansym.symbolic.laws.pairings import Pairings
from kansym.symbolic.laws.partly_free import PartlyFree
from kansym.symbolic.laws.plane_waves import PlaneWaves
from kansym.symbolic.laws.products_of_curves import ProductsOfCurves
from kansym.symbolic.laws.quick_waves import QuickWaves
from kansym.symbolic.laws.relevance import relevant_inputs
from kansym.symbolic.laws.scaled_groups import ScaledGroups
from kansym.symbolic.laws.separable_sums import SeparableSums
from kansym.symbolic.laws.separate_groups import SeparateGroups
from kansym.symbolic.laws.single_index import SingleIndex
from kansym.symbolic.laws.smaller_problems import SmallerProblems
from kansym.symbolic.laws.sparse_sums import SparseSums
from kansym.symbolic.laws.univariate import OF_MEASURED_ROWS, Univariate

__all__ = ["FAILURES", "OF_FEW_ROWS", "OF_NOISY_ROWS", "PLAIN", "SOURCES", "propose", "relevant"]

FAILURES = (
    ArithmeticError,
    AttributeError,
    LinAlgError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What algebra and linear algebra raise on nasty rows: such an attempt is left out."""
_log = logging.getLogger("kansym")

PLAIN: tuple[Source, ...] = (Monomials(), PlainRelations())
"""Those that see an exact law at once, or not at all."""
OF_GROUPS: tuple[Source, ...] = (
    *PLAIN,
    ExactLaws(deep=False),
    PartlyFree(),
    NoisyPairs(),
    ScaledPairs(),
    SparseSums(),
)
"""For the law of a few inputs that is known nearly exactly."""
OF_PARTS: tuple[Source, ...] = (
    *PLAIN,
    Additive(),
    ProductsOfCurves(),
    FunctionsOfSums(OF_GROUPS),
    ScaledGroups(OF_GROUPS),
    SeparableSums(OF_GROUPS),
    ExactLaws(deep=False),
    *OF_GROUPS[-4:],
)
"""The same for a part of a law, which may be such a sum itself."""
SOURCES: tuple[Source, ...] = (
    Monomials(),
    PlainRelations(),
    Univariate(),
    Additive(),
    ProductsOfCurves(OF_GROUPS),
    ExactLaws(deep=False),
    FunctionsOfSums(OF_GROUPS),
    SeparateGroups(OF_PARTS),
    ScaledGroups(OF_PARTS),
    SeparableSums(OF_PARTS),
    PlaneWaves(OF_PARTS),
    Meetings(deep=False),
    QuickWaves(OF_PARTS),
    PartlyFree(),
    PlaneWaves(OF_PARTS, slow=True),
    Meetings(),
    Pairings(),
    ExactLaws(),
    SmallerProblems(),
    NoisyPairs(),
    ScaledPairs(),
    SparseSums(),
)
OF_FEW_ROWS: tuple[Source, ...] = (
    *PLAIN,
    Univariate(OF_MEASURED_ROWS),
    NoisyPairs(),
    ScaledPairs(),
    SparseSums(),
    Additive(),
    ProductsOfCurves(OF_GROUPS),
    NoisyMeetings(),
    SmallerProblems(),
    ExactLaws(),
    PartlyFree(),
    Pairings(),
)
"""For measured tables: first those that see laws through errors, the quick ones before all."""
OF_NOISY_ROWS: tuple[Source, ...] = (
    Monomials(),
    Univariate(),
    SingleIndex(),
    ProductsOfCurves(OF_GROUPS),
    NoisyPairs(),
    SparseSums(),
    SmallerProblems(),
    NoisyGroups((SingleIndex(), NoisyPairs(), SmallerProblems())),
    ScaledPairs(),
    Additive(),
    NoisyMeetings(),
)
"""For rows that are known to be noisy: no law is exact."""
_SHARE, _OVERTIME = 0.6, 1.0
"""Of the time that is left, what one source may spend; seconds after which it is stopped then."""
_ROWS_LOOKED_AT = 4000
_SMALLEST, _TINY = 1e-300, 1e-200
"""Least number of all digits, and share of the largest y that nothing but decay comes down to."""
_CLOSE = 6.0
"""Bits behind the shortest law up to which another may turn out to be shorter."""


def propose(
    rows: Rows,
    until: Deadline,
    sources: Sequence[Source] = SOURCES,
    allowed: Callable[[sympy.Expr], bool] = lambda _: True,
    *,
    front: bool = False,
) -> Iterator[Law]:
    """Laws of about ever shorter description; ends at one that is exact.

    For a ``front`` also laws of longer description, if none that is as plain comes as near. Sources
    see the inputs that matter, and a sample where there are very many rows; errors are those on all
    rows. A law that is not allowed is as if it had not been proposed.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).uniform(1, 3, (200, 3))
    >>> y = 1 / (1 / X[:, 0] + 1 / X[:, 1] + 1 / X[:, 2])
    >>> *_, law = propose(Rows(X, y, ("a", "b", "c")), Deadline.after(10))
    >>> print(law.expr)
    a*b*c/(a*b + a*c + b*c)
    """
    few = rows.once(relevant)
    shortest, seen = float("inf"), list[tuple[float, float]]()
    for source in sources:
        if until.passed:
            return
        for found in _laws(source, few, until.share(_SHARE)):
            law = found if few is rows else checked(found.expr, found.start, found.source, rows)
            if law is None or not allowed(law.expr):
                continue
            bits, place = length(law, rows), (complexity(law.expr, rows.names), law.error)
            beaten = any(form <= place[0] and error <= place[1] for form, error in seen)
            if bits < shortest + _CLOSE or (front and not beaten):
                shortest = min(shortest, bits)
                seen.append(place)
                yield law
            if is_exact(law):
                return


def _laws(source: Source, rows: Rows, until: Deadline) -> Iterator[Law]:
    """The laws of one source in its time; one that fails ends nothing but itself."""
    try:
        yield from each_within(source.propose(rows, until), lambda: until.left() + _OVERTIME)
    except FAILURES as failure:
        _log.warning("%s failed: %r", source.name, failure)


def relevant(rows: Rows) -> Rows:
    """The rows themselves, or some of them and the inputs that matter where there are many.

    Where y runs down to what is too small for a number, no law is seen in its zeros.
    """
    sample, size = rows, np.abs(rows.y)
    if size.min() < _SMALLEST and np.min(size, where=size > 0, initial=np.inf) < _TINY * size.max():
        sample = sample.take(np.flatnonzero(size >= _SMALLEST))
    if len(sample.y) > _ROWS_LOOKED_AT:
        kept = np.random.default_rng(0).choice(len(sample.y), _ROWS_LOOKED_AT, replace=False)
        sample = sample.take(kept)
    inputs = relevant_inputs(sample)
    if sample is rows and len(inputs) == len(rows.names):
        return rows
    return replace(sample, X=sample.X[:, inputs], names=tuple(rows.names[k] for k in inputs))
