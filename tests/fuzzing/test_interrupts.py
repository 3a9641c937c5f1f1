"""Ctrl-C at random moments of long work: the best so far, at once."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from kansym.cli import main
from kansym.extraction.discovery import discover
from kansym.extraction.extract import extract
from kansym.neural.models.kan import KAN
from kansym.neural.training.training import train
from tests.zoo import draw_kan, rows

SECONDS = 2.0
BUSY = 4.0
"""Time for the best so far, and how much longer it may take on a machine with other work."""


def interrupted(work, after: float):
    """What some work returns that gets a signal after some time, and how long that took."""
    clock = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    # A shell's background jobs begin with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    clock.start()
    try:
        found = work()
        taken = time.monotonic() - began - after
    finally:
        clock.cancel()
        clock.join()
        signal.signal(signal.SIGINT, before)
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
    return taken


@pytest.mark.parametrize("work", [training, extracting, discovering])
@pytest.mark.parametrize("count", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_an_interrupt_gives_the_best_so_far_at_once(work, count):
    rng = np.random.default_rng(count)
    for _ in range(count):
        assert work(float(rng.uniform(0.3, 0.6 if count == 1 else 3.0))) < SECONDS + BUSY


@pytest.mark.slow
@pytest.mark.parametrize("width", [[], ["--width", "2,3,1"]], ids=["discover", "train"])
def test_an_interrupted_fit_writes_its_report(width, tmp_path):
    rng = np.random.default_rng(1)
    X = rng.uniform(-2, 2, (200, 2))
    y = np.sin(7 * X[:, 0] * X[:, 1]) + rng.normal(size=200)
    table = tmp_path / "rows.csv"
    np.savetxt(table, np.column_stack([X, y]), delimiter=",", header="a,b,y", comments="")
    for number in range(5):
        out = tmp_path / f"report{number}.md"
        words = ["fit", str(table), "--target", "y", *width, "--out", str(out), "--quiet"]
        _, taken = interrupted(lambda words=words: main(words), float(rng.uniform(1.0, 3.0)))
        assert taken < SECONDS + BUSY
        assert out.is_file()
