"""Planted networks: how often extraction finds the functions that a network was made of.

Random networks of depth 2 with 2 to 4 inputs, library functions on all edges and random constants
give 1000 rows, with noise of 0, 1 and 10 % of the spread of y. A KAN of the same shape is trained
on them (no search of shapes, no pruning), and its formula is read with the data as judge. So what
is tested is the way from curves to functions, not the search for a shape.

A formula is recovered without noise if it equals the truth: by algebra (rule of SRBench) or at
random points to 1e-6 of the spread (`kansym.equivalent`). With noise two things are asked:

* on fresh rows it differs from the truth without noise by at most 2 noise sqrt(k / rows), twice
  the expected error of a least-squares fit of the truth's own k constants: then the constants are
  right within their errors; and
* it has the form of the truth: the planted function on every edge, or a formula whose measured
  numbers, fitted to the truth, leave a difference below 1e-6 (rule of
   `kansym.studies.bench.judging`); or
  it is no longer than the truth in bits, constants of both written with as many digits as the
  noise leaves.

Run with OMP_NUM_THREADS=1. Finished networks are kept in a file; the same command goes on there.

    python benchmarks/planted_networks.py [--networks 300] [--noise 0,0.01,0.1] [--jobs 1]
        [--out planted_networks.jsonl] [--quick]
"""

import argparse
import json
import math
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from joblib import Parallel, delayed
from scipy import stats

from kansym import KAN, Problem, extract, train
from kansym.neural.models.kan import EdgeKind, Width
from kansym.problems.ranges import Range
from kansym.shared.errors import KansymError
from kansym.studies.bench.judging import judge
from kansym.studies.bench.rows import draw_rows
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import LIBRARY

TARGETS = {0.0: 95, 0.01: 85, 0.1: 60}
ROWS, LEARNT = 1000, 800
RANGE = (0.2, 3.0)
TAME = ("x", "x^2", "x^3", "exp", "sin", "tanh", "atan", "gaussian")
POSITIVE = ("log", "sqrt", "1/x", "1/x^2")
"""Functions on edges from inputs; edges from hidden nodes have tame ones."""
MATTERS = 0.05
"""Change of the output, over its spread, that every edge of a network must make."""


@dataclass(frozen=True)
class Planted:
    """A network: its formula, which input enters which hidden node, and by which function."""

    formula: sympy.Expr
    inputs: tuple[str, ...]
    sums: tuple[tuple[int, ...], ...]
    products: tuple[tuple[int, ...], ...]
    functions: tuple[tuple[str, tuple[str, ...]], ...]
    """Per hidden node, sums first: the function after it, and those of its inputs in order."""

    @property
    def widths(self) -> list[Width]:
        """Shape of the KAN."""
        products = len(self.products)
        hidden = (len(self.sums), products) if products else len(self.sums)
        return [len(self.inputs), hidden, 1]

    def has_functions(self, edges: dict[str, str | None]) -> bool:
        """Whether these are the planted functions, edge by edge, whatever hidden nodes are called.

        A sum that goes on by a straight line is no node of its own.
        """
        planted: list[tuple[str, frozenset[tuple[str, str]]]] = []
        direct: set[tuple[str, str]] = set()
        for number, (after, before) in enumerate(self.functions):
            sources = (*self.sums, *self.products)[number]
            pairs = {(self.inputs[s], name) for s, name in zip(sources, before, strict=True)}
            if after == "x" and number < len(self.sums):
                direct |= pairs
            else:
                planted.append((after, frozenset(pairs)))
        into: dict[str, set[tuple[str, str]]] = {}
        for name, function in edges.items():
            source, target = name.split(" -> ")
            into.setdefault(target, set()).add((source, str(function)))
        last = into.pop("y", set())
        found = [(after, frozenset(into[node])) for node, after in last if node in into]
        return (
            Counter(found) == Counter(planted)
            and {pair for pair in last if pair[0] in self.inputs} == direct
        )

    def model(self, seed: int) -> KAN:
        """A KAN with splines on the edges of the network and nothing elsewhere."""
        model = KAN(self.widths, grid=5, seed=seed)
        for target, sources in enumerate((*self.sums, *self.products)):
            for source in set(range(len(self.inputs))) - set(sources):
                model.set_edge(0, target, source, EdgeKind.ABSENT)
        return model


def number(value: float) -> sympy.Float:
    """Four significant digits."""
    return sympy.Float(f"{value:.4g}", 15)


def plant(seed: int) -> Planted:
    """The network of a seed: drawn until every edge matters."""
    rng = np.random.default_rng([20261124, seed])
    while True:
        found = draw(rng)
        if found is not None:
            return found


