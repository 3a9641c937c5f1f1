"""The measurement of the page on the evidence: about eighteen hours of one core for all.

Run ``python benchmarks/evidence.py [--parts N] [--jobs 2]``: rows go to
benchmarks/results/evidence and, compressed, to docs/evidence, from which the page is built.
Stopped, it goes on where it was.
"""

import argparse
from itertools import islice
from pathlib import Path

from kansym.studies.evidence.design import PARTS, design
from kansym.studies.evidence.gathering import gather, pack, unpack

HERE = Path(__file__).parent
ROWS, PACKED = HERE / "results" / "evidence", HERE.parent / "docs" / "evidence"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", type=int, default=PARTS, help=f"of {PARTS} ({PARTS})")
    parser.add_argument("--steps", type=int, help="of four in each part: 1 has no noise (all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (2)")
    options = parser.parse_args()
    unpack(PACKED, ROWS)
    try:
        gather(islice(design(options.parts), options.steps), ROWS, jobs=options.jobs, progress=True)
    finally:
        pack(ROWS, PACKED)


if __name__ == "__main__":
    main()
