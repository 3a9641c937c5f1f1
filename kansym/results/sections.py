"""The sections of a report on a formula, each a few blocks."""

import re
from dataclasses import replace

import numpy as np
import sympy

from kansym.documents.blocks import (
    Block,
    Code,
    Details,
    Equation,
    Gallery,
    Illustration,
    Items,
    Line,
    Link,
    Maths,
    Notice,
    Number,
    Paragraph,
    Section,
    Tabular,
    line,
    row,
)
from kansym.documents.charts import edge_plot, front_plot
from kansym.documents.mathematics import equation, maths, rounded
from kansym.documents.names import function_label, symbol
from kansym.documents.numbers import interval, measured, number
from kansym.documents.pictures import Picture
from kansym.documents.row_charts import residual_plot
from kansym.results.drawing import MOST_EDGES, drawn_edges, network_plot
from kansym.results.parts import EdgeReport, Result
from kansym.results.verdict import findings, named_formulas, relative_error, share_explained
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula

__all__ = [
    "boundaries",
    "constants",
    "edges",
    "fidelity",
    "front",
    "network",
    "notices",
    "provenance",
    "references",
]

_ADDRESS = re.compile(
    r"(https?://[^\s<>\"]+|doi:\s?10\.\S+|arXiv:\s?\d{4}\.\d{4,5})", re.IGNORECASE
)
_MOST_POINTS = 400
_MOST_CORRELATED = 8
"""Constants up to which their correlations fit on a page."""
_EDGE_DIGITS = 4
_ROUNDING = 1e-10
"""Size of a shift beside what it is added to below which it is rounding noise."""
_LONG = 110


def notices(result: Result) -> list[Block]:
    """What the reader should know before trusting the formula."""
    blocks: list[Block] = []
    for finding in findings(result):
        warning = finding.status.is_warning
        title = finding.status.name.replace("_", " ").capitalize() if warning else "Checked"
        where, detail = finding.where, finding.detail.rstrip(".")
        if detail and where in title.lower().split():  # "Residual pattern" has said where
            seen = detail[0].upper() + detail[1:]
        else:
            seen = f"{where}: {detail}" if detail else where
        words = line(f"{seen}. {finding.status.advice}")
        blocks.append(Notice("warning" if warning else "good", title, words))
    return blocks


def boundaries(result: Result) -> list[Block]:
    """Where a classifier is undecided, an equation for every two classes."""
    if not result.formulas or not result.provenance.classes:
        return []
    blocks: list[Block] = []
    for boundary in result.boundaries():
        one, other = boundary.classes
        if not isinstance(boundary.equation, sympy.Eq):
            words = f"{one} and {other} have no boundary: one is the likelier of them everywhere."
            blocks.append(Paragraph(line(words)))
            continue
        left, right = maths(boundary.equation.lhs), maths(boundary.equation.rhs)
        blocks.append(Paragraph(line(f"Between {one} and {other}: ", left, " = ", right)))
    return [Section("Decision boundaries", tuple(blocks))]


def constants(result: Result) -> list[Block]:
    """Values with standard errors and 95 % intervals, one table per formula."""
    blocks: list[Block] = []
    method = "least squares" if result.fidelity.right is None else "the likelihood of the labels"
    for name, formula in named_formulas(result):
        if not formula.constants:
            continue
        with_names = Equation(equation(name, formula.template))
        header = row("constant", "value (standard error)", "95 % interval", "remark")
        rows = tuple(_constant_row(constant, formula.freedom) for constant in formula.constants)
        caption = line("Constants of ", symbol(name), f", fitted together by {method}.")
        blocks += [with_names, Tabular(header, rows, "lrrl", caption), *_correlations(formula)]
    return [Section("Constants", tuple(blocks))] if blocks else []


def _correlations(formula: Formula) -> list[Block]:
    """How the errors of the constants depend on one another."""
    pairs = formula.correlations
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    if not 2 <= len(names) <= _MOST_CORRELATED:
        return []
    rows = tuple(
        row(
            symbol(a),
            *(number(1.0 if a == b else pairs.get((a, b), pairs.get((b, a))), 2) for b in names),
        )
        for a in names
    )
    header = row("correlation", *(symbol(name) for name in names))
    return [Tabular(header, rows, "l" + "r" * len(names), line("Correlations of the constants."))]


def _constant_row(constant: Constant, freedom: float) -> tuple[Line, ...]:
    """One constant: exact ones as such, fitted ones with their uncertainty."""
    if constant.exact is not None:
        return row(symbol(constant.name), maths(constant.exact), "–", "exact")
    value: Line | Number = measured(constant.value, constant.stderr)
    if constant.unit:
        value = line(value, f" {constant.unit}")
    between = interval(constant.stderr, *constant.interval(0.95, freedom))
    known = constant.stderr is not None and np.isfinite(constant.stderr)
    remark = "fitted" if known else "not determined by these rows"
    if known and constant.near is not None:
        remark = str(constant.near)
    return row(symbol(constant.name), value, between, remark)


