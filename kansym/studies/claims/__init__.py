"""What is said about KANs and MLPs, tested claim by claim.

A :class:`~kansym.studies.claims.claim.Claim` is one small file: a statement, what is run, and the
rule by
which the figures lead to a verdict. `run_claims` runs them, `claims_document` makes the page.
"""

from kansym.studies.claims.claim import Claim, Effort, Estimate, Plot, Ruling, Verdict
from kansym.studies.claims.page import claims_document
from kansym.studies.claims.registry import CLAIMS, chosen_claims
from kansym.studies.claims.runner import ClaimResult, ClaimsReport, run_claims

__all__ = [
    "CLAIMS",
    "Claim",
    "ClaimResult",
    "ClaimsReport",
    "Effort",
    "Estimate",
    "Plot",
    "Ruling",
    "Verdict",
    "chosen_claims",
    "claims_document",
    "run_claims",
]
