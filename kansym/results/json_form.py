"""Results as JSON text and back: everything that a report needs, nothing that runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from kansym.network.network import Edge, Network, Node
from kansym.programs.program import from_json, to_json
from kansym.programs.tabulated_curve import TabulatedCurve
from kansym.results.parts import (
    EdgeReport,
    Fidelity,
    FrontPoint,
    MeasuredRows,
    Provenance,
    Result,
)
from kansym.results.typed_fields import number, of_type
from kansym.shared.errors import InputError
from kansym.shared.printable_text import shortened
from kansym.shared.status import Finding, Status
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.formulas.sympy_programs import to_sympy
from kansym.symbolic.library.candidate import Candidate
from kansym.symbolic.library.library import ALL

__all__ = ["fields_from_json", "result_to_json"]

FORMAT = "kansym result 1"
LONGEST = 200_000_000
SAMPLE_ROWS = 500


def result_to_json(result: Result) -> str:
    """A result as JSON text; curves are tabulated, some hundred rows are kept."""
    network = result.network
    data = {
        "format": FORMAT,
        "formulas": [formula.to_json() for formula in result.formulas],
        "front": [
            {
                "formulas": [formula.to_json() for formula in point.formulas],
                "complexity": point.complexity,
                "error": point.error,
                "selected": point.selected,
                "chi2": point.chi2,
                "freedom": point.freedom,
                "bic": point.bic,
            }
            for point in result.front
        ],
        "edges": [_edge_data(report) for report in result.edges],
        "nodes": [[node.name, node.kind, node.bias] for node in network.nodes],
        "sample": network.sample[:SAMPLE_ROWS].tolist(),
        "source": network.source,
        "parameters": list(network.parameters),
        "network_findings": [_finding_data(finding) for finding in network.findings],
        "fidelity": asdict(result.fidelity),
        "status": [_finding_data(finding) for finding in result.status],
        "provenance": asdict(result.provenance),
        "inputs": list(result.input_names),
        "outputs": list(result.output_names),
        "data": _rows_data(result.data),
    }
    return json.dumps(_plain(data), allow_nan=False)


def fields_from_json(text: str) -> dict[str, Any]:
    """The fields of a result, by name; curves are interpolated between their tabulated points.

    Raises
    ------
    InputError
        If the text is no such result.
    """
    if not isinstance(text, str):
        raise InputError(f"A result is JSON text, {type(text).__name__} was given.")
    if len(text) > LONGEST:
        raise InputError(f"The JSON text of {len(text)} characters is too long for a result.")
    try:
        data = json.loads(text)
        known = data["format"] == FORMAT
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise InputError(
            f"The text is no result that kansym saved ({error!r}): save one with --json."
        ) from error
    if not known:
        raise InputError(
            f"The result has the format {shortened(repr(data['format']))}, expected {FORMAT!r}."
        )
    try:
        return _fields(data)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"The result is damaged ({shortened(repr(error), 200)}): save it again."
        ) from error


def _plain(value: Any) -> Any:
    """Numbers that JSON knows: nan and infinities as text."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case np.ndarray():
            return _plain(value.tolist())
        case np.generic():
            return _plain(value.item())
        case float() if not np.isfinite(value):
            return repr(value)
        case _:
            return value


def _names(value: Any) -> tuple[str, ...]:
    """Names of columns, at least one."""
    if not isinstance(value, list) or not value:
        raise TypeError(f"{type(value).__name__} in place of names")
    return tuple(str(name) for name in value)


def _optional(value: Any) -> Any:
    """A figure that may be missing."""
    return None if value is None else number(value)


def _finding_data(finding: Finding | None) -> list[str] | None:
    return None if finding is None else [finding.status.name, finding.where, finding.detail]


def _finding(data: Any) -> Finding | None:
    return None if data is None else Finding(Status[data[0]], str(data[1]), str(data[2]))


def _fit_data(fit: EdgeFit | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "candidate": fit.candidate.name,
        "program": to_json(fit.candidate.program),
        "constants": list(fit.constants),
        "error": fit.error,
        "complexity": fit.complexity,
        "score": fit.score,
    }


