"""Whether `extract` and `discover` keep their budgets on models and tables that are hard to read.

Sixty of them, see `nasty_models.py` and `nasty_tables.py`. Run with OMP_NUM_THREADS=1. Prints the
budget, the seconds that were taken, and their ratio, and the seconds of the processor. A busy
machine stretches the first, so both are compared with the budget. Needs the extra operon.

    python benchmarks/extraction_budget.py [--budgets 0.1,1,5,20] [--only gamma,noise]
"""

import argparse
import resource
import time
from collections.abc import Callable

from nasty_models import MODELS, unknown
from nasty_tables import TABLES

from kansym import discover, extract
from kansym.results.result import Extraction
from kansym.symbolic.engines import engine_named

SHARE, SECONDS = 0.1, 1.0
TARGET = f"allowed beyond the budget: {100 * SHARE:.0f} % and {SECONDS:g} s"


def reading(name: str) -> Callable[[float], Extraction]:
    """What a model or a table is to be read by, once it is made."""
    if name in TABLES:
        X, y = TABLES[name]()
        return lambda budget: discover(X, y, seconds=budget, progress=False).result
    model, X, y, settings = MODELS[name]()
    return lambda budget: extract(model, X, y, budget=budget, progress=False, **settings)


def processor_seconds() -> float:
    """Of this process and of the children that have ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def run(name: str, budget: float) -> tuple[float, str]:
    """Seconds beyond what is allowed, and a row of the table."""
    read = reading(name)
    started, worked = time.monotonic(), processor_seconds()
    found = read(budget)
    taken, worked = time.monotonic() - started, processor_seconds() - worked
    bits = found.front[0].complexity if found.front else float("nan")
    over = min(taken, worked) - budget * (1 + SHARE) - SECONDS
    row = (
        f"{name:26s} {budget:6g} {taken:7.2f} {taken / budget:6.2f} {worked:7.2f} "
        f"{'OVER' if over > 0 else 'ok':5s} {len(found.edges):4d} edges {bits:8.0f} bits"
    )
    return over, row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budgets", default="0.1,1,5,20", help="seconds, with commas")
    parser.add_argument("--only", help="parts of names of cases, with commas")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [""]
    names = [name for name in (*MODELS, *TABLES) if any(part in name for part in wanted)]
    # What is loaded at the first call does not count.
    extract(*unknown([1, 1])[:2], budget=1.0, progress=False)
    engine_named("operon")
    print(TARGET)
    print(f"{'case':26s} {'budget':>6s} {'seconds':>7s} {'ratio':>6s} {'CPU':>7s}")
    beyond = 0
    for name in names:
        for budget in map(float, options.budgets.split(",")):
            over, row = run(name, budget)
            beyond += over > 0
            print(row, flush=True)
    print(f"{beyond} readings are over")


if __name__ == "__main__":
    main()
