"""The search for a law of one output: proposals from every source, read until one is exact."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.extraction.attempt import (
    Attempt,
    Callback,
    front_of,
    is_of,
    is_stopped,
    unread_networks,
)
from kansym.extraction.constant_units import WRONG_UNITS, Units, with_units
from kansym.extraction.enough import EXACT, NEAR, PROMISING, is_enough
from kansym.extraction.few_rows import LOOKED_AT, LOOKING, FewRows, with_scatter
from kansym.extraction.last_fit import with_last_fits
from kansym.extraction.law_reading import kan_of, law_point, law_result
from kansym.extraction.limits import Limits, none_within
from kansym.extraction.model_judge import (
    USUAL_NOISE,
    best_law,
    has_exact_numbers,
    is_striking,
    is_unexplained,
    is_within_noise,
    knows_shapes,
    noises,
    of_kan,
    of_whole_search,
)
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split, errors_of, split_rows
from kansym.extraction.weights_reading import INTERRUPTED, as_interrupted, read_weights
from kansym.neural.models.kan import KAN
from kansym.neural.readers.black_box import BlackBox
from kansym.neural.training.trial_shapes import propose
from kansym.results.parts import FrontPoint
from kansym.results.result import Extraction
from kansym.shared.bounded_time import each_within, within
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback
from kansym.shared.tables import Table
from kansym.symbolic.laws import proposing
from kansym.symbolic.laws.last_resort import straight_line
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.noise_of_rows import SeenNoise
from kansym.symbolic.measurements import growing_errors as scatter
from kansym.symbolic.measurements.formula_fit import FormulaFit

__all__ = ["Search"]

SEEING_NOISE, SHOWN, LAWS, LAWS_AGAIN, TRAINING = 0.3, 0.3, 0.55, 0.65, 0.8
"""Shares of the time for noise, known shapes, laws; then until laws anew, and until no training."""
OF_FEW, OF_NOISY, SIMPLE = 0.7, 0.9, 0.6
"""Shares of the time for laws of few rows, of noisy ones, and of that for the simple ones."""
MOST_SIMPLE, AT_ONCE, REFINING, OVERTIME = 6.0, 1.0, 5.0, 0.1
"""Seconds for simple laws of few noisy rows, before all else for plain laws; at most for the
constants of a law, and for a source to end before it is stopped."""
LEAST_READING, READING = 0.5, 20.0
"""Least and most seconds for reading one network."""
_log = logging.getLogger("kansym")


class Search:
    """Everything that was tried for one output.

    Parameters
    ----------
    inputs, target : the rows; the target has one column, data or the answers of a model.
    split : the rows that decide, and those to check on.
    settings : of the reading; its budget is the time for everything.
    shape : grid, degree and starts of KANs.
    tell : is told what is being tried.
    box : a model that knows the function, in place of a surrogate trained on the rows.
    errors : ``sigma`` or ``weights`` of the rows.
    earlier : attempts of an earlier search on the same rows, which goes on with other starts.
    callback : is told every attempt that has a formula; a true answer ends the search.
    units : what the dimensions of a law must agree with.
    """

    def __init__(  # noqa: PLR0913 - what a search is made of
        self,
        inputs: Table,
        target: Table,
        split: Split,
        settings: Settings,
        shape: dict[str, int],
        tell: ProgressCallback,
        box: BlackBox | None = None,
        errors: Mapping[str, Any] | None = None,
        earlier: Sequence[Attempt] = (),
        callback: Callback | None = None,
        units: Units | None = None,
    ):
        self.inputs, self.target, self.split, self.box = inputs, target, split, box
        self.settings, self.shape = settings, shape
        self.errors: dict[str, Any] = dict(errors or {})
        self.growing, self.units, self.interrupted, self._late = 0.0, units, False, False
        self._started, self.deadline = time.monotonic(), Deadline.after(settings.budget)
        self._spare = settings.overtime(0, OVERTIME)
        self.limits, self.attempts = Limits.of(settings), list(earlier)
        self._seed, self._callback, self._tell = settings.seed + len(earlier), callback, tell
        self.few, self._known = FewRows.of(split, inputs.names), None

    def run(self) -> tuple[KAN, Extraction]:
        """Try sources until a formula is exact or time is up; the best one and its KAN.

        An interrupt (Ctrl-C) ends the search with the best so far, at least a straight line.
        """
        enough = any(self._is_enough(number) for number in range(len(self.attempts)))
        while True:
            try:
                for number in () if enough or self.interrupted else self._tried():
                    if is_stopped(self.attempts[number], self._callback) or self._is_enough(number):
                        break
                return self._concluded()
            except KeyboardInterrupt:  # no time is left for anything but the best so far
                self.interrupted, self.deadline = True, self.deadline.within(0.0)

    def _tried(self) -> Iterator[int]:
        """Numbers of attempts with a formula, as they come in."""
        yield from self._plain()
        networks, early = self._trained(), list[int]()
        for number in self._shown(networks):
            early.append(number)
            if has_exact_numbers(self.attempts[number]):
                yield number
        for number, seen in enumerate(supposed := self._by_scatter()):
            yield from self._proposed(seen, first=number == 0)
        noise, told = supposed[-1].size, bool(early) or len(supposed) > 1
        if self.few is None and is_unexplained(self.attempts, self.split, noise):
            told = told or noise == 0
            yield from self._proposed(SeenNoise(USUAL_NOISE))
        yield from early
        if self._is_over():
            return
        for number in networks:
            if self.attempts[number].error < PROMISING and not self._is_over():
                yield from best_law(self.attempts, self.split.judge, self._length)
                yield from self._read_network(number)
            if not told and self.deadline.left() < (1 - LAWS_AGAIN) * self.settings.budget:
                told = True
                yield from self._proposed(SeenNoise(0.0 if noise > 0 else self._noise()))
        if not told:
            yield from self._proposed(SeenNoise(0.0 if noise > 0 else self._noise()))
        for number in unread_networks(self.attempts):
            if not self._is_over():
                yield from self._read_network(number)

    def _shown(self, networks: Iterator[int]) -> Iterator[int]:
        """Formulas of the first networks, where the model itself shows what shape they have."""
        until = self.deadline.share(SHOWN)
        for number in networks if knows_shapes(self.box, self.split.judge) else ():
            if self.attempts[number].error > NEAR:
                return
            yield from self._read_network(number, SHOWN)
            if until.passed:
                return

    def _is_over(self) -> bool:
        """Whether it is too late for more: there is a formula, or never was time for a network."""
        if any(attempt.best for attempt in self.attempts):
            return self.deadline.left() < min(LEAST_READING, 0.1 * self.settings.budget)
        return self.deadline.passed and self.settings.budget < LEAST_READING

    def _noise(self) -> float:
        """Error of the best network so far: all that a formula could leave over."""
        return min((attempt.error for attempt in self.attempts if attempt.model), default=0.0)

    def _plain(self) -> Iterator[int]:
        """Plain laws that data follow exactly: seen at once, unless errors say that none can be."""
        if self.split.judge.kind != "data" or self.split.noise > NEAR:
            return
        at_once = self.deadline.within(AT_ONCE)
        plain = self._laws(SeenNoise(0.0), at_once, proposing.PLAIN)
        yield from (self._read_law(law) for law in plain if law.error < EXACT)

    def _proposed(self, seen: SeenNoise, first: bool = False) -> Iterator[int]:
        """Laws that rows with so much noise suggest; one that cannot be read ends nothing.

        Of few or noisy rows all laws are seen first, but of the plainest; a striking one waits.
        """
        if self._is_over():
            return
        noisy = seen.size > EXACT and self.few is None and self.split.judge.kind == "data"
        many = proposing.OF_NOISY_ROWS if noisy else proposing.SOURCES
        sources = many if self.few is None else proposing.OF_FEW_ROWS
        shown = self.box is not None and any(attempt.model for attempt in self.attempts)
        share = OF_NOISY if noisy else OF_FEW if shown or sources is not proposing.SOURCES else LAWS
        until, waiting = self.deadline.share(share), []
        if first:
            law = self.units and self.units.monomial(self.inputs.names)
            waiting = [*([self._read_law(law)] if law else []), *self._simple(until)]
        for law in self._laws(seen, until, sources):
            try:
                waiting.append(number := self._read_law(law))
            except proposing.FAILURES as failure:
                _log.warning("a law could not be read: %r", failure)
                continue
            attempt = self.attempts[number]
            if noisy and is_within_noise(attempt, seen.size) and self._is_enough(number):
                break
            if self.few is None and not noisy:
                yield waiting.pop()
                if is_striking(attempt, self.split.judge, len(self.inputs.names)):
                    break
        yield from sorted(waiting, key=lambda n: self._length(self.attempts[n]))

    def _simple(self, until: Deadline) -> list[int]:
        """Numbers of simple laws for few rows; the shortest ones with exact numbers as well."""
        if self.few is None:
            return []
        try:
            laws = self.few.laws(until.share(SIMPLE).within(MOST_SIMPLE))
        except proposing.FAILURES as failure:
            _log.warning("simple laws failed: %r", failure)
            return []
        laws = self._with_growing_errors(self.few, laws, until)
        first, about = len(self.attempts), (self.split.judge, self.target.names[0])
        self.attempts += self.few.attempts(laws, *about, self.settings, until)
        return list(range(first, len(self.attempts)))

    def _laws(self, seen: SeenNoise, until: Deadline, sources: Sequence[Source]) -> Iterator[Law]:
        """Laws that rows with so much noise suggest, of the functions that are wanted."""
        rows, allowed = self._rows(seen.size), self.limits.allow_functions
        tried, front = (*seen.sources, *sources), sources is not proposing.SOURCES
        laws = proposing.propose(rows, until, tried, allowed, front=front)
        return each_within(laws, lambda: until.left() + self._spare)

    def _rows(self, noise: float) -> Rows:
        """The rows that decide; the same as before while nothing else is known of them."""
        judge, known, names = self.split.judge, self._known, self.inputs.names
        if known is None or known.X is not judge.X or known.noise != noise:
            w = None if judge.weights is None else judge.weights[:, 0]
            known = self._known = Rows(judge.X, judge.y[:, 0], names, noise, judge.weight, w)
        return known

    def _with_growing_errors(
        self, few: FewRows, laws: list[FormulaFit], until: Deadline
    ) -> list[FormulaFit]:
        """The laws again, with errors that grow with y if that is how the rows scatter."""
        given, rows = self.split.errors is not None, (few.X, few.y)
        if given or (found := scatter.growing_errors(laws, *rows, until, few.charge)) is None:
            return laws
        self._count_by(scatter.weights_of(*found, self.inputs.values), found[1])
        self.few = few.of_errors(self.split.errors_used)
        return self.few.again((law.formula for law in laws), until)

    def _by_scatter(self) -> tuple[SeenNoise, ...]:
        """The noise of the rows; many without errors that scatter as y does count so."""
        if self.few is None and self.split.errors is None and self.split.judge.kind == "data":
            found = scatter.proportional_scatter(self.inputs.values, self.target.values[:, 0])
            if found is not None:
                self._count_by(found[0], 1.0)
                return (SeenNoise(found[1]),)
        until = self.deadline.share(SEEING_NOISE)
        about = self.box, self.split.judge, self._rows(0.0), self._noise(), self.split.noise, until
        return within(self.deadline.left(), lambda: noises(*about), (SeenNoise(0.0),))

    def _count_by(self, weights: np.ndarray, growing: float) -> None:
        """Rows count by weights from now on, their errors growing with this power of y."""
        self.growing, self.errors = growing, {"weights": weights}
        known = errors_of(None, weights, self.target)
        self.split = split_rows(None, self.inputs.values, self.target, None, self.settings, known)

    def tell(self, message: str) -> None:
        """Say what is being tried, and how much of the time is gone."""
        self._tell(1 - self.deadline.left() / self.settings.budget, message)

    def _read_law(self, law: Law) -> int:
        """A proposed law with its constants refined."""
        self.tell(f"{law.source}, error {law.error:.1e}")
        until, names = self.deadline.within(REFINING), self.inputs.names
        point = law_point(law, names, self.split, self.settings, until)
        self.attempts.append(Attempt(self.target.names[0], law.source, law.error, (point,)))
        return len(self.attempts) - 1

    def _trained(self) -> Iterator[int]:
        """KANs of several shapes."""
        seconds = max(0.0, self.deadline.left() - (1 - TRAINING) * self.settings.budget)
        given: dict[str, Any] = {"seed": self._seed, "box": self.box, **self.shape}
        proposals = propose(self.inputs, self.target.values, seconds=seconds, **given)
        for found in each_within(iter(proposals), lambda: self.deadline.left() + self._spare):
            origin = f"KAN {list(found.model.widths)}"
            self.tell(f"{origin}, error {found.error:.1e}")
            name = self.target.names[0]
            self.attempts.append(Attempt(name, origin, found.error, model=found.model))
            yield len(self.attempts) - 1

    def _read_network(self, number: int, share: float = 0.5) -> Iterator[int]:
        """The formula of a trained network; none if its reading fails."""
        attempt = self.attempts[number]
        self.tell(f"reading {attempt.origin}")
        budget = max(LEAST_READING, min(READING, share * self.deadline.left()))
        settings = of_kan(self.settings, self.split.judge, self.box, attempt.error, budget)
        rows = self.inputs.frame(), self.target.frame()
        try:
            result = read_weights(attempt.model, *rows, settings, False, **self.errors)
        except proposing.FAILURES as failure:
            _log.warning("%s could not be read: %r", attempt.origin, failure)
            return
        self.attempts[number] = replace(attempt, result=result, points=result.front)
        if INTERRUPTED in result.status:
            raise KeyboardInterrupt
        yield number

    def _wanted(self, attempt: Attempt) -> Attempt:
        """An attempt with those of its formulas that are within the limits."""
        judge, points = self.split.judge, attempt.points
        wanted = self.limits.within(points, lambda p: judge.length(p.error, p.complexity))
        return replace(attempt, points=wanted)

    def _is_enough(self, number: int) -> bool:
        """Whether the formula of an attempt ends the search; one of wrong units if it is exact."""
        attempt = self._wanted(self.attempts[number])
        if attempt.best is None or (self._mismatch(attempt) and attempt.best.error > EXACT):
            return False
        return is_enough(attempt, self.split.judge, len(self.inputs.names), self._noise())

    def _length(self, attempt: Attempt) -> float:
        """Description length of the rows by the formula of an attempt; infinite without one."""
        if attempt.best is None:
            return np.inf
        more = WRONG_UNITS if self._mismatch(attempt) else 0.0
        if self.few is not None:
            return self.few.length(attempt.best.formulas[0]) + more
        return self.split.judge.length(attempt.best.error, attempt.best.complexity) + more

    def _mismatch(self, attempt: Attempt) -> str | None:
        """What the units forbid in the formula of an attempt."""
        best = attempt.best
        return self.units.mismatch(best.formulas[0]) if self.units and best else None

    def _look_at_scatter(self) -> None:
        """Whether errors grow with y, by the best laws: late, as networks were read before."""
        if self.few is None or self.growing:
            return
        until = self.deadline.or_after(LOOKING)
        likeliest = self.few.likeliest(self.attempts, self._length, LOOKED_AT)
        fits = self.few.again((a.best.formulas[0] for a in likeliest if a.best), until)
        self._with_growing_errors(self.few, fits, until)
        self._late = self.growing > 0

    def _concluded(self) -> tuple[KAN, Extraction]:
        """The best law with its KAN, and the front of all that were tried."""
        self._look_at_scatter()
        if self.few is not None:
            likeliest = self.few.likeliest(self.attempts, self._length)
            self.attempts += self.few.with_equal_constants(likeliest, self.split.judge)
        read = [attempt for attempt in map(self._wanted, self.attempts) if attempt.best is not None]
        for attempt in sorted(read, key=self._length):
            if found := self._complete(attempt):
                return found[0], self._noted(found[1], read)
        line = self._wanted(self.attempts[self._read_law(straight_line(self._rows(0.0)))])
        if line.best is not None and (found := self._complete(line)) is not None:
            return found[0], self._noted(found[1], [line])
        raise none_within(point for attempt in self.attempts for point in attempt.points)

    def _complete(self, attempt: Attempt) -> tuple[KAN, Extraction] | None:
        """The KAN and the result of an attempt; None for a law that no KAN computes."""
        front, result = self._front(attempt), attempt.result
        if attempt.model is not None and result and not self._late and is_of(attempt):
            if self.few is not None:
                own = result.formulas, front, self.settings.exact, self.deadline
                front = with_last_fits(self.split, *own)[1]
            result = of_whole_search(result, self.settings.budget, self.deadline)
            return attempt.model, replace(result, front=front)
        assert attempt.best is not None
        spent, name = {"search": time.monotonic() - self._started}, self.target.names[0]
        try:
            model = kan_of(attempt.best.formulas[0], self.inputs, name)
        except InputError:
            return None
        given = front, model, self.inputs, name, self.split, self.settings, spent, self.deadline
        return model, law_result(attempt.best, *given)

    def _noted(self, result: Extraction, read: Sequence[Attempt]) -> Extraction:
        """With rival forms, units of the constants, what was supposed of errors, an interrupt."""
        result = result if self.few is None else self.few.with_rivals(result, read, self._length)
        result = result if self.units is None else with_units(result, self.units)
        result = as_interrupted(result) if self.interrupted else result
        X, y = self.inputs.values, self.target.values[:, 0]
        return with_scatter(result, X, y, self.growing) if self.growing else result

    def _front(self, chosen: Attempt) -> tuple[FrontPoint, ...]:
        """The selected formula and those of all attempts that no simpler one beats."""

        def allowed(point: FrontPoint) -> bool:
            known = self.units is None or self.units.mismatch(point.formulas[0]) is None
            return known and self.limits.allow(point)

        return front_of(self.attempts, chosen, allowed, again=self.few is not None)