def _fit(data: Mapping[str, Any] | None) -> EdgeFit | None:
    if data is None:
        return None
    program = from_json(data["program"])
    name = str(data["candidate"])
    own = name in ALL and ALL[name].program == program
    candidate = ALL[name] if own else Candidate(name, to_sympy(program))
    a, b, c, d = (number(value) for value in data["constants"])
    rest = (number(data[key]) for key in ("error", "complexity", "score"))
    return EdgeFit(candidate, a, b, c, d, *rest)


def _edge_data(report: EdgeReport) -> dict[str, Any]:
    edge = report.edge
    return {
        "source": edge.source,
        "target": edge.target,
        "x": edge.x,
        "y": edge.y,
        "density": edge.density,
        "importance": edge.importance,
        "straight": edge.straight,
        "fit": _fit_data(report.fit),
        "alternatives": [_fit_data(fit) for fit in report.alternatives],
        "margin": report.margin,
        "finding": _finding_data(report.finding),
    }


def _edge_report(data: Mapping[str, Any], position: int) -> EdgeReport:
    x, y, density = (np.array(data[key], float) for key in ("x", "y", "density"))
    if not x.shape == y.shape == density.shape == (x.size,):
        raise ValueError("a curve of other points")
    order = np.flatnonzero(np.diff(x, prepend=-np.inf) > 0)
    edge = Edge(
        str(data["source"]),
        str(data["target"]),
        TabulatedCurve(f"f{position + 1}", x[order], y[order]),
        x,
        y,
        density,
        number(data["importance"]),
        bool(data["straight"]),
    )
    alternatives = [_fit(fit) for fit in data["alternatives"]]
    return EdgeReport(
        edge,
        _fit(data["fit"]),
        tuple(fit for fit in alternatives if fit is not None),
        number(data["margin"]),
        _finding(data["finding"]),
    )


def _rows_data(rows: MeasuredRows | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    kept = rows.thinned(SAMPLE_ROWS)
    return {"X": kept.X, "y": kept.y, "sigma": kept.sigma, "units": dict(rows.units)}


def _rows(data: Mapping[str, Any] | None, inputs: int, outputs: int) -> MeasuredRows | None:
    if data is None:
        return None
    X, y = np.array(data["X"], float), np.array(data["y"], float)
    sigma = None if data["sigma"] is None else np.array(data["sigma"], float)
    if X.shape != (len(X), inputs) or y.shape != (len(X), outputs):
        raise ValueError("rows of another width")
    if sigma is not None and sigma.shape != (len(X),):
        raise ValueError("errors of other rows")
    units = data.get("units", {})
    if not isinstance(units, dict) or not all(isinstance(unit, str) for unit in units.values()):
        raise ValueError("units that are no text")
    return MeasuredRows(X, y, sigma, units)


def _findings(data: Any) -> tuple[Finding, ...]:
    found = [_finding(each) for each in data]
    return tuple(finding for finding in found if finding is not None)


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a result from checked JSON data."""
    inputs, outputs = _names(data["inputs"]), _names(data["outputs"])
    edges = tuple(_edge_report(each, position) for position, each in enumerate(data["edges"]))
    network = Network.from_parts(
        nodes=[Node(str(name), kind, number(bias)) for name, kind, bias in data["nodes"]],
        edges=[report.edge for report in edges],
        inputs=inputs,
        outputs=outputs,
        sample=np.array(data["sample"], float).reshape(-1, len(inputs)),
        findings=_findings(data["network_findings"]),
        source=str(data["source"]),
        parameters=(int(data["parameters"][0]), int(data["parameters"][1])),
    )
    front = tuple(
        FrontPoint(
            tuple(Formula.from_json(text) for text in point["formulas"]),
            number(point["complexity"]),
            number(point["error"]),
            bool(point["selected"]),
            _optional(point.get("chi2")),
            None if point.get("freedom") is None else int(point["freedom"]),
            _optional(point.get("bic")),
        )
        for point in data["front"]
    )
    provenance = of_type(Provenance, data["provenance"])
    if not all(isinstance(name, str) for name in provenance.classes):
        raise TypeError("classes that are no names")
    return {
        "formulas": tuple(Formula.from_json(text) for text in data["formulas"]),
        "front": front,
        "edges": edges,
        "network": network,
        "fidelity": of_type(Fidelity, data["fidelity"]),
        "status": _findings(data["status"]),
        "provenance": provenance,
        "input_names": inputs,
        "output_names": outputs,
        "data": _rows(data.get("data"), len(inputs), len(outputs)),
    }
