"""From a model to a formula: everything that the choice rests on, and the conclusion from it."""

import platform
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import scipy.constants
from jaxtyping import Float

from kansym.network.network import Edge, Network
from kansym.neural.readers.tracing import trace
from kansym.results.result import EdgeReport, Extraction, Fidelity, FrontPoint, Provenance
from kansym.shared.class_labels import Labels, as_labels
from kansym.shared.error_measures import r_squared, relative_error, rmse
from kansym.shared.errors import InputError
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table, as_table, as_targets
from kansym.symbolic.choosing.chain_folding import fold_chains
from kansym.symbolic.choosing.choice import Choice, Judge, Option, choose, options_of
from kansym.symbolic.choosing.class_judge import Labelled
from kansym.symbolic.choosing.composition import Template, compose
from kansym.symbolic.choosing.edge_functions import ConstantFunction
from kansym.symbolic.choosing.engine_search import search_edges
from kansym.symbolic.choosing.monomial_powers import rewrite_monomials
from kansym.symbolic.choosing.product_powers import rewrite_product_powers
from kansym.symbolic.choosing.simpler_functions import shorten
from kansym.symbolic.choosing.symbolic_network import SymbolicNetwork, Wiring
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.engines import Engine
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.fitting.fit import fit_curves
from kansym.symbolic.formulas.bounded_time import within
from kansym.symbolic.formulas.complexity import complexity
from kansym.symbolic.formulas.formula import Constant, Formula
from kansym.symbolic.formulas.sympy_programs import to_sympy
from kansym.symbolic.library.library import Candidate, Library

__all__ = ["Evidence", "gather"]

MOST_EDGES = 400
"""Edges beyond which no formula is written: nobody could read it."""
FINISH_ROWS = 2000
NETWORK_FLOOR, DATA_FLOOR = 1e-6, 1e-11
LEAST_FLOOR, MOST_FLOOR = 1e-6, 3e-2
"""Relative errors between which that of a network against data bounds the trust in its curves."""
CLEAR_BITS = 6.0
REWRITING_SHARE, FITTING_SHARE = 0.35, 0.5
"""Shares of the budget after which no node is rewritten, and no further function is fitted."""
LEAST_SECONDS = 0.5
"""Time for refining constants when the budget is spent."""
FINISHING_SHARE = 0.75
"""Share of the time for a formula after which its refinement ends of itself."""
INDEPENDENT = 1e-6
"""Ratio of singular values below which inputs count as determining one another."""
FRONT_POINTS = 6
BETTER = 0.9
"""Part of a simpler formula's error that a longer one has to stay below on the front."""
RIVAL_SECONDS = 0.5
"""Most time for the formulas of a rival on the front."""
REFERENCES = (
    "Z. Liu et al., KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756 (2024).",
    "G. H. Golub, V. Pereyra, Separable nonlinear least squares: the variable projection method, "
    "Inverse Problems 19 (2003) R1, doi:10.1088/0266-5611/19/2/201.",
    "J. Rissanen, Modeling by shortest data description, Automatica 14 (1978) 465, "
    "doi:10.1016/0005-1098(78)90005-5.",
)