def fidelity(result: Result) -> list[Block]:
    """Figures on rows that were not used, the ranges of the inputs, and the residuals."""
    found = result.fidelity
    if not result.formulas:
        return []
    rows = [
        row("formula against network", number(found.rmse_network, 3), *_pair(found.r2_network)),
    ]
    if found.rmse_data is not None:
        rows.append(row("formula against data", number(found.rmse_data, 3), *_pair(found.r2_data)))
    if found.right is not None:
        shares = f"formula {100 * found.right:.1f} %"
        if found.right_network is not None:
            shares += f", network {100 * found.right_network:.1f} %"
        rows.append(row("in the right class", shares, "–", "–"))
    where = f"{found.held_out_rows} rows that were held out ({found.rows} others were used)"
    if not found.held_out_rows:
        where = f"all {found.rows} rows (none could be held out)"
    judge = "the data were" if found.judge == "data" else "the network was"
    caption = line(f"Fidelity on {where}; {judge} the judge.")
    header = row("comparison", "RMSE (units of the output)", "R²", "relative error")
    table = Tabular(header, tuple(rows), "lrrr", caption)
    return [Section("Fidelity", (table, *_ranges(result), *_residuals(result)))]


def _pair(r2: float | None) -> tuple[Line, Number]:
    """R² and the relative error that belongs to it."""
    return share_explained(r2), number(None if r2 is None else relative_error(r2), 2)


def _ranges(result: Result) -> list[Block]:
    """Where the formula was checked."""
    sample = result.network.sample
    if not len(sample):
        return []
    units = {} if result.data is None else result.data.units
    rows = tuple(
        row(symbol(name), number(low, 5), number(high, 5), units.get(name, ""))
        for name, low, high in zip(
            result.input_names, sample.min(axis=0), sample.max(axis=0), strict=True
        )
    )
    caption = line("Ranges of the inputs; outside them nothing was checked.")
    if not any(units.get(name) for name in result.input_names):
        rows = tuple(cells[:3] for cells in rows)
        return [Tabular(row("input", "lowest", "highest"), rows, "lrr", caption)]
    return [Tabular(row("input", "lowest", "highest", "unit"), rows, "lrrl", caption)]


def _residuals(result: Result) -> list[Block]:
    """Formula minus network over the sample, one plot per output."""
    sample = result.network.sample[:_MOST_POINTS]
    if len(sample) < 2 or result.data is not None:  # its own residuals are shown with the data
        return []
    learned = np.asarray(result.network(sample), float).reshape(len(sample), -1)
    blocks: list[Block] = []
    for i, (name, formula) in enumerate(named_formulas(result)):
        values = formula.numpy(*sample.T)
        if not np.isfinite(values).any():
            continue
        picture = Picture(residual_plot(learned[:, i], values - learned[:, i], name))
        caption = line("What the formula for ", symbol(name), " misses: formula minus network.")
        blocks.append(Illustration(picture, caption, f"Residuals of the formula for {name}"))
    return blocks


def network(result: Result) -> list[Block]:
    """The drawing of the network."""
    shown = drawn_edges(result.edges)
    if not shown:
        return []
    caption: list = [
        "The network from inputs (left) to outputs (right). On every edge stands the curve that "
        "was learned (broad, blue) and the function fitted to it (thin, red); thicker lines "
        "carry more of their target’s variance."
    ]
    if len(shown) < len(result.edges):
        caption.append(
            f" Only the {len(shown)} most important of {len(result.edges)} edges are drawn."
        )
    description = f"Drawing of the network with {len(shown)} edges; the table of edges follows"
    picture = Picture(network_plot(result.network, shown))
    return [Section("The network", (Illustration(picture, line(*caption), description),))]


def edges(result: Result, *, drawn: bool = True) -> list[Block]:
    """Each edge as a small plot with its formula, and all of them as a table."""
    if not result.edges:
        return []
    shown = drawn_edges(result.edges)
    header = row("edge", "function", "error", "bits", "importance", "next best", "margin")
    rows = tuple(_edge_row(report) for report in shown)
    words = line(
        "Edges. Error: root mean square residual over the spread of the curve. Margin: by how much "
        "the function was preferred to the next best one, in bits."
    )
    table = Tabular(header, rows, "llrrrlr", words)
    blocks: tuple[Block, ...] = (table,)
    if drawn:
        words = "Learned curve (blue), fitted function (red), and density of the rows (grey)."
        figures = tuple(_edge_figure(report) for report in shown)
        blocks = (Gallery(figures, line(words)), table)
    if len(shown) < len(result.edges):
        rest = f"The {len(result.edges) - MOST_EDGES} less important edges are left out."
        blocks = (*blocks, Paragraph(line(rest)))
    return [Section("Edges", blocks)]


def _edge_formula(report: EdgeReport) -> sympy.Expr | None:
    """The fitted function of the value at the edge's source, rounded for reading."""
    fit, edge = report.fit, report.edge
    if fit is None:
        return None
    if abs(fit.d) < _ROUNDING * np.abs(edge.y).max(initial=0.0):
        fit = replace(fit, d=0.0)
    if abs(fit.b) < _ROUNDING * np.abs(fit.a * edge.x).max(initial=0.0):
        fit = replace(fit, b=0.0)
    return rounded(fit.expr(sympy.Symbol(edge.source)), _EDGE_DIGITS)


