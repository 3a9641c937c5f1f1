"""Simpler functions in a choice that is made: what rich ones become is often plain.

Trained edges share out a function between them, so a curve may look like a rich function although
a plain one would do: a softplus that is almost straight, a sine around its maximum that is a
parabola. Once all constants are refitted, every edge is offered the simpler functions that come
near to what it is then, one edge at a time and all together, and the rest follows.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kansym.network.network import Edge, Network
from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.choice import exchanged
from kansym.symbolic.choosing.edge_functions import ConstantFunction, CurveFunction
from kansym.symbolic.choosing.judge import Choice, Judge, Option
from kansym.symbolic.choosing.powers_in_choices import at_other_powers
from kansym.symbolic.choosing.solved_edges import solved, symbolic_of, varies
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves, fit_edge
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["shorten"]

NEAR = 0.1
"""Relative error up to which a simpler function comes near to an edge."""
LADDER = (0.1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5)
"""Errors up to which all edges together take their simplest functions."""
MOST = 6
"""Most simpler functions tried on an edge."""
TOP, FLOOR = 20, 1e-3
"""Functions of an edge that are looked at, and the error up to which only their length counts."""
SLACK_BITS = 30.0
"""Bits by which another function may seem worse before all constants are refitted."""
MOST_EXCHANGES = 8
BRANCHES, BEAM, STEPS = 4, 2, 4
"""Functions tried for curves in one step, choices that are kept for the next, steps from the last
on."""
POINTS = 100
"""Rows that show what an edge is after a refit."""


def shorten(
    network: Network,
    choice: Choice,
    libraries: Sequence[Collection[Candidate]],
    judge: Judge,
    *,
    optional: Collection[int] = (),
    deadline: Deadline,
    tell: Callable[[float, str], None],
) -> list[Choice]:
    """Choices with simpler functions and shorter descriptions, the shortest first.

    Parameters
    ----------
    network : whose edges were chosen for.
    choice : to start from.
    libraries : per edge, the functions that it may have.
    optional : edges that may be left out.
    deadline : when to stop with what there is.
    tell : progress callback.
    """
    shortening = _Shortening(network, libraries, judge, optional, deadline)
    found: list[Choice] = []
    best = choice
    while not deadline.passed:
        tell(0.0, f"shortening, error {best.error:.1e}")
        better = shortening.better(best)
        if better is best:
            break
        best = better
        found.insert(0, best)
    return [shortening.beside_the_curves(each) for each in found]


class _Shortening:
    """Replacements of functions in a choice, with all constants refitted from where they are."""

    def __init__(
        self,
        network: Network,
        libraries: Sequence[Collection[Candidate]],
        judge: Judge,
        optional: Collection[int],
        deadline: Deadline,
    ):
        self.optional = optional
        self.deadline = deadline
        self.edges = network.edges
        self.wiring = Wiring.of(network)
        self.libraries = libraries
        self.judge = judge

    def late(self) -> bool:
        """Whether time is up."""
        return self.deadline.passed

    def better(self, best: Choice) -> Choice:
        """A shorter choice; the same if there is none."""
        without = self.without_idle_edges(best)
        if without is not best:
            return without
        attempts = [self.with_simpler]
        if not self._is_exact(best):
            # From few fits to many.
            attempts += [self.released, self.exchanged, self.without_curves, self.with_powers]
        for attempt in attempts:
            trial = attempt(best)
            if trial is not best:
                return trial
        return best

    def _is_exact(self, choice: Choice) -> bool:
        """Whether nothing is left over that means anything."""
        return choice.error <= 3 * self.judge.floor

    def with_simpler(self, best: Choice) -> Choice:
        """With simpler functions on all edges together, or else on one after the other."""
        simpler = self.simpler(best)
        trial = self._first_shorter(best, ((best, each) for each in _together(simpler)))
        if trial is not best:
            return trial
        first = best
        for edge in sorted(range(len(simpler)), key=lambda edge: -first.options[edge].bits):
            for near in simpler[edge]:
                if self.late():
                    return best
                if near.complexity < best.options[edge].bits:
                    trial = self.replaced(best, _options({edge: near}))
                    best = min(best, trial, key=lambda each: each.length)
        return best

    def with_powers(self, best: Choice) -> Choice:
        """With other functions around a product, for another power of it."""
        found = at_other_powers(
            self.wiring, best, self.libraries, self.judge.X[:POINTS], stop=self.late
        )
        return self._first_shorter(best, ((best, each) for each in found))

    def released(self, best: Choice) -> Choice:
        """With a function for a curve, once factors of products have lost their offsets."""
        return self._first_shorter(best, self.releases(best))

    def without_curves(self, best: Choice) -> Choice:
        """With functions in place of curves, each solved for once the ones before it are known.

        The first may make the formula worse, as curves are made for one another.
        """
        beam = [best]
        while not self.late():
            trials = [
                self.replaced(start, _options(replacements))
                for start in beam
                for replacements in self.exchanges(start, self._curves(start), np.inf)[:BRANCHES]
            ]
            if not trials:
                break
            beam = sorted(trials, key=lambda each: each.length)[:BEAM]
            if beam[0].length < best.length:
                return beam[0]
        # What the other edges were for the curves, they need not be without.
        for start in beam if beam != [best] else ():
            climbed = self._climbed(start)
            if climbed.length < best.length:
                return climbed
        return best

    def _climbed(self, choice: Choice) -> Choice:
        """After some small steps that pay."""
        for _ in range(STEPS):
            first = choice
            for attempt in (self.with_simpler, self.exchanged):
                choice = attempt(choice)
            if choice is first:
                break
        return choice

    def _curves(self, best: Choice) -> list[int]:
        """Edges that stay curves although they may be functions."""
        return [
            edge
            for edge, option in enumerate(best.options)
            if isinstance(option.function, CurveFunction) and self.libraries[edge]
        ]

    def _first_shorter(
        self, best: Choice, trials: Iterable[tuple[Choice, Mapping[int, EdgeFit]]]
    ) -> Choice:
        """The first of some replacements, each with where to start, that pays."""
        for start, replacements in trials:
            if self.late():
                break
            trial = self.replaced(start, _options(replacements))
            if trial.length < best.length:
                return trial
        return best

    def exchanged(self, best: Choice) -> Choice:
        """With the function on one edge that the residual asks for; the same if none is better."""
        found = self.exchanges(best, range(len(self.edges)), SLACK_BITS)
        return self._first_shorter(best, ((best, each) for each in found[:MOST_EXCHANGES]))

    def exchanges(
        self, best: Choice, edges: Iterable[int], slack: float
    ) -> list[dict[int, EdgeFit]]:
        """Functions of single edges that may make a formula shorter, the most promising first.

        Each edge is solved for, with all others as they are: the error of a function against
        that, weighted by how much the output depends on it, is the error that the formula would
        have.
        """
        if len(self.wiring.outputs) > 1 or self._is_exact(best):
            return []
        found: list[tuple[float, int, EdgeFit]] = []
        for edge in edges:
            option, library = best.options[edge], self.libraries[edge]
            if len(library) <= 1 or self.late():
                continue
            needed = solved(self.wiring, best, self.judge, edge, fewest=POINTS)
            error = 0.0 if needed is None else needed.error
            if needed is None or not error > 0:
                continue
            floor = max(0.5 * error, FLOOR)
            for fit in needed.fits(library, top=TOP, floor=floor, stop=self.late):
                bits = best.bits - option.bits + fit.complexity
                length = self.judge.length(best.error * fit.error / error, bits)
                if fit.candidate != option.function and length < best.length + slack:
                    found.append((length, edge, fit))
        found.sort(key=lambda each: each[0])
        return [{edge: fit} for _, edge, fit in found]

    def without_idle_edges(self, best: Choice) -> Choice:
        """Edges left out that have come to do nothing, or nothing that pays."""
        symbolic = symbolic_of(self.wiring, best)
        means = symbolic.curves(best.refit, self.judge.X[:POINTS])[1].mean(axis=0).tolist()
        for edge in self.optional:
            if isinstance(best.options[edge].function, ConstantFunction) or self.late():
                continue
            nothing = Option(ConstantFunction(), (1.0, 0.0, 1.0, means[edge]), 0.0, None)
            trial = self.replaced(best, {edge: nothing})
            best = min(best, trial, key=lambda each: each.length)
        return best

    def simpler(self, best: Choice) -> list[list[EdgeFit]]:
        """Per edge, functions near to what it is now, each simpler and less near than the last."""
        symbolic = symbolic_of(self.wiring, best)
        x, y = symbolic.curves(best.refit, self.judge.X[:POINTS])
        allowed = [
            [c for c in library if c.complexity < option.bits and c != option.function]
            for library, option in zip(self.libraries, best.options, strict=True)
        ]
        edges = [
            edge
            for edge, simple in enumerate(allowed)
            if simple and varies(x[:, edge]) and varies(y[:, edge])
        ]
        found: list[list[EdgeFit]] = [[] for _ in self.edges]
        if not edges:
            return found
        together = Library(list(dict.fromkeys(c for edge in edges for c in allowed[edge])))
        # What the formula leaves over anyway may be left over by an edge.
        floor = float(np.clip(best.error, FLOOR, NEAR))
        every = fit_curves(
            x[:, edges].T, y[:, edges].T, library=together, top=TOP, floor=floor, stop=self.late
        )
        for edge, fits in zip(edges, every, strict=True):
            bits = best.options[edge].bits
            near = [fit for fit in fits if fit.candidate in allowed[edge] and fit.error < NEAR]
            for fit in sorted(near, key=lambda fit: fit.error):
                if fit.complexity < bits:
                    found[edge].append(fit)
                    bits = fit.complexity
        return [[*fits[: MOST - 1], *fits[MOST - 1 :][-1:]] for fits in found]

    def releases(self, best: Choice) -> Iterator[tuple[Choice, dict[int, EdgeFit]]]:
        """Functions for edges that stay curves, once factors of products lose their offsets.

        In exp((x**2 + k)/s**2) f(s) the offset k may be anything, f makes up for it: only for one k
        is f a plain function. So offsets are left out, and the curve is solved for anew.
        """
        if len(self.wiring.outputs) > 1:
            return
        offsets = [
            edge
            for edge, target in enumerate(self.wiring.targets)
            if self.wiring.is_product[target] and best.refit.constants[edge, 3] != 0
        ]
        for edge in self._curves(best):
            others = [other for other in offsets if other != edge]
            for dropped in dict.fromkeys([tuple(others), *((other,) for other in others)]):
                constants = best.refit.constants.copy()
                constants[list(dropped), 3] = 0.0
                refit = replace(best.refit, constants=constants)
                needed = solved(self.wiring, best, self.judge, edge, fewest=POINTS, refit=refit)
                if needed is None:
                    continue
                library = self.libraries[edge]
                for fit in needed.fits(library, top=MOST, floor=FLOOR, stop=self.late):
                    if fit.error < NEAR:
                        yield replace(best, refit=refit), {edge: fit}

    def beside_the_curves(self, choice: Choice) -> Choice:
        """With the fits of new functions to the network's own curves, as others are reported."""
        options = list(choice.options)
        for edge, (pick, option) in enumerate(zip(choice.picks, options, strict=True)):
            if pick == -1 and option.fit is not None:
                own = _fit_to(self.edges[edge], option.fit)
                options[edge] = replace(option, fit=own)
        return replace(choice, options=tuple(options))

    def replaced(self, best: Choice, replacements: Mapping[int, Option]) -> Choice:
        """Some edges' functions replaced, and all constants refitted."""
        return exchanged(best, replacements, self.wiring, self.judge, deadline=self.deadline)


def _options(fits: Mapping[int, EdgeFit]) -> dict[int, Option]:
    """Functions with their constants as what edges may take."""
    return {
        edge: Option(fit.candidate, fit.constants, fit.complexity, fit)
        for edge, fit in fits.items()
    }


def _together(simpler: Sequence[Sequence[EdgeFit]]) -> list[dict[int, EdgeFit]]:
    """The simplest functions of all edges within one error, for a ladder of errors."""
    found: list[dict[int, EdgeFit]] = []
    for error in LADDER:
        step = {}
        for edge, fits in enumerate(simpler):
            within = [fit for fit in fits if fit.error <= error]
            if within:
                step[edge] = within[-1]
        if len(step) > 1 and step not in found:
            found.append(step)
    return found


def _fit_to(edge: Edge, near: EdgeFit) -> EdgeFit:
    """A function fitted to the network's own curve; as it is where that cannot be."""
    fits = fit_edge(edge.x, edge.y, Library([near.candidate]), density=edge.density, top=2)
    return next((fit for fit in fits if fit.candidate == near.candidate), near)