@dataclass(frozen=True)
class Evidence:
    """A traced network, rows to judge by, rows to check on, and options for every edge."""

    network: Network
    options: tuple[tuple[Option, ...], ...]
    fits: tuple[tuple[EdgeFit, ...], ...]
    library: Library
    libraries: tuple[Collection[Candidate], ...]
    """What every edge may be."""
    judge: Judge
    check_X: Float[np.ndarray, "held_out inputs"]
    check_y: Float[np.ndarray, "held_out outputs"] | None
    labelled: Labelled | None
    settings: dict[str, Any]
    seconds: dict[str, float]
    progress: bool | ProgressCallback | None = None
    engine: Engine | None = None
    cut: bool = False
    """Whether the budget left functions untried."""
    forbids: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Names of functions that an edge may not be."""

    def _candidate(self, function: str) -> Candidate:
        """A function of the library, or one that the engine tries by itself."""
        alone = None if self.engine is None else self.engine.alone
        if alone is not None and function not in self.library and function in alone:
            return alone[function]
        return self.library[function]

    def fixed(self, edge: int, function: str) -> "Evidence":
        """With one function on one edge."""
        candidate = self._candidate(function)
        floor = _curve_floor(self.network, self.judge)
        found = _fit_edges([self.network.edges[edge]], [Library([candidate])], floor)[0]
        fitted = [fit for fit in found if fit.candidate == candidate]
        if not fitted:
            raise InputError(
                f"{function!r} is not defined on the whole range of that edge: choose another."
            )
        fits = (*self.fits[:edge], tuple(fitted), *self.fits[edge + 1 :])
        only = tuple(Option(fit.candidate, fit.constants, fit.complexity, fit) for fit in fitted)
        options = (*self.options[:edge], only, *self.options[edge + 1 :])
        libraries = (*self.libraries[:edge], Library([candidate]), *self.libraries[edge + 1 :])
        return replace(self, fits=fits, options=options, libraries=libraries)

    def forbidden(self, edge: int, function: str) -> "Evidence":
        """Without one function on one edge."""
        found = self.engine is not None and function.startswith(f"{self.engine.name}: ")
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
        return replace(
            self,
            forbids={**self.forbids, edge: (*self.forbids.get(edge, ()), name)},
            libraries=(*self.libraries[:edge], others, *self.libraries[edge + 1 :]),
            options=(*self.options[:edge], allowed, *self.options[edge + 1 :]),
            fits=(*self.fits[:edge], fits, *self.fits[edge + 1 :]),
        )

    def conclude(self, spent: float = 0.0) -> Extraction:
        """Choose functions, write formulas, check them; some seconds of the budget are spent."""
        started = time.monotonic()
        deadline = started + float(self.settings["budget"]) - spent
        if len(self.network.edges) > MOST_EDGES or not self.network.edges:
            return self._unread()
        with progress_bar(self.progress, "reading") as tell:
            choices = self._choices(
                started, deadline, lambda part, message: tell(0.2 + 0.5 * part, message)
            )
            chosen = time.monotonic()
            tell(0.7, "refining constants")
            formulas = self._formulas(choices[0], deadline - 0.1 * (deadline - started))
            tell(0.9, "Pareto front")
            front = self._front(choices, formulas, deadline)
            tell(1.0, "done")
        seconds = self.seconds | {
            "choice": chosen - started,
            "formula": time.monotonic() - chosen,
        }
        cut = self.cut or time.monotonic() > deadline
        return self._result(choices[0], formulas, front, seconds, cut)

    def _choices(
        self, started: float, deadline: float, tell: Callable[[float, str], None]
    ) -> list[Choice]:
        """Choices of functions, best first."""
        choices = choose(
            self.network,
            [list(each) for each in self.options],
            self.judge,
            deadline=started + 0.6 * (deadline - started),
            tell=lambda part, message: tell(0.5 * part, message),
        )
        choices[0], judge = self._settled(choices[0])

        def shorter(choice: Choice) -> list[Choice]:
            found = shorten(
                self.network,
                choice,
                self.libraries,
                judge,
                optional=self._optional(),
                deadline=_halfway(deadline),
                tell=lambda part, message: tell(0.5 + 0.2 * part, message),
            )
            return [*found, choice]

        choices = [*shorter(choices[0]), *choices[1:]]
        searched = None
        if self.engine is not None:
            searched = search_edges(
                self.network,
                choices[0],
                judge,
                self.engine,
                libraries=self.libraries,
                forbidden=self.forbids,
                deadline=_halfway(deadline),
                seed=int(self.settings["seed"]),
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

    # -- formulas --------------------------------------------------------------------------

    def _formulas(self, choice: Choice, deadline: float) -> tuple[Formula, ...]:
        """Finished formulas of all outputs for one choice."""
        choice, judge = self._settled(choice)
        templates = compose(Wiring.of(self.network), choice, self.network.inputs)
        formulas = []
        for position, template in enumerate(templates):
            left = (deadline - time.monotonic()) / (len(templates) - position)
            left = max(left, LEAST_SECONDS / len(templates))
            formulas.append(self._finished(template, judge, position, left))
        return tuple(formulas)

    def _settled(self, choice: Choice) -> tuple[Choice, Judge]:
        """A choice and its judge; of labels, at the log-odds that make them likeliest."""
        if self.labelled is None:
            return choice, self.judge
        wiring = Wiring.of(self.network)
        symbolic = SymbolicNetwork(wiring, [option.function for option in choice.options])
        refit, judge = self.labelled.likeliest(symbolic, choice.refit, self.judge)
        length = judge.length(refit.error, choice.bits)
        return replace(choice, refit=refit, length=length), judge

    def _finished(self, template: Template, judge: Judge, position: int, seconds: float) -> Formula:
        """Refined, snapped and simplified; as composed if that does not end in time."""
        curves = tuple(curve.curve for curve in template.curves)
        named = _named(self.settings["constants"])
        rows = slice(FINISH_ROWS)
        weights = None if judge.weights is None else judge.weights[rows, position]

        def finished() -> Formula:
            return finish(
                template.expr,
                template.start,
                self.network.inputs,
                judge.X[rows],
                judge.y[rows, position],
                judge=judge.kind,  # pyright: ignore[reportArgumentType]
                weights=weights,
                curves=curves,
                named=named,
                accuracy=float(self.settings["accuracy"] or 0.0),
                deadline=time.monotonic() + FINISHING_SHARE * seconds,
            )

        constants = tuple(Constant(symbol.name, value) for symbol, value in template.start.items())
        composed = Formula(template.expr, self.network.inputs, constants, curves=curves)
        # The deadline is kept by finish itself; algebra that escapes it is stopped here.
        return within(seconds, finished, composed)

    def _front(
        self, choices: list[Choice], formulas: tuple[Formula, ...], deadline: float
    ) -> tuple[FrontPoint, ...]:
        """Formulas that no simpler one beats, simplest first."""
        points = [self._point(formulas, selected=True)]
        for choice in _rivals(choices, self.judge.floor)[:FRONT_POINTS]:
            left = deadline - time.monotonic()
            if left < 0.5:
                break
            rival = self._formulas(choice, time.monotonic() + min(RIVAL_SECONDS, left / 2))
            points.append(self._point(rival, selected=False))
        points.sort(key=lambda point: (point.complexity, point.error))
        front: list[FrontPoint] = []
        for point in points:
            if point.selected or not front or point.error < BETTER * front[-1].error:
                front.append(point)
        return tuple(front)

    def _point(self, formulas: tuple[Formula, ...], *, selected: bool) -> FrontPoint:
        """A formula with its complexity and its error against the judge."""
        error = self.judge.error(_predicted(formulas, self.judge.X))
        bits = sum(complexity(formula.expr, formula.inputs) for formula in formulas)
        return FrontPoint(formulas, bits, error, selected)

    # -- the result --------------------------------------------------------------------------

    def _result(
        self,
        choice: Choice,
        formulas: tuple[Formula, ...],
        front: tuple[FrontPoint, ...],
        seconds: dict[str, float],
        cut: bool,
    ) -> Extraction:
        """Everything together, with what is doubtful about it."""
        edges = tuple(
            self._edge_report(position, option) for position, option in enumerate(choice.options)
        )
        fidelity = self._fidelity(formulas)
        selected = next(point for point in front if point.selected)
        findings = list(self.network.findings)
        findings += [report.finding for report in edges if report.finding is not None]
        findings += self._findings(formulas, fidelity, selected.error)
        if cut:
            findings.append(
                Finding(Status.BUDGET_SPENT, "search", f"{self.settings['budget']:g} s")
            )
        if not findings:
            detail = f"relative error {selected.error:.1e} against the {self.judge.kind}"
            findings = [Finding(Status.OK, "formula", detail)]
        return self._extraction(formulas, front, edges, fidelity, tuple(findings), seconds)

    def _extraction(
        self,
        formulas: tuple[Formula, ...],
        front: tuple[FrontPoint, ...],
        edges: tuple[EdgeReport, ...],
        fidelity: Fidelity,
        findings: tuple[Finding, ...],
        seconds: dict[str, float],
    ) -> Extraction:
        """The frozen result with its provenance."""
        network = self.network
        provenance = Provenance(
            model=network.source,
            parameters=network.parameters[0],
            settings=self.settings,
            versions=_versions(),
            seconds={step: round(value, 3) for step, value in seconds.items()},
            seed=int(self.settings["seed"]),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            references=_references(edges),
        )
        return Extraction(
            formulas=formulas,
            front=front,
            edges=edges,
            network=network,
            fidelity=fidelity,
            status=findings,
            provenance=provenance,
            input_names=network.inputs,
            output_names=network.outputs,
            evidence=self,
        )

    def _edge_report(self, position: int, option: Option) -> EdgeReport:
        """The chosen function of an edge against its alternatives."""
        edge, fits = self.network.edges[position], self.fits[position]
        name = f"{edge.source} -> {edge.target}"
        others = tuple(fit for fit in fits if fit is not option.fit)
        if isinstance(option.function, ConstantFunction):
            return EdgeReport(edge, None, others, 0.0)
        if option.fit is None:
            best = f"best library fit has relative error {fits[0].error:.1e}" if fits else ""
            finding = Finding(Status.UNEXPLAINED_EDGE, name, best)
            return EdgeReport(edge, None, others, 0.0, finding)
        margin = min((fit.score for fit in others), default=float("inf")) - option.fit.score
        finding = None
        if option.engine:
            detail = f"{option.fit.candidate.name}, relative error {option.fit.error:.1e}"
            finding = Finding(Status.SEARCHED_EDGE, name, detail)
        elif margin < CLEAR_BITS and edge.fixed is None:
            detail = _margin_in_words(option.fit.candidate.name, margin, others)
            finding = Finding(Status.AMBIGUOUS_EDGE, name, detail)
        return EdgeReport(edge, option.fit, others, margin, finding)

    def _fidelity(self, formulas: tuple[Formula, ...]) -> Fidelity:
        """Agreement with network and data on the rows kept aside, or on all if none were."""
        aside = len(self.check_X) > 0
        X = self.check_X if aside else self.judge.X
        predicted = _predicted(formulas, X)
        learned = self.network(X)
        data = self.check_y if aside else (self.judge.y if self.judge.kind == "data" else None)
        rmse_data = r2_data = noise = right = right_network = None
        if self.labelled is not None:
            right = self.labelled.right(predicted, aside=aside)
            right_network = self.labelled.right(learned, aside=aside)
        elif data is not None:
            rmse_data, r2_data = _agreement(predicted, data)
            noise = relative_error(predicted, data)
        rmse_network, r2_network = _agreement(predicted, learned)
        rows = len(self.judge.X)
        return Fidelity(
            judge=self.judge.kind,
            rows=rows,
            held_out_rows=len(self.check_X),
            rmse_network=rmse_network,
            r2_network=r2_network,
            rmse_data=rmse_data,
            r2_data=r2_data,
            noise=noise,
            right=right,
            right_network=right_network,
        )

    def _findings(
        self, formulas: tuple[Formula, ...], fidelity: Fidelity, error: float
    ) -> list[Finding]:
        """Doubts about the whole formula."""
        found = []
        undefined = ~np.isfinite(_predicted(formulas, self.check_X))
        if undefined.any():
            detail = f"on {int(undefined.any(axis=1).sum())} of {len(undefined)} held-out rows"
            found.append(Finding(Status.OUTSIDE_DOMAIN, "formula", detail))
        if self.judge.kind == "network" and not error < 1e-2:
            detail = f"relative error {error:.1e} against the network"
            found.append(Finding(Status.LOW_FIDELITY, "formula", detail))
        if self.judge.kind == "data":
            misfit = self.judge.error(self.network(self.judge.X))
            if not error < max(1.1 * misfit, 1e-3):
                detail = f"relative error {error:.1e}, that of the network is {misfit:.1e}"
                found.append(Finding(Status.LOW_FIDELITY, "formula", detail))
            elif misfit > 0.5 and self.labelled is None:
                detail = f"relative error of the network {misfit:.1e}"
                found.append(Finding(Status.POOR_NETWORK, "network", detail))
        dependent = _dependence(self.judge.X)
        if dependent < INDEPENDENT:
            detail = f"smallest singular value of the standardised inputs {dependent:.0e}"
            found.append(Finding(Status.DEPENDENT_INPUTS, "inputs", detail))
        for formula in formulas:
            for constant in formula.constants:
                vague = constant.exact is None and constant.stderr is not None
                if vague and not constant.stderr < abs(constant.value):  # pyright: ignore
                    where, detail = f"constant {constant.name}", str(constant)
                    found.append(Finding(Status.UNCERTAIN_CONSTANT, where, detail))
        return found

    def _unread(self) -> Extraction:
        """A result without a formula: nothing depends on the inputs, or too much does."""
        nan = float("nan")
        rows = len(self.judge.X)
        fidelity = Fidelity(self.judge.kind, rows, len(self.check_X), nan, nan)
        n_edges = len(self.network.edges)
        if n_edges == 0:
            formulas = tuple(_constant_formulas(self.network, self.judge))
            finding = Finding(Status.CONSTANT_OUTPUT, "network", "")
            front = (self._point(formulas, selected=True),)
            fidelity = self._fidelity(formulas)
            return self._extraction(formulas, front, (), fidelity, (finding,), self.seconds)
        detail = f"{n_edges} edges after condensing, {MOST_EDGES} at most are read"
        finding = Finding(Status.NOT_READABLE, "network", detail)
        known = any(one.status is Status.NOT_READABLE for one in self.network.findings)
        findings = self.network.findings if known else (finding, *self.network.findings)
        edges = tuple(EdgeReport(edge, None, (), 0.0) for edge in self.network.edges)
        return self._extraction((), (), edges, fidelity, tuple(findings), self.seconds)


def gather(
    model: Any,
    X: Any,
    y: Any,
    *,
    library: Library,
    settings: dict[str, Any],
    progress: bool | ProgressCallback | None,
    engine: Engine | None = None,
) -> Evidence:
    """Trace a model, split the rows, fit every edge."""
    started = time.monotonic()
    _named(settings["constants"])
    if y is not None and X is None:
        raise InputError("y was given without X: give the rows that it belongs to.")
    rows = None if X is None else as_table(X)
    network = trace(model, X, tolerance=settings["tolerance"])
    inputs = network.sample if rows is None else rows.values
    labels = targets = None
    if settings.get("loss") == "cross-entropy":
        labels = _labels(y, len(inputs), len(network.outputs))
        settings = settings | {"classes": list(labels.classes)}
    elif y is not None:
        targets = as_targets(y, len(inputs), len(network.outputs))
        network = _named_after(network, targets)
    used, check = _split(len(inputs), settings)
    judge, labelled = _judge(network, inputs, used, targets, settings), None
    if labels is not None:
        labelled = Labelled(labels, used, check)
        judge = labelled.judge(judge, network(judge.X))
    check_X, check_y = inputs[check], None if targets is None else targets.values[check]
    floor = _curve_floor(network, judge)
    until = _Until(started + REWRITING_SHARE * float(settings["budget"]))
    if len(network.edges) <= MOST_EDGES:
        network = _rewritten(network, library, floor, until)
    traced = time.monotonic()
    until.deadline = started + FITTING_SHARE * float(settings["budget"])
    libraries = [_library_for(edge, library) for edge in network.edges]
    fits: list[list[EdgeFit]] = []
    if len(network.edges) <= MOST_EDGES:
        fits = _fit_edges(network.edges, libraries, floor, until)
    options = options_of(network, fits) if fits else []
    seconds = {"trace": traced - started, "fit": time.monotonic() - traced}
    return Evidence(
        network=network,
        options=tuple(tuple(each) for each in options),
        fits=tuple(tuple(each) for each in fits),
        library=library,
        libraries=tuple(libraries),
        judge=judge,
        check_X=check_X,
        check_y=check_y,
        labelled=labelled,
        settings=settings,
        seconds=seconds,
        progress=progress,
        engine=engine,
        cut=until.came,
    )


def _halfway(deadline: float) -> float:
    """Half of the time that is left."""
    now = time.monotonic()
    return now + 0.5 * (deadline - now)


@dataclass
class _Until:
    """Whether a time has come, and whether it ever had when that was asked."""

    deadline: float
    came: bool = False

    def __call__(self) -> bool:
        now = time.monotonic() > self.deadline
        self.came |= now
        return now


def _rewritten(network: Network, library: Library, floor: float, until: _Until) -> Network:
    """Chains folded, and nodes in the powers that suit the library, as far as the time goes."""
    network = fold_chains(network)
    for rewrite in (rewrite_monomials, partial(rewrite_product_powers, floor=floor)):
        left = until.deadline - time.monotonic()
        network = within(left, partial(rewrite, network, library), network, failures=())
        until()
    return network


def _rivals(choices: list[Choice], floor: float) -> list[Choice]:
    """Choices that may be on the front beside the first, simplest first.

    A simpler one always may, a longer one only if it is more precise than the first by something
    that means anything.
    """
    first, *others = choices
    rivals: list[Choice] = []
    for choice in sorted(others, key=lambda choice: choice.bits):
        shown = choice.bits < first.bits or max(choice.error, floor) < BETTER * first.error
        if shown and (not rivals or choice.error < 0.7 * rivals[-1].error):
            rivals.append(choice)
    return rivals


def _margin_in_words(name: str, margin: float, others: Sequence[EdgeFit]) -> str:
    """How a function stands against the others of its edge."""
    if margin < -0.5:
        best = min(others, key=lambda fit: fit.score).candidate.name
        return (
            f"{name} by the whole formula; {best} suits the curve alone {-margin:.0f} bits better"
        )
    rivals = ", ".join(fit.candidate.name for fit in others[:3])
    return f"{name} leads by {margin:.0f} bits over {rivals}"


def _named_after(network: Network, targets: Table) -> Network:
    """Outputs that have no names of their own take those of the targets."""
    unnamed = as_targets(targets.values, len(targets)).names
    taken = {node.name for node in network.nodes} - set(network.outputs)
    if network.outputs != unnamed or taken & set(targets.names):
        return network
    return network.renamed(targets.names)


def _labels(y: Any, n_rows: int, n_outputs: int) -> Labels:
    """Labels for a network of log-odds."""
    if y is None:
        raise InputError("loss='cross-entropy' was given without labels: give them as y.")
    labels = as_labels(y, n_rows)
    if len(labels.classes) != n_outputs + 1:
        raise InputError(
            f"The labels are of {len(labels.classes)} classes but the network has {n_outputs} "
            "outputs: labels judge log-odds against the first class, one output fewer than "
            "classes. Leave loss out to let the network judge."
        )
    return labels


def _split(n_rows: int, settings: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Rows to choose by and rows to check on, in random order."""
    share = float(settings["held_out"])
    if not 0 <= share < 1:
        raise InputError(f"held_out={share} is not a share of rows: give 0 to less than 1.")
    order = np.random.default_rng(int(settings["seed"])).permutation(n_rows)
    n_check = int(share * n_rows) if n_rows >= 50 else 0
    return order[n_check:], order[:n_check]


