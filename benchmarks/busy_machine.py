"""Whether the same seed gives the same formula on an idle and on a busy machine.

Twenty tables: Feynman equations, exact and with noise. A machine on which k processes share a core
is one whose clock runs k times as fast as its work, so the clock is what is changed here: that
needs no other processes, and says the same every time.

    python benchmarks/busy_machine.py [--seconds 60] [--loads 1,2,4] [--every 1]
"""

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kansym import discover
from kansym.problems import list_problems, load_problem

NOISES = (0.0, 0.01)
EVERY, ROWS = 10, 300


@contextmanager
def busy(load: float) -> Iterator[None]:
    """A clock that runs so many times as fast, for everything that looks at it or waits by it."""
    clock, wait, began = time.monotonic, threading.Event.wait, time.monotonic()

    def waited(self: threading.Event, timeout: float | None = None) -> bool:
        return wait(self, None if timeout is None else timeout / load)

    time.monotonic = lambda: began + load * (clock() - began)
    threading.Event.wait = waited
    try:
        yield
    finally:
        time.monotonic, threading.Event.wait = clock, wait


def formula(name: str, noise: float, seconds: float) -> str:
    """What is found for a problem."""
    data = load_problem(name).sample(ROWS, seed=0, noise=noise)
    found = discover(data[0], data[1], seconds=seconds, seed=0, progress=False)
    return "; ".join(map(str, found.result.formulas))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of a search")
    parser.add_argument("--loads", default="1,2,4", help="processes that share a core")
    parser.add_argument("--every", type=int, default=1, help="part of the tables")
    parser.add_argument("--offset", type=int, default=0, help="where that part begins")
    options = parser.parse_args()
    loads = [float(load) for load in options.loads.split(",")]
    names = list_problems("feynman")[::EVERY]
    tables = [(name, noise) for name in names for noise in NOISES]
    tables = tables[options.offset :: options.every]
    same = 0
    for name, noise in tables:
        found = {}
        for load in loads:
            began = time.monotonic()
            with busy(load):
                found[load] = formula(name, noise, options.seconds)
            took = time.monotonic() - began
            print(
                f"{name:12s} noise {noise:<5g} load {load:<3g} {took:5.1f} s  {found[load][:90]}",
                flush=True,
            )
        same += len(set(found.values())) == 1
    print(f"{same} of {len(tables)} tables have one formula on machines of loads {options.loads}")


if __name__ == "__main__":
    main()
