"""From a proposed law to a result: constants, the KAN that computes it, findings."""

import time
from collections.abc import Mapping

import sympy
import torch

from kansym.extraction.conclusion import doubts, provenance
from kansym.extraction.edge_fits import fit_edges, library_for
from kansym.extraction.few_rows import FewRows, may_be_exact
from kansym.extraction.formulas import front_point
from kansym.extraction.last_fit import with_last_fits
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.neural.models.kan import KAN, EdgeKind
from kansym.neural.readers.tracing import trace
from kansym.results.parts import EdgeReport, FrontPoint
from kansym.results.result import Extraction
from kansym.shared.bounded_time import within
from kansym.shared.deadline import Deadline
from kansym.shared.status import Finding, Status
from kansym.shared.tables import Table
from kansym.symbolic.constants.finishing import finish
from kansym.symbolic.formulas.formula import Constant, Formula
from kansym.symbolic.laws.law import Law

__all__ = ["kan_of", "law_point", "law_result"]

EDGE_FLOOR = 1e-6
"""Relative error of the curves of a KAN that was drawn from a formula: that of its tables."""


def law_point(
    law: Law, names: tuple[str, ...], split: Split, settings: Settings, deadline: Deadline
) -> FrontPoint:
    """A law with its constants refined and recognised, against the judge.

    Parameters
    ----------
    law : of one output.
    names : of the inputs.
    split : the rows; their judge has one output.
    settings, deadline : of the refinement; the law is kept as it is if that takes longer.
    """
    judge, few = split.judge, FewRows.of(split, names) is not None
    constants = tuple(Constant(symbol.name, value) for symbol, value in law.start.items())
    proposed = Formula(law.expr, names, constants)

    def finished() -> Formula:
        return finish(
            law.expr,
            law.start,
            names,
            judge.X,
            judge.y[:, 0],
            weights=None if judge.weights is None else judge.weights[:, 0],
            judge=judge.kind,  # pyright: ignore[reportArgumentType]
            named=settings.physical_constants or None,
            accuracy=settings.accuracy or 0.0,
            exact=may_be_exact(settings.exact, law.error, few=few),
            deadline=deadline,
        )

    formula = within(deadline.left(), finished, proposed)
    return front_point(judge, (formula,), selected=True)


def kan_of(formula: Formula, X: Table, output: str) -> KAN:
    """The KAN that computes a formula, its grids over the rows.

    Raises
    ------
    InputError
        If a part of it is no function of one argument, or it is not finite on the rows.
    """
    plain = {name: f"x{i + 1}" for i, name in enumerate(formula.inputs)}
    values = {sympy.Symbol(name): sympy.Float(value) for name, value in formula.values.items()}
    renamed = {sympy.Symbol(name): sympy.Symbol(other) for name, other in plain.items()}
    expr = formula.template.xreplace(values).xreplace(renamed)
    if expr.free_symbols:
        model = KAN.from_expression(str(expr), list(plain.values()), X=X.values)
    else:
        model = _constant(float(expr), X)
    model.input_names, model.output_names = formula.inputs, (output,)
    return model


@torch.no_grad()
def _constant(value: float, X: Table) -> KAN:
    """The KAN of a law without inputs."""
    model = KAN([len(X.names), 1])
    layer = model.kan_layers[0]
    layer.kind.fill_(EdgeKind.ABSENT)
    layer.bias.fill_(value)
    return model


def law_result(  # noqa: PLR0913 - what a result is made of
    point: FrontPoint,
    front: tuple[FrontPoint, ...],
    model: KAN,
    X: Table,
    output: str,
    split: Split,
    settings: Settings,
    seconds: Mapping[str, float],
    deadline: Deadline,
) -> Extraction:
    """The result for a law that was refined, with the KAN that computes it.

    Parameters
    ----------
    point, front : the selected formula, from `law_point`, and all that are worth a look.
    model : from `kan_of`.
    X, output : all rows, and the name of the target.
    split : the rows that decided.
    settings : of the reading.
    seconds : spent so far, by step.
    deadline : for the last fits.
    """
    started = time.monotonic()
    network = trace(model, X)
    network = network if network.outputs == (output,) else network.renamed((output,))
    libraries = [library_for(edge, settings.library) for edge in network.edges]
    fits = fit_edges(network.edges, libraries, EDGE_FLOOR)
    edges = tuple(
        EdgeReport(edge, found[0] if found else None, (), float("inf"))
        for edge, found in zip(network.edges, fits, strict=True)
    )
    formulas, front, last = with_last_fits(split, point.formulas, front, settings.exact, deadline)
    findings = doubts(network, split, formulas, point.error, last)
    if not findings:
        detail = f"relative error {point.error:.1e} against the {split.judge.kind}"
        findings = [Finding(Status.OK, "formula", detail)]
    seconds = {**seconds, "formula": time.monotonic() - started}
    return Extraction(
        formulas=formulas,
        front=front,
        edges=edges,
        network=network,
        fidelity=split.fidelity(network, point.formulas),
        status=tuple(findings),
        provenance=provenance(network, settings, edges, seconds),
        input_names=network.inputs,
        output_names=network.outputs,
        data=split.rows,
    )
