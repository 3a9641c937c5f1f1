"""Ctrl-C at random moments of long work: the best so far, at once."""

import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from kansym.cli import main
from kansym.documents.pictures import load_drawing
from kansym.extraction.discovery import discover
from kansym.extraction.extract import extract
from kansym.extraction.seeds import discover_over_seeds
from kansym.extraction.weights_reading import INTERRUPTED
from kansym.neural.models.kan import KAN
from kansym.neural.training.training import train
from kansym.studies.bench import Budget, find_problems, plan, read_results, run_benchmark
from tests.bench_work import good
from tests.zoo import draw_kan, rows

load_drawing()  # which is no part of the work that is stopped
SECONDS = 2.0
SLOW = 4.0
SEEDS = 4000  # quick runs that take a minute
"""Time for the best so far, and how much longer it may take on a slow machine."""


def interrupted(work, after: float):
    """What some work returns that gets a signal after some time, and how long that took.

    The time before it is that of the processor, or four times as long for work of other processes;
    processor time from the signal on; waiting counts a tenth, as other work on the machine prolongs
    it. Negative, if the work had ended before.
    """
    struck = list[np.ndarray]()

    def strike() -> None:
        while not ended.wait(0.005):
            if max((clocks() - began) * [1, 2.5]) > after:
                struck.append(clocks())
                os.kill(os.getpid(), signal.SIGINT)
                return

    def clocks() -> np.ndarray:
        return np.array([time.process_time(), time.monotonic() / 10])

    def lost(told) -> None:
        # Python drops what is raised while it removes a weak reference: the user would press again.
        if told.exc_type is KeyboardInterrupt:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            hook(told)

    for other in threading.enumerate():  # what the work before left running is not part of this
        # One that was stopped before it began is listed for good, and is no work.
        if "_begin" in other.name and other.is_alive():
            other.join(5.0)
    ended, began = threading.Event(), clocks()
    clock = threading.Thread(target=strike)
    # A shell's background jobs begin with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hook, sys.unraisablehook = sys.unraisablehook, lost
    clock.start()
    try:
        found = work()
        taken = float((clocks() - struck[0]).max()) if struck else -1.0
    finally:
        ended.set()
        clock.join()
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook
    return found, taken


def noisy() -> tuple[np.ndarray, np.ndarray]:
    """Rows without a law, so that a search for it never ends by itself."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (300, 3))
    return X, np.sin(7 * X[:, 0] * X[:, 1]) * np.floor(3 * X[:, 2]) + X[:, 0] ** 3


def training(after: float):
    X, y = noisy()
    history, taken = interrupted(
        lambda: train(KAN([3, 4, 1]), X, y, starts=500, steps=10_000, progress=False), after
    )
    assert history.stopped == "interrupted" or taken < 0
    return taken


def extracting(after: float):
    X = rows(300, 3).numpy()
    found, taken = interrupted(
        lambda: extract(draw_kan([3, 3, 1]), X, budget=60, progress=False), after
    )
    assert found.formulas
    return taken


def discovering(after: float):
    X, y = noisy()
    found, taken = interrupted(lambda: discover(X, y, seconds=60, progress=False), after)
    assert found.result.formulas
    assert INTERRUPTED in found.result.status or taken < 0
    return taken


def choosing_for_classes(after: float):
    X, y = noisy()
    labels = np.where(y > 0, "up", "down")
    settings = {"loss": "cross-entropy", "seconds": 60, "progress": False}
    found, taken = interrupted(lambda: discover(X, labels, **settings), after)
    assert found.result.formulas
    return taken


def discovering_in_groups(after: float):
    X, y = noisy()
    groups, settings = np.arange(300) % 3, {"seconds": 60, "progress": False}
    found, taken = interrupted(lambda: discover(X, y, groups=groups, **settings), after)
    assert found.result.formulas
    return taken


def discovering_over_seeds(after: float):
    X, y = noisy()
    settings = {"seeds": 3, "seconds": 60, "progress": False}
    found, taken = interrupted(lambda: discover_over_seeds(X, y, **settings), after)
    assert found.best.result.formulas
    return taken


def fitting(after: float):
    """On the command line, by networks of several shapes and by one of a given shape in turn."""
    X, y = noisy()
    width = ["--width", "3,4,1"] if int(1000 * after) % 2 else []
    with tempfile.TemporaryDirectory() as folder:
        table, out = Path(folder, "rows.csv"), Path(folder, "report.md")
        rows = np.column_stack([X, y])
        np.savetxt(table, rows, delimiter=",", header="a,b,c,y", comments="")
        words = ["fit", str(table), "--target", "y", *width, "--out", str(out), "--quiet"]
        _, taken = interrupted(lambda: main(words), after)
        assert out.is_file()
    return taken


def benching(after: float):
    """A benchmark has written every run that was done, and goes on from there."""
    runs = plan(
        find_problems(["Nguyen-1", "Nguyen-2"]), ["kan"], range(SEEDS), [0.0], Budget(5.0, 20)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.jsonl")

        def work() -> None:
            with pytest.raises(KeyboardInterrupt):
                run_benchmark(runs, path, work=good, progress=False)

        _, taken = interrupted(work, after)
        found = read_results(path).records if path.exists() else ()
        assert {record.seed for record in found} <= set(range(SEEDS))
        assert len({(record.problem, record.seed) for record in found}) == len(found)
    return taken


WORKS = {
    "train": training,
    "extract": extracting,
    "discover": discovering,
    "classes": choosing_for_classes,
    "groups": discovering_in_groups,
    "seeds": discovering_over_seeds,
    "fit": fitting,
    "bench": benching,
}
"""What gives the seconds from an interrupt to the best so far, or fails without one."""


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("count", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_an_interrupt_gives_the_best_so_far_at_once(work, count):
    rng = np.random.default_rng(count)
    for _ in range(count):
        assert WORKS[work](float(rng.uniform(0.3, 0.6 if count == 1 else 3.0))) < SECONDS + SLOW