def _judge(
    network: Network,
    X: np.ndarray,
    used: np.ndarray,
    targets: Table | None,
    settings: dict[str, Any],
) -> Judge:
    """The data if there are any, else the network."""
    accuracy = settings["accuracy"]
    if targets is not None:
        return Judge(X[used], targets.values[used], "data", accuracy or DATA_FLOOR)
    rows = X[used][:FINISH_ROWS]
    return Judge(rows, network(rows), "network", accuracy or NETWORK_FLOOR)


def _library_for(edge: Edge, library: Library) -> Library:
    """What an edge may be: one function if it is known, else the whole library."""
    if edge.fixed is not None:
        known = [candidate for candidate in library if candidate.program == edge.fixed]
        own = to_sympy(edge.fixed)
        return Library(known[:1] or [Candidate(f"fixed {own}", own)])
    return Library([library["x"]]) if edge.straight and "x" in library else library


def _curve_floor(network: Network, judge: Judge) -> float:
    """Relative error below which the curves of a network are not to be trusted.

    Where data judge, a network that misses them by so much has curves no better than that.
    """
    if judge.kind == "network":
        return LEAST_FLOOR
    misfit = judge.error(network(judge.X))
    return float(np.clip(misfit, LEAST_FLOOR, MOST_FLOOR))


