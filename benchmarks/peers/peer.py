"""What every adapter offers, and how its formula is judged."""

import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import sympy

from kansym.shared.versions import versions
from kansym.studies.bench.judging import judge
from kansym.studies.bench.measuring import figures
from kansym.studies.bench.protocols import rows_of, rule_of
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import Run

PEERS = ("gplearn", "operon", "pykan", "pykan_exact", "pysr")
PREFIX = "peer-"

Solve = Callable[[np.ndarray, np.ndarray, float, int], sympy.Expr]
"""Rows (rows, inputs), targets, seconds and a seed to an expression in the symbols x0, x1, ..."""


def symbols(count: int) -> list[sympy.Symbol]:
    """Symbols that stand for the columns."""
    return [sympy.Symbol(f"x{i}") for i in range(count)]


def measure(runs: Sequence[Run]) -> Iterator[Record | str]:
    """Search for a formula with the program that a run's kind names, and judge it."""
    for run in runs:
        name = run.kind.removeprefix(PREFIX)
        solve: Solve = importlib.import_module(f"benchmarks.peers.with_{name}").solve
        started = time.perf_counter()
        rows = rows_of(run)
        yield "searching"
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)  # pykan writes a folder wherever it is
            found = solve(rows.X.to_numpy(), rows.y, run.budget.limit, run.seed)
            os.chdir("/")
        searched = time.perf_counter()
        yield "judging"
        inputs = run.problem.inputs
        names = dict(
            zip(symbols(len(inputs)), [sympy.Symbol(name) for name in inputs], strict=True)
        )
        formula: Any = sympy.sympify(found).xreplace(names)
        judgement = judge(run.problem, formula, rows, run.noise, rule=rule_of(run))
        problem = run.problem
        who = (problem.name, problem.set, run.kind, run.seed, run.noise, "ok")
        yield Record(
            *who,
            **figures(judgement),
            formula=str(formula),
            truth=problem.formula,
            train_seconds=searched - started,
            extract_seconds=0.0,
            seconds=time.perf_counter() - started,
            versions=versions() | {name: _version(name)},
            reading=run.reading,
        )


def _version(name: str) -> str:
    from importlib.metadata import version

    return version({"operon": "pyoperon", "pykan_exact": "pykan"}.get(name, name))
