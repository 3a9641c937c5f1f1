"""Run other programs on problems: the same rows, the same limit and the same judge as kansym bench.

``python benchmarks/peers/run.py --peers operon,gplearn --problems feynman --out peers.jsonl``;
``kansym compare results.jsonl peers.jsonl`` then compares all of them.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.peers.peer import PEERS, PREFIX, measure
from kansym.studies.bench import Budget, find_problems, plan, run_benchmark
from kansym.symbolic.engines.pysr import julia_is_installed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default="operon,gplearn,pykan")
    parser.add_argument("--problems", default="feynman")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--noise", default="0")
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--protocol", help="rows, noise and rule as of kansym bench --protocol")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", default="peers.jsonl")
    options = parser.parse_args()
    peers = options.peers.split(",")
    unknown = [peer for peer in peers if peer not in PEERS]
    if unknown:
        parser.error(f"there is no peer {unknown[0]!r}: there are {', '.join(PEERS)}")
    if "pysr" in peers and not julia_is_installed():
        parser.error("PySR needs Julia, which is not installed here: leave pysr out")
    runs = plan(
        find_problems(options.problems.split(",")),
        [PREFIX + peer for peer in peers],
        range(options.seeds),
        [float(part) for part in options.noise.split(",")],
        Budget(options.limit, options.rows, protocol=options.protocol),
    )
    print(run_benchmark(runs, options.out, jobs=options.jobs, work=measure))


if __name__ == "__main__":
    main()