def _fit_edges(
    edges: Sequence[Edge],
    libraries: list[Library],
    floor: float,
    stop: Callable[[], bool] | None = None,
) -> list[list[EdgeFit]]:
    """Fits of all edges, one batch per library."""
    result: list[list[EdgeFit]] = [[] for _ in edges]
    for library in dict.fromkeys(libraries):
        group = [i for i, other in enumerate(libraries) if other == library]
        x, y, density = (
            np.stack([getattr(edges[i], name) for i in group]) for name in ("x", "y", "density")
        )
        found = fit_curves(x, y, density, library, floor=floor, stop=stop)
        for i, fits in zip(group, found, strict=True):
            result[i] = fits
    return result


def _named(names: Sequence[str]) -> dict[str, float] | None:
    """Values of physical constants (CODATA, SI units) by their names in scipy."""
    found = {}
    for name in names:
        value = getattr(scipy.constants, name, None)
        if value is None and name in scipy.constants.physical_constants:
            value = scipy.constants.physical_constants[name][0]
        if not isinstance(value, float | int):
            raise InputError(
                f"{name!r} is no physical constant of scipy.constants: see "
                "scipy.constants.find() for the names."
            )
        found[name] = float(value)
    return found or None


def _constant_formulas(network: Network, judge: Judge) -> list[Formula]:
    """Formulas of outputs that do not vary."""
    import sympy

    values = judge.y.mean(axis=0)
    return [Formula(sympy.Float(value), network.inputs) for value in values.tolist()]


