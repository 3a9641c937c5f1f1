"""Joint choice of a function for every edge, by the error of the whole formula.

An edge alone often cannot tell two functions apart; the whole formula can. Starting from the best
fit of every edge, functions are swapped one edge at a time, all constants are refitted together,
and a swap is kept if it shortens the description: bits of the residual plus bits of the functions.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from kansym.network.network import Network
from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.edge_functions import ConstantFunction, CurveFunction
from kansym.symbolic.choosing.judge import Choice, Judge, Option
from kansym.symbolic.choosing.symbolic_network import SymbolicNetwork
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.polynomial_fit import polynomial_fit

__all__ = ["choose", "exchanged", "options_of"]

CURVE_BITS = 120.0
"""Bits of an edge that stays a curve: about a dozen numbers of ten bits."""
EXPLAINED = 3e-4
"""Relative error at which a library function explains an edge."""
WITHIN_BITS = 40.0
"""Alternatives further behind the best of their edge are not tried."""


def options_of(
    network: Network,
    fits: Sequence[Sequence[EdgeFit]],
    stop: Callable[[], bool] = lambda: False,
) -> list[list[Option]]:
    """What every edge may be: its library fits, its own curve if none is good, or nothing.

    Polynomials are tried where no function fits, until time is up.
    """
    found = []
    for position, (edge, edge_fits) in enumerate(zip(network.edges, fits, strict=True)):
        best = edge_fits[0].score if edge_fits else 0.0
        options = [
            Option(fit.candidate, fit.constants, fit.complexity, fit)
            for fit in edge_fits
            if fit.score <= best + WITHIN_BITS
        ]
        explained = min((fit.error for fit in edge_fits), default=1.0) < EXPLAINED
        if not explained and edge.fixed is None and not stop():
            enough = max(EXPLAINED, 0.1 * min((fit.error for fit in edge_fits), default=1.0))
            fit = polynomial_fit(edge.x, edge.y, edge.density, enough=enough)
            if fit is not None:
                options.append(Option(fit.candidate, fit.constants, fit.complexity, fit))
        if not explained or not options:
            curve = CurveFunction(edge, f"f{position + 1}")
            options.append(Option(curve, (1.0, 0.0, 1.0, 0.0), CURVE_BITS, None))
        if edge.fixed is None:
            mean = float(edge.y @ edge.density / edge.density.sum())
            options.append(Option(ConstantFunction(), (1.0, 0.0, 1.0, mean), 0.0, None))
        found.append(options)
    return found


class _TriedChoices:
    """Choices that were refitted from the constants of the edges' own fits, by their picks."""

    def __init__(
        self, network: Network, options: list[list[Option]], judge: Judge, deadline: Deadline
    ):
        self.deadline = deadline
        self.wiring = Wiring.of(network)
        self.options = options
        self.judge = judge
        inner = [node.bias for node in network.nodes if node.kind != "input"]
        self.biases = np.array([*np.zeros(len(network.inputs)), *inner])
        self.seen: dict[tuple[int, ...], Choice] = {}

    def evaluate(self, picks: tuple[int, ...], hopeless: float = np.inf) -> Choice:
        """Refit one choice from the constants of its edges' own fits."""
        if picks not in self.seen:
            chosen = [options[pick] for options, pick in zip(self.options, picks, strict=True)]
            start = np.array([option.constants for option in chosen]), self.biases
            self.seen[picks] = _refitted(
                self.wiring, self.judge, picks, chosen, start, hopeless, self.deadline
            )
        return self.seen[picks]

    def ranked(self) -> list[Choice]:
        """All finite choices, shortest description first."""
        finite = [choice for choice in self.seen.values() if np.isfinite(choice.length)]
        return sorted(finite or list(self.seen.values()), key=lambda choice: choice.length)


