"""Everything that the choice of functions rests on, and the choice itself."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from kansym.extraction.conclusion import (
    doubts,
    edge_doubts,
    edge_report,
    is_settled,
    provenance,
)
from kansym.extraction.edge_fits import curve_floor, fit_edges
from kansym.extraction.few_rows import FewRows, by_their_scatter
from kansym.extraction.formulas import (
    formulas_of,
    front_point,
    not_dominated,
    pareto_front,
    settled,
)
from kansym.extraction.known_forms import completed_forms, unknown_edges
from kansym.extraction.last_fit import with_last_fits
from kansym.extraction.settings import Settings
from kansym.extraction.simple_rivals import beside_simple_laws
from kansym.extraction.split import Split
from kansym.network.known_form import KnownForm
from kansym.network.network import Network
from kansym.results.parts import EdgeReport, Fidelity, FrontPoint
from kansym.results.result import Extraction
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.status import Finding, Status
from kansym.symbolic.choosing.choice import choose, options_of
from kansym.symbolic.choosing.edge_functions import ConstantFunction
from kansym.symbolic.choosing.engine_search import search_edges
from kansym.symbolic.choosing.judge import Choice, Option
from kansym.symbolic.choosing.simpler_functions import shorten
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.complexity import charging
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import Library

__all__ = ["MOST_EDGES", "Evidence"]

MOST_EDGES = 400
"""Edges beyond which no formula is written: nobody could read it."""
CHOOSING_SHARE = 0.6
"""Share of the time after which no further choices are compared."""
FINISHING_SHARE = 0.9
"""Share of the time after which the formula is written; the rest is for its rivals."""


@dataclass(frozen=True)
class Evidence:
    """A traced network, rows to judge by and to check on, and options for every edge."""

    network: Network
    options: tuple[tuple[Option, ...], ...]
    fits: tuple[tuple[EdgeFit, ...], ...]
    libraries: tuple[Collection[Candidate], ...]
    """What every edge may be."""
    split: Split
    settings: Settings
    seconds: Mapping[str, float]
    progress: bool | ProgressCallback | None = None
    cut: bool = False
    """Whether the budget left functions untried."""
    forbids: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Names of functions that an edge may not be."""
    form: KnownForm | None = None
    """The formula that the model was drawn from, if it still is that formula."""

    def __getstate__(self) -> dict[str, Any]:
        """The fields, without what is told to a function of the caller."""
        progress = None if callable(self.progress) else self.progress
        return {**self.__dict__, "progress": progress}

    def _candidate(self, function: str) -> Candidate:
        """A function of the library, or one that the engine tries by itself."""
        engine, library = self.settings.engine, self.settings.library
        alone = None if engine is None else engine.alone
        if alone is not None and function not in library and function in alone:
            return alone[function]
        return library[function]

    def fixed(self, edge: int, function: str) -> "Evidence":
        """With one function on one edge."""
        candidate = self._candidate(function)
        floor = curve_floor(self.network, self.split.judge)
        found = fit_edges([self.network.edges[edge]], [Library([candidate])], floor)[0]
        fitted = tuple(fit for fit in found if fit.candidate == candidate)
        if not fitted:
            raise InputError(
                f"{function!r} is not defined on the whole range of that edge: choose another."
            )
        only = tuple(Option(fit.candidate, fit.constants, fit.complexity, fit) for fit in fitted)
        return self._changed(edge, fitted, only, Library([candidate]))

    def forbidden(self, edge: int, function: str) -> "Evidence":
        """Without one function on one edge."""
        engine = self.settings.engine
        found = engine is not None and function.startswith(f"{engine.name}: ")
        name = function if found else self._candidate(function).name
        fits = tuple(fit for fit in self.fits[edge] if fit.candidate.name != name)
        # What was far behind the forbidden function, or its own curve, may be the best now.
        every = options_of(
            self.network, [fits if i == edge else each for i, each in enumerate(self.fits)]
        )
        allowed = tuple(option for option in every[edge] if option.function.name != name)
        if not fits and self.network.edges[edge].fixed is not None:
            raise InputError(f"{name!r} is all that this edge may be: nothing would be left.")
        others = tuple(one for one in self.libraries[edge] if one.name != name)
        forbids = {**self.forbids, edge: (*self.forbids.get(edge, ()), name)}
        return replace(self._changed(edge, fits, allowed, others), forbids=forbids)

    def _changed(
        self,
        edge: int,
        fits: tuple[EdgeFit, ...],
        options: tuple[Option, ...],
        library: Collection[Candidate],
    ) -> "Evidence":
        """With other fits, options and functions on one edge."""
        return replace(
            self,
            fits=(*self.fits[:edge], fits, *self.fits[edge + 1 :]),
            options=(*self.options[:edge], options, *self.options[edge + 1 :]),
            libraries=(*self.libraries[:edge], library, *self.libraries[edge + 1 :]),
        )

    def conclude(self, spent: float = 0.0) -> Extraction:
        """Choose functions, write formulas, check them; some seconds of the budget are spent."""
        with charging(self.settings.prices):
            return self._concluded(spent)

    def _concluded(self, spent: float) -> Extraction:
        """The result, at the costs of functions that are in force."""
        if not self.network.edges:
            return self._constant()
        if len(self.network.edges) > MOST_EDGES:
            return self._unread()
        started = time.monotonic()
        deadline = Deadline.after(self.settings.budget - spent)
        writing = Deadline(started + FINISHING_SHARE * (deadline.moment - started))
        if self.form is not None:
            return self._completed(self.form, started, deadline)
        with progress_bar(self.progress, "reading") as tell:
            choices = self._choices(deadline, lambda part, words: tell(0.2 + 0.5 * part, words))
            chosen = time.monotonic()
            tell(0.7, "refining constants")
            formulas = self._formulas(choices[0], writing)
            tell(0.9, "Pareto front")
            selected = front_point(self.split.judge, formulas, selected=True)
            judge = self.split.judge
            front = pareto_front(selected, choices, judge, self._formulas, deadline)
            tell(1.0, "done")
        found = formulas
        formulas, front, split, scatter = beside_simple_laws(
            self.split, self.network.inputs, formulas, front, self.settings, deadline
        )
        selected = next(point for point in front if point.selected)
        edges = tuple(map(edge_report, self.network.edges, choices[0].options, self.fits))
        if formulas is not found:
            # The law was not read from the edges, so what is doubtful about them does not matter.
            edges = tuple(replace(edge, finding=None) for edge in edges)
        findings = list(self.network.findings)
        findings += edge_doubts(self.network, edges, formulas, selected.error)
        fidelity = self.split.fidelity(self.network, formulas)
        formulas, front, fits = with_last_fits(
            split, formulas, front, self.settings.exact, deadline
        )
        findings += doubts(self.network, split, formulas, selected.error, fits)
        if (self.cut or deadline.passed) and not is_settled(formulas, selected.error):
            findings.append(Finding(Status.BUDGET_SPENT, "search", f"{self.settings.budget:.3g} s"))
        if not findings:
            detail = f"relative error {selected.error:.1e} against the {judge.kind}"
            findings = [Finding(Status.OK, "formula", detail)]
        seconds = {"choice": chosen - started, "formula": time.monotonic() - chosen}
        return self._extraction(formulas, front, edges, [*findings, *scatter], seconds, fidelity)

    def _completed(self, form: KnownForm, started: float, deadline: Deadline) -> Extraction:
        """The result of a known form: it stays, and its unknown parts get names."""
        places = unknown_edges(form, self.network)
        libraries = {
            name: Library(self.libraries[places[name]]) if name in places else self.settings.library
            for name in form.curves
        }
        until = deadline.share(FINISHING_SHARE)
        every = completed_forms(form, self.network, self.split, libraries, until)
        formulas = (every[0],)
        fidelity = self.split.fidelity(self.network, formulas)
        judge = self.split.judge
        points = [front_point(judge, (one,), selected=one is every[0]) for one in every]
        front = not_dominated(points)
        rows = FewRows.of(self.split, self.network.inputs)
        split, scatter = by_their_scatter(self.split, rows, formulas, deadline)
        formulas, front, fits = with_last_fits(
            split, formulas, front, self.settings.exact, deadline, kept=True
        )
        edges = tuple(
            replace(edge_report(edge, options[0], fits_of_edge), finding=None)
            for edge, options, fits_of_edge in zip(
                self.network.edges, self.options, self.fits, strict=True
            )
        )
        findings = list(self.network.findings)
        findings += doubts(self.network, split, formulas, points[0].error, fits)
        if not findings:
            detail = f"relative error {points[0].error:.1e} against the {judge.kind}"
            findings = [Finding(Status.OK, "formula", detail)]
        seconds = {"formula": time.monotonic() - started}
        return self._extraction(formulas, front, edges, [*findings, *scatter], seconds, fidelity)

    def _choices(self, deadline: Deadline, tell: Callable[[float, str], None]) -> list[Choice]:
        """Choices of functions, best first."""
        choices = choose(
            self.network,
            [list(each) for each in self.options],
            self.split.judge,
            deadline=deadline.share(CHOOSING_SHARE),
            tell=lambda part, message: tell(0.5 * part, message),
        )
        choices[0], judge = settled(self.network, self.split, choices[0])

        def shorter(choice: Choice) -> list[Choice]:
            found = shorten(
                self.network,
                choice,
                self.libraries,
                judge,
                optional=self._optional(),
                deadline=deadline.share(0.5),
                tell=lambda part, message: tell(0.5 + 0.2 * part, message),
            )
            return [*found, choice]

        choices = [*shorter(choices[0]), *choices[1:]]
        if self.settings.engine is None:
            return choices
        searched = search_edges(
            self.network,
            choices[0],
            judge,
            self.settings.engine,
            libraries=self.libraries,
            forbidden=self.forbids,
            deadline=deadline.share(0.5),
            seed=int(self.settings.seed),
            tell=lambda part, message: tell(0.7 + 0.3 * part, message),
        )
        return choices if searched is None else [*shorter(searched), *choices]

    def _optional(self) -> list[int]:
        """Edges that may be left out."""
        return [
            edge
            for edge, options in enumerate(self.options)
            if any(isinstance(option.function, ConstantFunction) for option in options)
        ]

    def _formulas(self, choice: Choice, deadline: Deadline) -> tuple[Formula, ...]:
        """Finished formulas of all outputs for one choice."""
        return formulas_of(self.network, self.split, self.settings, choice, deadline)

    def _constant(self) -> Extraction:
        """The result where nothing depends on the inputs: the mean of every output."""
        means = self.split.judge.y.mean(axis=0).tolist()
        formulas = tuple(Formula(sympy.Float(mean), self.network.inputs) for mean in means)
        front = (front_point(self.split.judge, formulas, selected=True),)
        finding = Finding(Status.CONSTANT_OUTPUT, "network", "")
        return self._extraction(formulas, front, (), [finding], {})

    def _unread(self) -> Extraction:
        """The result without a formula of a network that is too large to be read."""
        detail = f"{len(self.network.edges)} edges after condensing, {MOST_EDGES} at most are read"
        findings = list(self.network.findings)
        if not any(finding.status is Status.NOT_READABLE for finding in findings):
            findings.insert(0, Finding(Status.NOT_READABLE, "network", detail))
        edges = tuple(EdgeReport(edge, None, (), 0.0) for edge in self.network.edges)
        return self._extraction((), (), edges, findings, {})

    def _extraction(
        self,
        formulas: tuple[Formula, ...],
        front: tuple[FrontPoint, ...],
        edges: tuple[EdgeReport, ...],
        findings: list[Finding],
        seconds: Mapping[str, float],
        fidelity: Fidelity | None = None,
    ) -> Extraction:
        """Everything together, with where it came from."""
        network = self.network
        return Extraction(
            formulas=formulas,
            front=front,
            edges=edges,
            network=network,
            fidelity=fidelity or self.split.fidelity(network, formulas),
            status=tuple(findings),
            provenance=provenance(network, self.settings, edges, {**self.seconds, **seconds}),
            input_names=network.inputs,
            output_names=network.outputs,
            data=self.split.rows,
            evidence=self,
        )