def _predicted(formulas: Sequence[Formula], X: np.ndarray) -> np.ndarray:
    """Values of all formulas, nan where undefined, without warnings."""
    columns = [np.broadcast_to(formula.numpy(*X.T), len(X)) for formula in formulas]
    return np.stack(columns, axis=1)


def _dependence(X: np.ndarray) -> float:
    """Smallest singular value of the standardised inputs over the largest."""
    varying = X[:, X.std(axis=0) > 0]
    if varying.shape[1] < 2:
        return 1.0
    values = np.linalg.svd((varying - varying.mean(axis=0)) / varying.std(axis=0), compute_uv=False)
    return float(values[-1] / values[0])


def _agreement(predicted: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Root-mean-square error in the units of y, and R squared."""
    kept = np.isfinite(predicted).all(axis=1)
    if not kept.any():
        return float("nan"), float("nan")
    return rmse(predicted[kept], y[kept]), r_squared(predicted[kept], y[kept], y.mean(axis=0))


def _versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    packages = ("kansym", "numpy", "scipy", "sympy", "torch", "networkx")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _references(edges: Sequence[EdgeReport]) -> tuple[str, ...]:
    """Methods used, and sources of the functions chosen."""
    functions = [report.fit.candidate for report in edges if report.fit is not None]
    notes = [f"{c.name}: {c.reference}" for c in functions if "doi" in c.reference]
    return (*REFERENCES, *dict.fromkeys(notes))
