"""All claims, found by their files: ``c1_....py`` has one `CLAIM`."""

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from kansym.shared.errors import InputError
from kansym.studies.claims.claim import Claim

__all__ = ["CLAIMS", "chosen_claims"]

_FILE = re.compile(r"c(\d+)_\w+")


def _found() -> dict[str, Claim]:
    """Claims by identifier, in the order of their numbers."""
    files = [_FILE.fullmatch(path.stem) for path in Path(__file__).parent.glob("c*.py")]
    numbered = sorted((int(match[1]), match[0]) for match in files if match)
    claims = [import_module(f"kansym.studies.claims.{name}").CLAIM for _, name in numbered]
    return {claim.identifier: claim for claim in claims}


CLAIMS: dict[str, Claim] = _found()
"""The claims by identifier; a new one is a new file and nothing else."""


def chosen_claims(identifiers: Iterable[str]) -> list[Claim]:
    """Claims by identifier, in their own order.

    Raises
    ------
    InputError
        For an identifier that no claim has.

    Examples
    --------
    >>> [claim.identifier for claim in chosen_claims(["c2", "C1"])]
    ['C1', 'C2']
    """
    wanted = {identifier.strip().upper() for identifier in identifiers}
    unknown = sorted(wanted - set(CLAIMS))
    if unknown:
        raise InputError(f"There is no claim {unknown[0]!r}: the claims are {', '.join(CLAIMS)}.")
    return [claim for identifier, claim in CLAIMS.items() if identifier in wanted]
