"""From a choice of functions to finished formulas, and the front of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from kansym.extraction.agreement import predicted
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.network.network import Network
from kansym.results.parts import FrontPoint
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.choice import CURVE_BITS
from kansym.symbolic.choosing.composition import ComposedFormula, compose
from kansym.symbolic.choosing.judge import Choice, Judge
from kansym.symbolic.choosing.symbolic_network import SymbolicNetwork
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula

__all__ = [
    "STEP",
    "fitted_front",
    "formulas_of",
    "front_point",
    "not_dominated",
    "pareto_front",
    "settled",
]

FINISHING_ROWS = 2000
"""Most rows on which constants are refined: their errors are then below what is read."""
LATE = (0.2, 0.5)
"""Least and most seconds for refining constants when the budget is spent."""
FINISHING_SHARE = 0.75
"""Share of the time for a formula after which its refinement ends of itself."""
FRONT_POINTS = 6
BETTER = 0.9
"""Part of a simpler formula's error that a longer one has to stay below on the front."""
STEP = 0.995
"""The same where every step counts: errors nearer than that are the same formula in other words."""
MOST_POINTS = 15
"""Formulas on a front."""
RIVAL_ERROR = 0.7
"""Part of the last rival's error below which another choice is worth a place on the front."""
RIVAL_SECONDS = 0.5
"""Most time for the formulas of a rival on the front, and least that is left when one begins."""


def settled(network: Network, split: Split, choice: Choice) -> tuple[Choice, Judge]:
    """A choice and its judge; of labels, at the log-odds that make them likeliest."""
    if split.labelled is None:
        return choice, split.judge
    wiring = Wiring.of(network)
    symbolic = SymbolicNetwork(wiring, [option.function for option in choice.options])
    refit, judge = split.labelled.likeliest(symbolic, choice.refit, split.judge)
    length = judge.length(refit.error, choice.bits)
    return replace(choice, refit=refit, length=length), judge


def formulas_of(
    network: Network, split: Split, settings: Settings, choice: Choice, deadline: Deadline
) -> tuple[Formula, ...]:
    """Finished formulas of all outputs for one choice; the time left is shared out evenly."""
    choice, judge = settled(network, split, choice)
    templates = compose(Wiring.of(network), choice, network.inputs)
    formulas = []
    for position, template in enumerate(templates):
        seconds = deadline.left() / (len(templates) - position)
        seconds = max(seconds, settings.overtime(*LATE) / len(templates))
        formulas.append(_finished(template, network, judge, settings, position, seconds))
    return tuple(formulas)


def _finished(
    template: ComposedFormula,
    network: Network,
    judge: Judge,
    settings: Settings,
    position: int,
    seconds: float,
) -> Formula:
    """Refined, recognised and simplified; as composed if that does not end in time."""
    curves = tuple(curve.curve for curve in template.curves)
    rows = slice(FINISHING_ROWS)
    weights = None if judge.weights is None else judge.weights[rows, position]

    def finished() -> Formula:
        return finish(
            template.expr,
            template.start,
            network.inputs,
            judge.X[rows],
            judge.y[rows, position],
            judge=judge.kind,  # pyright: ignore[reportArgumentType]
            weights=weights,
            curves=curves,
            named=settings.physical_constants or None,
            accuracy=settings.accuracy or 0.0,
            deadline=Deadline.after(FINISHING_SHARE * seconds),
        )

    constants = tuple(Constant(symbol.name, value) for symbol, value in template.start.items())
    composed = Formula(template.expr, network.inputs, constants, curves=curves)
    # The deadline is kept by finish itself; algebra that escapes it is stopped here.
    return within(seconds, finished, composed)


def front_point(judge: Judge, formulas: tuple[Formula, ...], *, selected: bool) -> FrontPoint:
    """Formulas with their complexity and their error against the judge."""
    error = judge.error(predicted(formulas, judge.X))
    bits = sum(
        complexity(formula.expr, formula.inputs) + CURVE_BITS * len(formula.curves)
        for formula in formulas
    )
    return FrontPoint(formulas, bits, error, selected)


def pareto_front(
    selected: FrontPoint,
    choices: Sequence[Choice],
    judge: Judge,
    write: Callable[[Choice, Deadline], tuple[Formula, ...]],
    deadline: Deadline,
) -> tuple[FrontPoint, ...]:
    """The selected formula and those that no simpler one beats, simplest first."""
    points = [selected]
    for choice in _rivals(choices, judge.floor)[:FRONT_POINTS]:
        if deadline.left() < RIVAL_SECONDS:
            break
        rival = write(choice, deadline.share(0.5).within(RIVAL_SECONDS))
        points.append(front_point(judge, rival, selected=False))
    return not_dominated(points)


def not_dominated(points: Sequence[FrontPoint], better: float = BETTER) -> tuple[FrontPoint, ...]:
    """The selected formula and those that no simpler one beats, simplest first, each once.

    Parameters
    ----------
    points : in any order.
    better : part of a simpler formula's error that a longer one must stay below.
    """
    if len(points) == 1:
        return tuple(points)  # a long formula is not printed for nothing
    front: list[FrontPoint] = []
    least, seen = float("inf"), {_text(point) for point in points if point.selected}
    for point in sorted(points, key=lambda point: (round(point.complexity, 1), point.error)):
        if not point.selected and (_text(point) in seen or not point.error < better * least):
            continue
        seen.add(_text(point))
        front.append(point)
        least = min(least, point.error)
    return tuple(front)


def _text(point: FrontPoint) -> str:
    """What a reader sees of a point."""
    return "; ".join(map(str, point.formulas))


def fitted_front(front: Sequence[FrontPoint], judge: Judge) -> tuple[FrontPoint, ...]:
    """A front whose constants have changed: no entry that a simpler one now beats, none twice."""
    points = []
    for point in front:
        now = front_point(judge, point.formulas, selected=point.selected)
        points.append(replace(point, complexity=now.complexity, error=now.error))
    return _thinned(not_dominated(points, STEP))


def _thinned(front: Sequence[FrontPoint]) -> tuple[FrontPoint, ...]:
    """At most so many points, the selected one among them."""
    if len(front) <= MOST_POINTS:
        return tuple(front)
    kept = set(np.linspace(0, len(front) - 1, MOST_POINTS).astype(int).tolist())
    return tuple(point for i, point in enumerate(front) if i in kept or point.selected)


def _rivals(choices: Sequence[Choice], floor: float) -> list[Choice]:
    """Choices that may be on the front beside the first, simplest first.

    A simpler one always may, a longer one only if it is more precise than the first by something
    that means anything.
    """
    first, *others = choices
    rivals: list[Choice] = []
    for choice in sorted(others, key=lambda choice: choice.bits):
        shown = choice.bits < first.bits or max(choice.error, floor) < BETTER * first.error
        if shown and (not rivals or choice.error < RIVAL_ERROR * rivals[-1].error):
            rivals.append(choice)
    return rivals
