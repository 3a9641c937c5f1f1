"""Time the knot builder, check its signatures against KnotInfo, and write the ready table.

Run ``python benchmarks/knot_builder.py`` (needs the extra ``knots``); options::

    --crossings 12     knots up to this number of crossings
    --processes 2
    --cache FOLDER     goes on from there; a temporary folder by default
    --write            replace kansym/problems/data/knots.csv.gz by the result
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from kansym.problems.knot_tables import as_csv
from kansym.problems.knots import build_knots, knotinfo_diagrams

TABLE = Path(__file__).parent.parent / "kansym" / "problems" / "data" / "knots.csv.gz"


def main() -> int:
    """Print the figures; 0 if every signature agrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--crossings", type=int, default=12)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        diagrams = knotinfo_diagrams(options.crossings)
        start = time.perf_counter()
        knots = build_knots(options.cache or folder, diagrams=diagrams, processes=options.processes)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        work = used.ru_utime + used.ru_stime
    failed = [knot for knot in knots if knot.failure is not None]
    wrong = sum(
        knot.signature != diagram.signature for knot, diagram in zip(knots, diagrams, strict=True)
    )
    each = 1000 / len(knots)
    sys.stdout.write(
        f"{len(knots)} knots in {seconds:.1f} s with {options.processes} processes: "
        f"{each * seconds:.1f} ms a knot, {each * work:.1f} ms of processor time; "
        f"{wrong} signatures differ from KnotInfo; "
        f"{sum(knot.hyperbolic for knot in knots)} hyperbolic\n"
    )
    for knot in failed:
        sys.stdout.write(f"{knot}\n")
    if options.write:
        TABLE.write_bytes(as_csv(knots))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
