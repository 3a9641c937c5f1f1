"""Extractions put together by hand, so that reports can be tested without training."""

import numpy as np
import sympy

from kansym.network.network import Edge, Network, Node
from kansym.results.parts import EdgeReport, Fidelity, FrontPoint, Provenance
from kansym.results.result import Extraction
from kansym.shared.status import Finding, Status
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.constant import Constant
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.library.library import LIBRARY

EVIL = ("<script>alert(1)</script>", "x_1& $y$", "a|b\\`{}%#~^", "π\u202e\x00*_[z](http://a.b)")
"""Column names that would act if a report did not escape them."""


def planted_edge(
    source: str, target: str, name: str = "sin", importance: float = 0.5
) -> EdgeReport:
    """An edge whose curve is a library function to one part in a thousand."""
    fit = EdgeFit(LIBRARY[name], 1.5, 0.2, 2.0, 0.1, error=1e-3, complexity=12.0, score=20.0)
    x = np.linspace(0.5, 2.0, 64)
    edge = Edge(
        source=source,
        target=target,
        function=fit,
        x=x,
        y=fit(x) * (1 + 1e-3 * np.sin(9 * x)),
        density=np.full(64, 1 / 64),
        importance=importance,
        straight=False,
        fixed=None,
    )
    return EdgeReport(edge=edge, fit=fit, alternatives=(fit,), margin=4.0, finding=None)


def planted_network(
    inputs: tuple[str, ...], hidden: int, outputs: tuple[str, ...], rows: int = 40
) -> tuple[Network, tuple[EdgeReport, ...]]:
    """A fully connected network with one hidden layer of sums, and its edges."""
    middle = [f"h1.{i + 1}" for i in range(hidden)]
    rng = np.random.default_rng(0)
    pairs = [(a, b) for a in inputs for b in middle] + [(a, b) for a in middle for b in outputs]
    reports = tuple(planted_edge(a, b, importance=float(rng.uniform())) for a, b in pairs)
    nodes = [
        *(Node(name=name, kind="input", bias=0.0) for name in inputs),
        *(Node(name=name, kind="sum", bias=0.0) for name in (*middle, *outputs)),
    ]
    sample = rng.uniform(1.0, 2.0, (rows, len(inputs)))
    network = Network.from_parts(
        nodes=nodes,
        edges=[report.edge for report in reports],
        inputs=inputs,
        outputs=outputs,
        sample=sample,
    )
    return network, reports


def planted_result(
    inputs: tuple[str, ...] = ("x1", "x2"),
    outputs: tuple[str, ...] = ("y",),
    hidden: int = 2,
    constant: Constant | None = None,
    status: tuple[Finding, ...] = (Finding(Status.LOW_FIDELITY, "formula", "relative error 0.1"),),
) -> Extraction:
    """A result with one fitted constant per formula and a front of three formulas."""
    network, reports = planted_network(inputs, hidden, outputs)
    constant = constant or Constant("c1", 2.5, 0.012)
    symbols = [sympy.Symbol(name) for name in inputs]
    template = sympy.Symbol(constant.name) * symbols[0] ** 2 + sympy.sin(symbols[-1])
    formula = Formula(template, inputs, (constant,))
    simple = Formula(symbols[0] ** 2, inputs)
    several = (formula,) * len(outputs)
    front = tuple(
        FrontPoint(formulas=found, complexity=bits, error=error, selected=chosen)
        for found, bits, error, chosen in [
            ((simple,) * len(outputs), 10.0, 0.5, False),
            (several, 30.0, 1e-6, True),
            (several, 50.0, 0.0, False),
        ]
    )
    return Extraction(
        formulas=several,
        front=front,
        edges=reports,
        network=network,
        fidelity=Fidelity(
            judge="data",
            rows=40,
            held_out_rows=8,
            rmse_network=0.01,
            r2_network=0.99,
            rmse_data=0.02,
            r2_data=1 - 2.5e-9,
            noise=None,
        ),
        status=status,
        provenance=Provenance(
            model="KAN [2, 2, 1]",
            parameters=48,
            settings={"library": "elementary"},
            versions={"kansym": "0.1.0"},
            seconds={"trace": 0.25, "fit": 0.5},
            seed=7,
            created="2026-01-01 12:00 UTC",
            references=("Z. Liu et al., KAN, 2024, arXiv:2404.19756.",),
        ),
        input_names=inputs,
        output_names=outputs,
    )