def draw(rng: np.random.Generator) -> Planted | None:
    """A network at random; None if it overflows or has an edge that does not matter."""
    inputs = tuple(f"x{i + 1}" for i in range(rng.integers(2, 5)))
    X = rng.uniform(*RANGE, (2000, len(inputs)))
    groups = np.array_split(rng.permutation(len(inputs)), 1 if len(inputs) < 4 else 2)
    if len(groups) == 1 and rng.random() < 0.3:
        groups = [groups[0], rng.permutation(len(inputs))[:2]]
    hidden = [Hidden(tuple(sorted(group.tolist())), rng, X) for group in groups]
    hidden.sort(key=lambda node: node.is_product)
    after, outer = [], []
    for node in hidden:
        after.append(str(rng.choice(TAME)))
        outer.append(edge(LIBRARY[after[-1]], node.expr, node.values, rng))
    shift = number(rng.normal())
    formula = sympy.Add(*(expr for expr, _ in outer), shift)
    total = sum(values for _, values in outer)
    spread = np.std(total)
    if not np.isfinite(spread) or spread == 0 or np.ptp(total) > 12 * spread:
        return None
    for node, (_, values) in zip(hidden, outer, strict=True):
        if np.std(values) < MATTERS * spread or not node.matters:
            return None
    return Planted(
        formula,
        inputs,
        tuple(node.sources for node in hidden if not node.is_product),
        tuple(node.sources for node in hidden if node.is_product),
        tuple((name, node.functions) for name, node in zip(after, hidden, strict=True)),
    )


class Hidden:
    """A sum or a product of functions of some inputs, with a spread of about 1."""

    def __init__(self, sources: tuple[int, ...], rng: np.random.Generator, X: np.ndarray):
        self.sources = sources
        self.is_product = bool(rng.random() < 0.3)
        names, terms = [], []
        for source in sources:
            names.append(str(rng.choice((*TAME, *POSITIVE))))
            terms.append(inner(LIBRARY[names[-1]], source, X[:, source], rng))
        self.functions = tuple(names)
        combined = math.prod if self.is_product else sum
        sizes = [rng.uniform(0.4, 1.0) / max(float(np.std(v)), 1e-12) for _, v in terms]
        signs = rng.choice([-1.0, 1.0], len(terms))
        if self.is_product:
            size = float(signs[0] * rng.uniform(0.5, 1.5) / np.std(combined(v for _, v in terms)))
            factors = [size, *[1.0] * (len(terms) - 1)]
        else:
            factors = (signs * sizes).tolist()
        factors = [float(number(factor)) for factor in factors]
        scaled = [
            (e if factor == 1 else number(factor) * e, factor * v)
            for factor, (e, v) in zip(factors, terms, strict=True)
        ]
        self.expr = (
            sympy.Mul(*(e for e, _ in scaled))
            if self.is_product
            else sympy.Add(*(e for e, _ in scaled))
        )
        self.values = combined(v for _, v in scaled)
        self.matters = self._matter([v for _, v in terms], factors)

    def _matter(self, values: list[np.ndarray], factors: list[float]) -> bool:
        """Whether every edge changes the node."""
        if self.is_product:
            parts = [np.std(v) / max(np.sqrt(np.mean(v**2)), 1e-300) for v in values]
            return min(parts) > 2 * MATTERS
        parts = [abs(f) * np.std(v) for f, v in zip(factors, values, strict=True)]
        return min(parts) > 2 * MATTERS * float(np.std(self.values))


def inner(
    function: Candidate, source: int, x: np.ndarray, rng: np.random.Generator
) -> tuple[sympy.Expr, np.ndarray]:
    """f(a x + b) of an input, with a positive argument; redundant constants are left out."""
    a = 1.0 if function.scale_free else float(number(rng.uniform(0.5, 2.0)))
    b = 0.0 if function.shift_free else float(number(rng.uniform(0.1, 0.6)))
    symbol = sympy.Symbol(f"x{source + 1}")
    argument = (symbol if a == 1 else number(a) * symbol) + (number(b) if b else 0)
    return function.expr.subs(sympy.Symbol("x"), argument), function.numpy(a * x + b)


def edge(
    function: Candidate, argument: sympy.Expr, values: np.ndarray, rng: np.random.Generator
) -> tuple[sympy.Expr, np.ndarray]:
    """C f(h + b) of a hidden node."""
    b = 0.0 if function.shift_free else float(number(rng.normal() / 2 - values.mean()))
    with np.errstate(all="ignore"):
        found = function.numpy(values + b)
    size = rng.uniform(0.5, 1.5) / np.std(found) * rng.choice([-1.0, 1.0])
    if not np.isfinite(size):
        return sympy.nan, np.full(len(values), np.nan)
    c = number(size)
    inside = argument + (number(b) if b else 0)
    return c * function.expr.subs(sympy.Symbol("x"), inside), float(c) * found


# -- one network ----------------------------------------------------------------------------------


