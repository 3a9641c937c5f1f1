"""The full run of `kansym claims`: about an hour on two cores; interrupted, it goes on.

Run ``python benchmarks/claims_full.py [FOLDER]``: the page as claims.html and claims.md, and the
finished pieces as claims.jsonl, in the folder (benchmarks/results by default).
"""

import sys
from pathlib import Path

from kansym.documents.formats import write_document
from kansym.studies.claims import Effort, claims_document, run_claims

FOLDER = Path(__file__).parent / "results"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    report = run_claims(effort=Effort.FULL, results=folder / "claims.jsonl", progress=True)
    for ending in ("html", "md"):
        write_document(claims_document(report), folder / f"claims.{ending}")
    print(report)
    computed = sum(result.seconds for result in report.results)
    print(f"{report.seconds:.0f} s on the clock, {computed:.0f} s of processor time")


if __name__ == "__main__":
    main()
