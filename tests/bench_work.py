"""Toy work for the benchmark's loop: quick, and bad in every way that work can be."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import Run

HANGS, CRASHES, RAISES, SILENT = 3, 5, 6, 8
"""Seeds of runs that come to nothing."""


def record(run: Run) -> Record:
    """What a good run gives; the same every time."""
    found = (run.seed + len(run.kind)) % 2 == 0
    return Record(
        run.problem.name,
        run.problem.set,
        run.kind,
        run.seed,
        run.noise,
        "ok",
        recovered=found,
        recovered_symbolic=found,
        recovered_numerical=found,
        r2=1.0,
        complexity=10.0 + run.seed,
        parameters=20 if run.like is None else run.like.parameters,
        widths=(2, 1) if run.like is None else run.like.widths,
        form="c*x1",
        truth=run.problem.formula,
        reading=run.reading,
    )


def good(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Quick work that always ends well."""
    for run in runs:
        time.sleep(0.01)
        yield record(run)


def treacherous(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Work that fails in a way of its own for some seeds."""
    for run in runs:
        os.write(1, b"libraries print what they like")
        yield "training"
        if run.seed == HANGS:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        if run.seed == CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if run.seed == RAISES:
            raise ValueError("six is not\nwanted")
        if run.seed == SILENT:
            os._exit(3)
        yield record(run)


def half(runs: Sequence[Run]) -> Iterator[Record | str]:
    """The first run ends well, what follows hangs."""
    yield record(runs[0])
    yield "extracting"
    time.sleep(600)


def where(runs: Sequence[Run]) -> Iterator[Record | str]:
    """A record that says in which process it was made, and with how many threads."""
    for run in runs:
        words = f"{os.getpid()} {os.environ['OMP_NUM_THREADS']}"
        yield replace(record(run), reason=words)
