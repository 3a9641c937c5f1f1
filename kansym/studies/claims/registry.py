"""All claims: a new one is one file, and one line here."""

from collections.abc import Iterable

from kansym.shared.errors import InputError
from kansym.studies.claims import (
    c1_piecewise_linear,
    c2_layer,
    c3_plain_mlp,
    c4_widened,
    c5_stability,
    c6_maxout,
    c7_scaling,
    c8_knots,
    c9_interpretability,
    c10_free_training,
)
from kansym.studies.claims.claim import Claim

__all__ = ["CLAIMS", "chosen_claims"]

_FILES = (
    c1_piecewise_linear,
    c2_layer,
    c3_plain_mlp,
    c4_widened,
    c5_stability,
    c6_maxout,
    c7_scaling,
    c8_knots,
    c9_interpretability,
    c10_free_training,
)

CLAIMS: dict[str, Claim] = {file.CLAIM.identifier: file.CLAIM for file in _FILES}
"""The claims by identifier, in the order of their numbers."""


def chosen_claims(identifiers: Iterable[str]) -> list[Claim]:
    """Claims by identifier, in their own order.

    Raises
    ------
    InputError
        For an identifier that no claim has, or none at all.

    Examples
    --------
    >>> [claim.identifier for claim in chosen_claims(["c2", "C1"])]
    ['C1', 'C2']
    """
    wanted = {identifier.strip().upper() for identifier in identifiers}
    unknown = sorted(wanted - set(CLAIMS))
    if unknown:
        raise InputError(f"There is no claim {unknown[0]!r}: the claims are {', '.join(CLAIMS)}.")
    if not wanted:
        raise InputError(f"No claim was named: choose among {', '.join(CLAIMS)}.")
    return [claim for identifier, claim in CLAIMS.items() if identifier in wanted]
