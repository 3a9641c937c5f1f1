"""Whether work that is stopped keeps what it has: kills by force, and interrupts from the keyboard.

A hundred kills while models are saved, reports are written and a benchmark runs: the file is then
the one before or the one after, and a benchmark goes on to the same file as one left alone. And
interrupts at random moments of five kinds of work: the best so far, and how soon. Needs os.fork.

    python benchmarks/stopped_work.py [--kills 40,40,20] [--interrupts 40] [--only train,fit]
"""

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.kill_and_resume import killed_repeatedly, started
from kansym import KAN, load, report
from kansym.shared.errors import InputError
from tests.fuzzing.test_interrupts import WORKS
from tests.planted_results import planted_result

LONGEST = 0.3
"""Seconds after which a writer is killed at the latest: it writes many files in that time."""


def model_writers() -> list[Callable[[Path], object]]:
    """Two models of different sizes."""
    return [KAN([2, width, 1], seed=0).save for width in (3, 300)]


def report_writers() -> list[Callable[[Path], object]]:
    """Two reports of different lengths."""
    results = [planted_result(), replace(planted_result(), front=())]
    return [lambda path, result=result: report(result, path) for result in results]


def model_of(path: Path) -> str:
    """What is in a model file, which is refused unless its checksum is right."""
    return repr(load(path))


def killed_while_writing(
    writers: list[Callable[[Path], object]], read: Callable[[Path], object], name: str, times: int
) -> int:
    """How many of so many kills left a file that reads as none of those that were written."""
    rng, lost = random.Random(0), 0
    with tempfile.TemporaryDirectory() as folder:
        path, whole = Path(folder, name), set()
        for write in writers:
            write(path)
            whole.add(read(path))
        for _ in range(times):
            child = os.fork()
            if child == 0:
                for write in itertools.cycle(writers):
                    write(path)
            time.sleep(rng.uniform(0.0, LONGEST))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            try:
                lost += read(path) not in whole
            except (OSError, InputError):
                lost += 1
    return lost


def killed_benchmark(times: int) -> int:
    """1 if a benchmark that was killed so many times has other results than one left alone."""
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder, "alone.jsonl"), Path(folder, "killed.jsonl")
        assert started(alone).wait() == 0
        killed_repeatedly(killed, times, seed=0)
        assert started(killed).wait() == 0
        return int(alone.read_bytes() != killed.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", default="40,40,20", help="during save, report and bench")
    parser.add_argument("--interrupts", type=int, default=40, help="of each kind of work")
    parser.add_argument("--only", default=",".join(WORKS), help="kinds of work to interrupt")
    options = parser.parse_args()
    saves, reports, benches = map(int, options.kills.split(","))
    if saves:
        lost = killed_while_writing(model_writers(), model_of, "model.safetensors", saves)
        print(f"save: {saves} kills, {lost} files lost", flush=True)
    if reports:
        lost = killed_while_writing(report_writers(), Path.read_bytes, "report.html", reports)
        print(f"report: {reports} kills, {lost} files lost", flush=True)
    if benches:
        print(f"bench: {benches} kills, {killed_benchmark(benches)} files differ", flush=True)
    rng = np.random.default_rng(0)
    for name in options.only.split(",") if options.interrupts else ():
        moments = rng.uniform(0.3, 3.0, options.interrupts).tolist()
        taken = []
        for moment in moments:
            try:
                taken.append(WORKS[name](moment))
            except (AssertionError, KeyboardInterrupt, pytest.fail.Exception) as failure:
                print(f"{name}: nothing was kept after {moment:.2f} s: {failure!r}", flush=True)
        late = sum(seconds > 2 for seconds in taken)
        print(
            f"{name}: {len(taken)} of {len(moments)} interrupts gave the best so far, {late} of "
            f"them after more than 2 s, the latest after {max(taken, default=np.nan):.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
