"""Several results, one per output, as one result with several formulas."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from kansym.network.network import Network
from kansym.results.parts import EdgeReport, Fidelity, FrontPoint, MeasuredRows
from kansym.results.result import Extraction
from kansym.shared.status import Status

__all__ = ["joined"]


def joined(results: Sequence[Extraction]) -> Extraction:
    """One result for results on the same rows, with an output or more each.

    Parameters
    ----------
    results : of the same inputs; names of outputs differ.
    """
    if len(results) == 1:
        return results[0]
    first = results[0]
    doubts = [finding for each in results for finding in each.status]
    doubts = [finding for finding in doubts if finding.status is not Status.OK] or doubts[:1]
    seconds = {
        step: sum(each.provenance.seconds.get(step, 0.0) for each in results)
        for step in dict.fromkeys(chain(*(each.provenance.seconds for each in results)))
    }
    parameters = sum(each.provenance.parameters for each in results)
    return Extraction(
        formulas=tuple(chain(*(each.formulas for each in results))),
        front=_front([each.front for each in results]),
        edges=tuple(_renamed(report, each) for each in results for report in each.edges),
        network=_network(results),
        fidelity=_fidelity([each.fidelity for each in results]),
        status=tuple(dict.fromkeys(doubts)),
        provenance=replace(first.provenance, parameters=parameters, seconds=seconds),
        input_names=first.input_names,
        output_names=tuple(chain(*(each.output_names for each in results))),
        data=_data([each.data for each in results]),
    )


def _data(parts: Sequence[MeasuredRows | None]) -> MeasuredRows | None:
    """The data of all outputs, if all are known."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return MeasuredRows(known[0].X, np.hstack([part.y for part in known]), known[0].sigma)


def _front(fronts: Sequence[tuple[FrontPoint, ...]]) -> tuple[FrontPoint, ...]:
    """For every error that some formula has, the simplest formulas that are as good."""
    if not all(fronts):
        return ()
    errors = sorted({point.error for front in fronts for point in front}, reverse=True)
    chosen = [_together([_simplest(front, error) for front in fronts]) for error in errors]
    selected = replace(
        _together([next(p for p in front if p.selected) for front in fronts]), selected=True
    )
    others = {p.formulas: p for p in chosen if p.formulas != selected.formulas}
    points = sorted([selected, *others.values()], key=lambda point: point.complexity)
    return tuple(points)


def _simplest(front: tuple[FrontPoint, ...], error: float) -> FrontPoint:
    """The simplest formula with at most that error, or the best there is."""
    return next((point for point in front if point.error <= error), front[-1])


def _together(points: Sequence[FrontPoint]) -> FrontPoint:
    """Formulas of several outputs as one point."""
    return FrontPoint(
        tuple(chain(*(point.formulas for point in points))),
        sum(point.complexity for point in points),
        float(np.sqrt(np.mean([point.error**2 for point in points]))),
        chi2=_sum([point.chi2 for point in points]),
        freedom=_sum([point.freedom for point in points]),
        bic=_sum([point.bic for point in points]),
    )


def _sum(figures: Sequence[Any]) -> Any:
    """The sum, if all are known."""
    return None if any(figure is None for figure in figures) else sum(figures)


def _names(result: Extraction) -> dict[str, str]:
    """Hidden nodes under names that say to which output they belong."""
    own = {*result.network.inputs, *result.network.outputs}
    label = ",".join(result.output_names)
    return {
        node.name: node.name if node.name in own else f"{label}.{node.name}"
        for node in result.network.nodes
    }


def _renamed(report: EdgeReport, result: Extraction) -> EdgeReport:
    """An edge between nodes of new names."""
    names = _names(result)
    edge = report.edge
    return replace(report, edge=replace(edge, source=names[edge.source], target=names[edge.target]))


def _network(results: Sequence[Extraction]) -> Network:
    """The networks side by side, on the same inputs."""
    first = results[0].network
    nodes = {node.name: node for node in first.nodes if node.name in first.inputs}
    edges = []
    for result in results:
        names = _names(result)
        for node in result.network.nodes:
            nodes.setdefault(names[node.name], replace(node, name=names[node.name]))
        edges += [
            replace(edge, source=names[edge.source], target=names[edge.target])
            for edge in result.network.edges
        ]
    return Network.from_parts(
        nodes=nodes.values(),
        edges=edges,
        inputs=first.inputs,
        outputs=tuple(chain(*(each.network.outputs for each in results))),
        sample=first.sample,
        findings=tuple(chain(*(each.network.findings for each in results))),
        source="; ".join(each.network.source for each in results),
        parameters=(
            sum(each.network.parameters[0] for each in results),
            sum(each.network.parameters[1] for each in results),
        ),
    )


def _fidelity(parts: Sequence[Fidelity]) -> Fidelity:
    """Figures over all outputs: root mean squares of errors, means of R squared."""

    def rms(name: str) -> float | None:
        values = [getattr(part, name) for part in parts]
        return None if None in values else float(np.sqrt(np.mean(np.square(values))))

    def mean(name: str) -> float | None:
        values = [getattr(part, name) for part in parts]
        return None if None in values else float(np.mean(values))

    return replace(
        parts[0],
        rmse_network=rms("rmse_network"),
        r2_network=mean("r2_network"),
        rmse_data=rms("rmse_data"),
        r2_data=mean("r2_data"),
        noise=rms("noise"),
    )
