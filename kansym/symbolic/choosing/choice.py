"""Joint choice of a function for every edge, by the error of the whole formula.

An edge alone often cannot tell two functions apart; the whole formula can. Starting from the best
fit of every edge, functions are swapped one edge at a time, all constants are refitted together,
and a swap is kept if it shortens the description: bits of the residual plus bits of the functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kansym.network.network import Network
from kansym.shared.deadline import Deadline
from kansym.shared.error_measures import rmse
from kansym.symbolic.choosing.edge_functions import ConstantFunction, CurveFunction, EdgeFunction
from kansym.symbolic.choosing.symbolic_network import MARGIN, Refit, SymbolicNetwork, Wiring
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import CONSTANT_BITS
from kansym.symbolic.fitting.polynomial_fit import polynomial_fit
from kansym.symbolic.library.candidate import Candidate

__all__ = ["Choice", "Judge", "Option", "choose", "exchanged", "options_of"]

CURVE_BITS = 120.0
"""Bits of an edge that stays a curve: about a dozen numbers of ten bits."""
EXPLAINED = 3e-4
"""Relative error at which a library function explains an edge."""
TRIVIAL = (1e-6, 1e-2)
"""Bounds of the relative difference up to which a scale counts as 1, or a shift as 0: the error of
the formula between them."""
COUNTED_ROWS = 200
"""Rows that show the sizes that constants are compared with."""
WITHIN_BITS = 40.0
"""Alternatives further behind the best of their edge are not tried."""


SMOOTH_ROWS = 60
"""Rows that count as independent against a network: residuals of smooth functions are smooth."""


@dataclass(frozen=True)
class Option:
    """One function that an edge may take, with constants to start from."""

    function: EdgeFunction
    constants: tuple[float, float, float, float]
    bits: float
    fit: EdgeFit | None
    engine: str = ""
    """The search engine that found it, if one did."""


@dataclass(frozen=True)
class Judge:
    """Rows that decide, and how much their error counts.

    Attributes
    ----------
    X, y : inputs (rows, inputs) and what the formula should give (rows, outputs).
    kind : ``"data"`` or ``"network"``.
    floor : relative error below which an improvement means nothing.
    weights : what each target counts, up to a factor for each output; all the same if None.
    """

    X: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, "rows outputs"]
    kind: str
    floor: float
    weights: Float[np.ndarray, "rows outputs"] | None = None

    @property
    def scale(self) -> Float[np.ndarray, "rows outputs"]:
        """What a residual is divided by: the spread of the output, more where little counts."""
        weights = np.ones(self.y.shape) if self.weights is None else self.weights
        weights = weights / weights.mean(axis=0)
        mean = (weights * self.y).mean(axis=0)
        spread = np.sqrt((weights * (self.y - mean) ** 2).mean(axis=0))
        return np.where(spread > 0, spread, 1.0) / np.sqrt(weights)

    def error(self, predicted: Float[np.ndarray, "rows outputs"]) -> float:
        """Root mean square of the residual over the spread; infinite if something is undefined."""
        value = rmse((predicted - self.y) / self.scale, np.zeros(1))
        return value if np.isfinite(value) else float("inf")

    @property
    def weight(self) -> float:
        """Independent rows: residuals against a network are smooth, so few of them are."""
        return float(len(self.X)) if self.kind == "data" else float(min(len(self.X), SMOOTH_ROWS))

    def length(self, error: float, bits: float) -> float:
        """Description length in bits of a formula with this relative error."""
        if not np.isfinite(error):
            return float("inf")
        return self.weight * float(np.log2(np.hypot(error, self.floor))) + bits

    def choice(
        self,
        picks: tuple[int, ...],
        options: Sequence[Option],
        symbolic: SymbolicNetwork,
        refit: Refit,
    ) -> "Choice":
        """Options that were refitted together, with the bits of what they have come to be."""
        options = _counted(options, symbolic, refit, self.X[:COUNTED_ROWS])
        bits = sum(option.bits for option in options)
        return Choice(picks, options, refit, bits, self.length(refit.error, bits))

    def hopeless(self, best: "Choice", more_bits: float) -> float:
        """Error early in a refit with which a choice of more or fewer bits cannot beat another."""
        saved = max(-more_bits / self.weight, 0.0)
        return MARGIN * max(best.error, self.floor) * 2.0**saved


@dataclass(frozen=True)
class Choice:
    """One option per edge, refitted together."""

    picks: tuple[int, ...]
    """Positions among the options offered; -1 for a function that is none of them."""
    options: tuple[Option, ...]
    refit: Refit
    bits: float
    length: float

    @property
    def error(self) -> float:
        """Relative error against the judge."""
        return self.refit.error


def _counted(
    options: Sequence[Option],
    symbolic: SymbolicNetwork,
    refit: Refit,
    X: Float[np.ndarray, "rows inputs"],
) -> tuple[Option, ...]:
    """With the bits of the constants that a refit has come to need.

    Those are scales and shifts before a function, and shifts after it if it is a factor. The scale
    of a hidden node is arbitrary, so that a scale of 1 after it is no simpler than any other; nor
    is a shift of 0 after a hidden sum, which has a bias of its own.
    """
    wiring = symbolic.wiring
    arguments, values = symbolic.curves(refit, X)
    near = float(np.clip(refit.error, *TRIVIAL))
    found = []
    for edge, (option, (a, b, _, d)) in enumerate(zip(options, refit.constants, strict=True)):
        function, fit = option.function, option.fit
        if not isinstance(function, Candidate) or fit is None:
            found.append(option)
            continue
        source, target = wiring.sources[edge], wiring.targets[edge]
        hidden, factor = source >= wiring.n_inputs, wiring.is_product[target]
        summed = hidden and not wiring.is_product[source]
        needed = (
            not function.scale_free and (hidden or abs(abs(a) - 1) > near),
            not function.shift_free and (summed or abs(b) > near * _size(arguments[:, edge] - b)),
            factor and abs(d) > near * _size(values[:, edge] - d),
        )
        shown = int(fit.constants[0] not in (1, -1)) + int(fit.constants[1] != 0)
        bits = fit.complexity + CONSTANT_BITS * (sum(needed) - shown)
        found.append(replace(option, bits=bits))
    return tuple(found)


def _size(values: Float[np.ndarray, " rows"]) -> float:
    """Largest absolute value."""
    return float(np.abs(values).max())


def options_of(network: Network, fits: Sequence[Sequence[EdgeFit]]) -> list[list[Option]]:
    """What every edge may be: its library fits, its own curve if none is good, or nothing."""
    found = []
    for position, (edge, edge_fits) in enumerate(zip(network.edges, fits, strict=True)):
        best = edge_fits[0].score if edge_fits else 0.0
        options = [
            Option(fit.candidate, fit.constants, fit.complexity, fit)
            for fit in edge_fits
            if fit.score <= best + WITHIN_BITS
        ]
        explained = min((fit.error for fit in edge_fits), default=1.0) < EXPLAINED
        if not explained and edge.fixed is None:
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


class _Search:
    """Evaluated choices, by their picks."""

    def __init__(
        self, network: Network, options: list[list[Option]], judge: Judge, deadline: Deadline
    ):
        self.deadline = deadline
        self.wiring = Wiring.of(network)
        self.options = options
        self.judge = judge
        self.biases = _biases(network, self.wiring)
        self.seen: dict[tuple[int, ...], Choice] = {}

    def evaluate(self, picks: tuple[int, ...], hopeless: float = np.inf) -> Choice:
        """Refit one choice from the constants of its edges' own fits."""
        if picks in self.seen:
            return self.seen[picks]
        chosen = tuple(options[pick] for options, pick in zip(self.options, picks, strict=True))
        symbolic = SymbolicNetwork(self.wiring, [option.function for option in chosen])
        constants, biases = self._start(chosen)
        refit = symbolic.refit(
            constants,
            biases,
            self.judge.X,
            self.judge.y,
            scale=self.judge.scale,
            hopeless=hopeless,
            deadline=self.deadline,
        )
        choice = self.seen[picks] = self.judge.choice(picks, chosen, symbolic, refit)
        return choice

    def _start(self, chosen: tuple[Option, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Constants of the fits, with the offsets of edges into sums gathered at the nodes."""
        constants = np.array([option.constants for option in chosen])
        biases = self.biases.copy()
        for edge, target in enumerate(self.wiring.targets):
            if not self.wiring.is_product[target]:
                biases[target] += constants[edge, 3]
                constants[edge, 3] = 0.0
        return constants, biases


def _biases(network: Network, wiring: Wiring) -> np.ndarray:
    """Biases of the nodes in the order of the wiring."""
    by_name = {node.name: node.bias for node in network.nodes}
    names = [node.name for node in network.nodes]
    order = [*network.inputs, *(name for name in names if name not in set(network.inputs))]
    del wiring
    return np.array([by_name[name] for name in order])


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
    search = _Search(network, options, judge, deadline)
    best = search.evaluate(tuple(0 for _ in options))
    exact = tuple(_most_exact(edge_options) for edge_options in options)
    best = min(best, search.evaluate(exact), key=lambda choice: choice.length)
    order = sorted(range(len(options)), key=lambda edge: _margin(options[edge]))
    for sweep in range(3):
        before = best
        for done, edge in enumerate(order):
            tell((sweep + done / len(order)) / 3, f"choosing functions, error {best.error:.1e}")
            best = _best_swap(search, best, edge, deadline)
            if deadline.passed:
                return _ranked(search)
        if best is before:
            break
    return _ranked(search)


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
    constants, biases = choice.refit.constants.copy(), choice.refit.biases.copy()
    options, picks = list(choice.options), list(choice.picks)
    for edge, option in replacements.items():
        constants[edge] = option.constants
        target = wiring.targets[edge]
        if not wiring.is_product[target]:
            biases[target] += constants[edge, 3]
            constants[edge, 3] = 0.0
        options[edge] = option
        picks[edge] = -1
    symbolic = SymbolicNetwork(wiring, [each.function for each in options])
    more_bits = sum(each.bits for each in options) - choice.bits
    refit = symbolic.refit(
        constants,
        biases,
        judge.X,
        judge.y,
        scale=judge.scale,
        deadline=deadline,
        hopeless=judge.hopeless(choice, more_bits),
    )
    return judge.choice(tuple(picks), options, symbolic, refit)


def _best_swap(search: _Search, best: Choice, edge: int, deadline: Deadline) -> Choice:
    """Try every option of one edge; the best choice after that."""
    solved = best.error <= 3 * search.judge.floor
    for pick, option in enumerate(search.options[edge]):
        if pick == best.picks[edge] or deadline.passed:
            continue
        if solved and option.bits >= best.options[edge].bits:
            continue
        picks = (*best.picks[:edge], pick, *best.picks[edge + 1 :])
        hopeless = search.judge.hopeless(best, option.bits - best.options[edge].bits)
        trial = search.evaluate(picks, hopeless)
        if trial.length < best.length:
            best = trial
            solved = best.error <= 3 * search.judge.floor
    return best


def _most_exact(options: list[Option]) -> int:
    """The library fit of least error, whatever its bits."""
    errors = [np.inf if option.fit is None else option.fit.error for option in options]
    return int(np.argmin(errors)) if len(options) > 1 else 0


def _margin(options: list[Option]) -> float:
    """By how many bits the best fit of an edge leads."""
    scores = [option.fit.score for option in options if option.fit is not None]
    return scores[1] - scores[0] if len(scores) > 1 else float("inf")


def _ranked(search: _Search) -> list[Choice]:
    """All finite choices, shortest description first."""
    finite = [choice for choice in search.seen.values() if np.isfinite(choice.length)]
    return sorted(finite or list(search.seen.values()), key=lambda choice: choice.length)