def run(seed: int, noise: float) -> dict[str, Any]:
    """Train in the known shape, extract, judge."""
    torch.set_num_threads(1)
    planted = plant(seed)
    ranges = {name: Range(*RANGE) for name in planted.inputs}
    problem = Problem(
        f"planted-{seed}", "planted", planted.inputs, "y", str(planted.formula), ranges=ranges
    )
    rows = draw_rows(problem, ROWS, seed, noise)
    started = time.perf_counter()
    model = planted.model(seed)
    history = train(model, rows.X, rows.y, prune=False, progress=False)
    trained = time.perf_counter()
    row: dict[str, Any] = {
        "seed": seed,
        "noise": noise,
        "truth": str(planted.formula),
        "widths": str(planted.widths),
        "training_error": history.validation,
        "training_seconds": round(trained - started, 2),
    }
    try:
        result = extract(model, rows.X, rows.y, progress=False)
    except KansymError as error:
        return row | {"recovered": False, "formula": None, "reason": str(error)}
    formula = result.formulas[0]
    edges = {e.name: e.fit.candidate.name if e.fit else None for e in result.edges}
    row["edges"] = edges
    row["extraction_seconds"] = round(time.perf_counter() - trained, 2)
    if formula.curves:
        # An edge that stays a curve has not been found.
        return row | {"recovered": False, "formula": str(formula.expr), "reason": "a curve"}
    predicted = formula.numpy(*rows.X_unused.T)
    verdict = judge(problem, formula.expr, rows, noise, predicted)
    constants = len(planted.formula.atoms(sympy.Float))
    digits = 4 if noise < 0.05 else 3
    truth_bits = complexity(rounded(planted.formula, digits), planted.inputs)
    spread = float(np.std(rows.y_unused))
    error = math.inf if verdict.rmse is None else verdict.rmse / spread
    bound = 2 * noise * math.sqrt(constants / LEARNT)
    bits = complexity(rounded(formula.expr, digits), planted.inputs)
    form = bool(verdict.recovered) or planted.has_functions(edges)
    right = bool(verdict.recovered)
    if noise > 0:
        right = error <= bound and (form or bits <= truth_bits)
    return row | {
        "recovered": right,
        "right_form": form,
        "formula": str(formula.expr),
        "error": error,
        "bound": bound,
        "bits": bits,
        "truth_bits": truth_bits,
        "status": [finding.status.name for finding in result.status],
    }


def rounded(expression: sympy.Expr, digits: int) -> sympy.Expr:
    """With fewer digits."""
    return expression.xreplace(
        {n: sympy.Float(f"{float(n):.{digits}g}", 15) for n in expression.atoms(sympy.Float)}
    )


# -- all of them ----------------------------------------------------------------------------------


def finished(path: Path) -> list[dict[str, Any]]:
    """What is in the file; a last line cut short is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def table(rows: list[dict[str, Any]], noises: list[float]) -> str:
    """Shares with Wilson's intervals."""
    lines = ["noise  recovered        95 % interval   target  right form  median s  training s"]
    for noise in noises:
        own = [row for row in rows if row["noise"] == noise]
        if not own:
            continue
        hits = sum(row["recovered"] for row in own)
        low, high = stats.binomtest(hits, len(own)).proportion_ci(method="wilson")
        form = sum(bool(row.get("right_form")) for row in own)
        seconds = np.median(
            [row["extraction_seconds"] for row in own if "extraction_seconds" in row] or [math.nan]
        )
        training = np.median([row["training_seconds"] for row in own])
        lines.append(
            f"{noise:<6g} {hits:3}/{len(own):<3} {100 * hits / len(own):4.0f} %   "
            f"{100 * low:3.0f} to {100 * high:3.0f} %  {TARGETS.get(noise, 0):5} %  "
            f"{form:3}/{len(own):<3}  {seconds:8.1f}  {training:10.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--networks", type=int, default=300, help="per level of noise")
    options.add_argument("--noise", default="0,0.01,0.1")
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--out", type=Path, default=Path("planted_networks.jsonl"))
    options.add_argument("--quick", action="store_true", help="20 networks per level of noise")
    chosen = options.parse_args()
    networks = 20 if chosen.quick else chosen.networks
    noises = [float(part) for part in chosen.noise.split(",")]
    rows = finished(chosen.out)
    written = chosen.out.read_bytes() if chosen.out.is_file() else b""
    cut = bool(written) and not written.endswith(b"\n")
    done = {(row["seed"], row["noise"]) for row in rows}
    wanted = [(seed, noise) for seed in range(networks) for noise in noises]
    work = (delayed(run)(*pair) for pair in wanted if pair not in done)
    for row in Parallel(n_jobs=chosen.jobs, return_as="generator_unordered")(work):
        rows.append(row)
        with chosen.out.open("a", encoding="utf-8") as file:
            file.write(("\n" if cut else "") + json.dumps(row) + "\n")
        cut = False
    print(table([row for row in rows if (row["seed"], row["noise"]) in set(wanted)], noises))


if __name__ == "__main__":
    main()