def _refitted(
    wiring: Wiring,
    judge: Judge,
    picks: tuple[int, ...],
    options: Sequence[Option],
    start: tuple[Float[np.ndarray, "edges 4"], Float[np.ndarray, " nodes"]],
    hopeless: float,
    deadline: Deadline,
) -> Choice:
    """Options with all constants refitted; offsets of edges into sums go into the nodes' biases."""
    constants, biases = start[0].copy(), start[1].copy()
    for edge, target in enumerate(wiring.targets):
        if not wiring.is_product[target]:
            biases[target] += constants[edge, 3]
            constants[edge, 3] = 0.0
    symbolic = SymbolicNetwork(wiring, [option.function for option in options])
    refit = symbolic.refit(
        constants,
        biases,
        judge.X,
        judge.y,
        scale=judge.scale,
        hopeless=hopeless,
        deadline=deadline,
    )
    return judge.choice(picks, options, symbolic, refit)


def choose(
    network: Network,
    options: list[list[Option]],
    judge: Judge,
    *,
    deadline: Deadline,
    tell: Callable[[float, str], None],
) -> list[Choice]:
    """Search for the choice of shortest description; all that were tried, shortest first.

    Parameters
    ----------
    options : per edge, best first.
    deadline : when to stop with what there is.
    tell : progress callback.
    """
    tried = _TriedChoices(network, options, judge, deadline)
    best = tried.evaluate(tuple(0 for _ in options))
    exact = tuple(_most_exact(edge_options) for edge_options in options)
    best = min(best, tried.evaluate(exact), key=lambda choice: choice.length)
    order = sorted(range(len(options)), key=lambda edge: _margin(options[edge]))
    for sweep in range(3):
        before = best
        for done, edge in enumerate(order):
            tell((sweep + done / len(order)) / 3, f"choosing functions, error {best.error:.1e}")
            best = _best_swap(tried, best, edge, deadline)
            if deadline.passed:
                return tried.ranked()
        if best is before:
            break
    return tried.ranked()


def exchanged(
    choice: Choice,
    replacements: Mapping[int, Option],
    wiring: Wiring,
    judge: Judge,
    *,
    deadline: Deadline,
) -> Choice:
    """A choice with other functions on some edges, all else starting from where it is.

    Parameters
    ----------
    replacements : per edge, the function and where its constants start.
    deadline : when to stop with what there is.
    """
    constants = choice.refit.constants.copy()
    options, picks = list(choice.options), list(choice.picks)
    for edge, option in replacements.items():
        constants[edge], options[edge], picks[edge] = option.constants, option, -1
    more_bits = sum(each.bits for each in options) - choice.bits
    start, hopeless = (constants, choice.refit.biases), judge.hopeless(choice, more_bits)
    return _refitted(wiring, judge, tuple(picks), options, start, hopeless, deadline)


def _best_swap(tried: _TriedChoices, best: Choice, edge: int, deadline: Deadline) -> Choice:
    """Try every option of one edge; the best choice after that."""
    solved = best.error <= 3 * tried.judge.floor
    for pick, option in enumerate(tried.options[edge]):
        if pick == best.picks[edge] or deadline.passed:
            continue
        if solved and option.bits >= best.options[edge].bits:
            continue
        picks = (*best.picks[:edge], pick, *best.picks[edge + 1 :])
        hopeless = tried.judge.hopeless(best, option.bits - best.options[edge].bits)
        trial = tried.evaluate(picks, hopeless)
        if trial.length < best.length:
            best = trial
            solved = best.error <= 3 * tried.judge.floor
    return best


def _most_exact(options: list[Option]) -> int:
    """The library fit of least error, whatever its bits."""
    errors = [np.inf if option.fit is None else option.fit.error for option in options]
    return int(np.argmin(errors)) if len(options) > 1 else 0


def _margin(options: list[Option]) -> float:
    """By how many bits the best fit of an edge leads."""
    scores = [option.fit.score for option in options if option.fit is not None]
    return scores[1] - scores[0] if len(scores) > 1 else float("inf")