def _arrow(report: EdgeReport) -> Line:
    return symbol(report.edge.source), " → ", symbol(report.edge.target)


def _edge_figure(report: EdgeReport) -> Illustration:
    """The small plot of one edge; its formula is the caption."""
    edge, expr = report.edge, _edge_formula(report)
    fitted = None if report.fit is None else np.asarray(report.fit(edge.x), np.float64)
    picture = Picture(edge_plot(edge.x, edge.y, edge.density, fitted, edge.source))
    formula: Line = ("no function fits",) if expr is None else (maths(expr, _EDGE_DIGITS),)
    error: Line = () if report.fit is None else (", error ", number(report.fit.error, 2))
    caption = (*_arrow(report), ": ", *formula, *error)
    return Illustration(picture, caption, f"Curve of the edge from {edge.source} to {edge.target}")


def _edge_row(report: EdgeReport) -> tuple[Line, ...]:
    """One edge in the table."""
    fit, expr = report.fit, _edge_formula(report)
    others = [other for other in report.alternatives if fit is None or other != fit]
    return row(
        _arrow(report),
        "stays a spline" if expr is None else maths(expr, _EDGE_DIGITS),
        number(None if fit is None else fit.error, 2),
        number(None if fit is None else round(fit.complexity, 1)),
        number(report.edge.importance, 2),
        function_label(others[0].candidate.name) if others else "–",
        number(report.margin if np.isfinite(report.margin) else None, 3),
    )


def front(result: Result) -> list[Block]:
    """The best formula for every complexity, as a plot and as a table."""
    points = result.front
    if not points:
        return []
    chosen = next((i for i, point in enumerate(points) if point.selected), 0)
    rows = tuple(
        row(
            str(place),
            number(round(point.complexity, 1)),
            number(point.error, 2),
            _several([_short(maths(formula.expr, 5)) for formula in point.formulas]),
        )
        for place, point in enumerate(points)
    )
    caption = line("Pareto front: no other formula tried was both simpler and more accurate.")
    header = row("place", "bits", "relative error", "formula")
    table = Tabular(header, rows, "rrrl", caption, marked=chosen)
    if len(points) == 1:
        return [Section("Accuracy against complexity", (table,))]
    bits, errors = zip(*((point.complexity, point.error) for point in points), strict=True)
    picture = Picture(front_plot(bits, errors, chosen))
    words = line("Error against complexity, numbered as in the table; the one selected is filled.")
    figure = Illustration(picture, words, "Pareto front, the table that follows holds its numbers")
    return [Section("Accuracy against complexity", (figure, table))]


def _short(formula: Maths) -> Maths | Code:
    """A formula for a cell; a long one in plain letters, which can be broken into lines."""
    return formula if len(formula.text) <= _LONG else Code(formula.text)


def _several(parts: list) -> Line:
    """Formulas of several outputs in one cell."""
    pieces: list = []
    for part in parts:
        pieces += [";  ", part] if pieces else [part]
    return tuple(pieces)


def provenance(result: Result) -> list[Block]:
    """Settings, versions and times: what is needed to do it again."""
    made = result.provenance
    settings = {"seed": made.seed, **made.settings}
    total = sum(made.seconds.values())
    seconds = [row(name, number(value, 3)) for name, value in made.seconds.items()]
    seconds.append(row("together", number(total, 3)))
    return [
        Section(
            "How this was made",
            (
                Tabular(row("step", "seconds"), tuple(seconds), "lr", line("Time.")),
                Details("Settings", (_pairs("setting", "value", settings, "Settings."),)),
                Details("Versions", (_pairs("software", "version", made.versions, "Versions."),)),
            ),
        )
    ]


def _pairs(first: str, second: str, entries: dict, caption: str) -> Tabular:
    rows = tuple(row(str(name), str(value)) for name, value in entries.items())
    return Tabular(row(first, second), rows, "ll", line(caption))


def references(result: Result) -> list[Block]:
    """Publications of the methods and functions that were used."""
    found = tuple(dict.fromkeys(result.provenance.references))
    if not found:
        return []
    lines = tuple(linked(reference) for reference in found)
    return [Section("References", (Items(lines, numbered=True),))]


def linked(text: str) -> Line:
    """A reference with its DOI, arXiv number or address as a link.

    Examples
    --------
    >>> linked("A. Author, doi:10.1000/1")[1].url
    'https://doi.org/10.1000/1'
    """
    pieces: list = []
    for i, part in enumerate(_ADDRESS.split(text)):
        if i % 2 == 0:
            pieces += [part] if part else []
            continue
        address = part.rstrip(".,;)")
        pieces.append(Link(address, _url(address)))
        pieces += [part[len(address) :]] if len(part) > len(address) else []
    return tuple(pieces)


def _url(address: str) -> str:
    kind, _, rest = address.partition(":")
    match kind.lower():
        case "doi":
            return f"https://doi.org/{rest.strip()}"
        case "arxiv":
            return f"https://arxiv.org/abs/{rest.strip()}"
        case _:
            return address
