"""The measurement of the page on the evidence: about eighteen hours of one core for all.

Run ``python benchmarks/evidence.py [--parts N] [--jobs 2]``: rows go to
benchmarks/results/evidence and, compressed, to docs/evidence, from which the page is built.
Stopped, it goes on where it was. With ``--peers`` other programs do the same problems.
"""

import argparse
import sys
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.peers.peer import PEERS, PREFIX, measure
from kansym.studies.evidence.design import PARTS, design, peers
from kansym.studies.evidence.gathering import gather, pack, unpack

HERE = Path(__file__).parent
ROWS, PACKED = HERE / "results" / "evidence", HERE.parent / "docs" / "evidence"


def main() -> None:
    parser = argparse.ArgumentParser(description="The measurement of the page on the evidence.")
    parser.add_argument("--parts", type=int, default=PARTS, help=f"of {PARTS} ({PARTS})")
    parser.add_argument("--steps", type=int, help="of four in each part: 1 has no noise (all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (2)")
    parser.add_argument("--peers", help=f"of {','.join(PEERS)}, in place of networks")
    options = parser.parse_args()
    unpack(PACKED, ROWS)
    if options.peers:
        kinds = [PREFIX + name for name in options.peers.split(",")]
        steps, work = peers(kinds, options.parts), measure
    else:
        steps, work = design(options.parts), None
    try:
        gather(islice(steps, options.steps), ROWS, jobs=options.jobs, work=work, progress=True)
    finally:
        pack(ROWS, PACKED)


if __name__ == "__main__":
    main()
