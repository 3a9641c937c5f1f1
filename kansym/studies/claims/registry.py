"""All claims: a new one is one file, and one line here."""

from collections.abc import Iterable

from kansym.shared.errors import InputError
from kansym.studies.claims.c1_piecewise_linear import CLAIM as C1
from kansym.studies.claims.c2_layer import CLAIM as C2
from kansym.studies.claims.c3_plain_mlp import CLAIM as C3
from kansym.studies.claims.c4_widened import CLAIM as C4
from kansym.studies.claims.c5_stability import CLAIM as C5
from kansym.studies.claims.c6_maxout import CLAIM as C6
from kansym.studies.claims.c7_scaling import CLAIM as C7
from kansym.studies.claims.c8_knots import CLAIM as C8
from kansym.studies.claims.c9_interpretability import CLAIM as C9
from kansym.studies.claims.c10_free_training import CLAIM as C10
from kansym.studies.claims.c11_knowledge import CLAIM as C11
from kansym.studies.claims.c12_stability_of_formulas import CLAIM as C12
from kansym.studies.claims.c13_cost import CLAIM as C13
from kansym.studies.claims.claim import Claim

__all__ = ["CLAIMS", "chosen_claims"]

CLAIMS: dict[str, Claim] = {
    claim.identifier: claim for claim in (C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13)
}
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
