"""How noisy answers of a model or measured rows are, and which laws they surely obey."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import sympy

from kansym.extraction.attempt import Attempt
from kansym.extraction.enough import STRIKING
from kansym.extraction.plainness import is_plain
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.neural.readers.black_box import BlackBox
from kansym.results.result import Extraction
from kansym.shared.deadline import Deadline
from kansym.shared.status import Finding, Status
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.laws.law import Rows
from kansym.symbolic.laws.noise_of_rows import SeenNoise, noise_of_rows
from kansym.symbolic.laws.proposing import relevant

__all__ = [
    "USUAL_NOISE",
    "best_law",
    "has_exact_numbers",
    "is_striking",
    "is_unexplained",
    "is_within_noise",
    "knows_shapes",
    "noises",
    "of_kan",
    "of_whole_search",
]

MISFITS, ROUGH_MISFITS = (1e-2, 1e-3), (3e-2, 1e-2)
"""Relative errors that trained models usually make, and rough ones: what a law may leave over is
not known without data, so each is tried, first the one with which the search is soon done."""
FEWEST = 100
"""Rows from which polynomials tell how noisy they are."""
WITHIN = 1.2
"""Error over the noise of the rows, which is known to a tenth, up to which a law leaves noise."""

USUAL_NOISE = 0.01
"""Noise that is supposed where none is seen, or other than a law leaves."""


def knows_shapes(box: BlackBox | None, judge: Judge) -> bool:
    """Whether a trained model judges, whose gradients show the shape of its law at once."""
    return box is not None and box.learned and judge.kind == "network"


def noises(
    box: BlackBox | None, judge: Judge, rows: Rows, attained: float, given: float, until: Deadline
) -> tuple[SeenNoise, ...]:
    """Relative noise of the rows that a judge has, as far as it is known or was given.

    What a trained model misses is a noise to laws: at most what the best network leaves over, if
    there is one; else several sizes of it are tried in turn.
    """
    if box is None:
        measured = not given and judge.kind == "data" and len(judge.X) >= FEWEST
        return (noise_of_rows(relevant(rows), until) if measured else SeenNoise(given),)
    if box.noise is not None:
        return (SeenNoise(float(box.noise[0] / (judge.y.std() or 1.0))),)
    if not box.learned or judge.kind == "data":
        return (SeenNoise(0.0),)
    usual = MISFITS if box.smooth else ROUGH_MISFITS
    sizes = (attained,) if 0 < attained < max(usual) else usual
    return tuple(map(SeenNoise, sizes))


def of_kan(
    settings: Settings, judge: Judge, box: BlackBox | None, error: float, budget: float
) -> Settings:
    """How a KAN is read that stands for the rows with this error.

    A model's answers were not measured, and what a KAN misses of them is within its error, for
    that of a trained model is larger.
    """
    accuracy = settings.accuracy or judge.floor
    if judge.kind == "data":
        return replace(settings, budget=budget, accuracy=accuracy)
    if box is not None and box.learned:
        accuracy = max(accuracy, error)
    return replace(settings, budget=budget, accuracy=accuracy, exact=True, answers=True)


def of_whole_search(result: Extraction, seconds: float, until: Deadline) -> Extraction:
    """The reading of a network, with the time of the search if that ran out in place of its own."""
    others = tuple(each for each in result.status if each.status is not Status.BUDGET_SPENT)
    if len(others) == len(result.status):
        return result
    if until.passed:
        others = (*others, Finding(Status.BUDGET_SPENT, "search", f"{seconds:.3g} s"))
    error = next(point.error for point in result.front if point.selected)
    detail = f"relative error {error:.1e} against the {result.fidelity.judge}"
    fine = Finding(Status.OK, "formula", detail)
    return replace(result, status=others or (fine,))


def best_law(
    attempts: Sequence[Attempt], judge: Judge, length: Callable[[Attempt], float]
) -> list[int]:
    """The number of the shortest law, where a network shows how little a model leaves over."""
    laws = [number for number, attempt in enumerate(attempts) if attempt.model is None]
    if not laws or judge.kind == "data":
        return []
    return [min(laws, key=lambda number: length(attempts[number]))]


def is_striking(attempt: Attempt, judge: Judge, inputs: int) -> bool:
    """Whether a model obeys a plain law without measured numbers closely."""
    best = attempt.best
    if judge.kind == "data" or best is None or best.error > STRIKING:
        return False
    return has_exact_numbers(attempt) and is_plain(best.complexity, inputs)


def has_exact_numbers(attempt: Attempt) -> bool:
    """Whether no constant of a formula is a measured number."""
    formulas = () if attempt.best is None else attempt.best.formulas
    return all(c.exact is not None for formula in formulas for c in formula.constants)


def is_unexplained(attempts: Sequence[Attempt], split: Split, noise: float) -> bool:
    """Whether measured rows may have another noise than was seen: no law leaves as much.

    Polynomials miss what turns quickly as they would miss an error of the rows.
    """
    if split.judge.kind != "data" or split.errors is not None:
        return False
    least = min((each.best.error for each in attempts if each.best is not None), default=np.inf)
    seen = noise / WITHIN <= least <= noise * WITHIN
    return least > USUAL_NOISE / WITHIN and not seen


def is_within_noise(attempt: Attempt, noise: float) -> bool:
    """Whether the law of noisy rows has no constant but a factor, and misses them by the noise."""
    best = attempt.best
    if best is None or best.error > WITHIN * noise:
        return False
    for formula in best.formulas:
        free = [sympy.Symbol(c.name) for c in formula.constants if c.exact is None]
        if len(free) > 1 or any(
            formula.template.as_independent(c, as_Add=False)[0] * c != formula.template
            for c in free
        ):
            return False
    return True
