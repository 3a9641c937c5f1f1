"""What is concluded from a choice: reports on edges, what is doubtful, where it came from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from kansym.extraction.agreement import dependence, predicted
from kansym.extraction.model_doubts import model_doubts
from kansym.extraction.settings import Settings
from kansym.extraction.split import Split
from kansym.network.network import Edge, Network
from kansym.results.parts import EdgeReport, Provenance
from kansym.shared.status import Finding, Status
from kansym.shared.versions import versions
from kansym.symbolic.choosing.edge_functions import ConstantFunction
from kansym.symbolic.choosing.judge import Option
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit

__all__ = ["doubts", "edge_doubts", "edge_report", "is_settled", "provenance"]

EXACT, FEW = 1e-8, 3
"""Relative error of an exact formula, and constants of an output up to which it is no chance."""

CLEAR_BITS = 6.0
"""Lead in bits below which another function of the edge is as likely: odds of 64 to 1."""
INDEPENDENT = 1e-6
"""Ratio of singular values below which inputs count as determining one another."""
LEAST_TESTED, EXPLAINED = 8, 0.75
"""Rows below which a test of the residual could hardly reject anything, and the share of the
variance below which a formula has not explained what is noise."""
_OF_FITS = frozenset(
    {
        Status.NO_FREEDOM,
        Status.INSEPARABLE_CONSTANTS,
        Status.OUTLYING_ROWS,
        Status.RESIDUAL_PATTERN,
        Status.ERRORS_DISAGREE,
    }
)
"""What a last fit may find that the choice of functions does not."""
REFERENCES = (
    "Z. Liu et al., KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756 (2024).",
    "G. H. Golub, V. Pereyra, Separable nonlinear least squares: the variable projection method, "
    "Inverse Problems 19 (2003) R1, doi:10.1088/0266-5611/19/2/201.",
    "J. Rissanen, Modeling by shortest data description, Automatica 14 (1978) 465, "
    "doi:10.1016/0005-1098(78)90005-5.",
)


def edge_report(edge: Edge, option: Option, fits: Sequence[EdgeFit]) -> EdgeReport:
    """The chosen function of an edge against its alternatives."""
    name = f"{edge.source} -> {edge.target}"
    others = tuple(fit for fit in fits if fit is not option.fit)
    if isinstance(option.function, ConstantFunction):
        return EdgeReport(edge, None, others, 0.0)
    if option.fit is None:
        best = f"best library fit has relative error {fits[0].error:.1e}" if fits else ""
        finding = Finding(Status.UNEXPLAINED_EDGE, name, best)
        return EdgeReport(edge, None, others, 0.0, finding)
    own = option.fit.candidate
    rivals = tuple(fit for fit in others if fit.candidate != own)  # the function itself is none
    margin = min((fit.score for fit in rivals), default=float("inf")) - option.fit.score
    finding = None
    if option.engine:
        detail = f"{option.fit.candidate.name}, relative error {option.fit.error:.1e}"
        finding = Finding(Status.SEARCHED_EDGE, name, detail)
    elif margin < CLEAR_BITS and edge.fixed is None:
        detail = _margin_in_words(option.fit.candidate.name, margin, rivals)
        finding = Finding(Status.AMBIGUOUS_EDGE, name, detail)
    return EdgeReport(edge, option.fit, others, margin, finding)


def _margin_in_words(name: str, margin: float, others: Sequence[EdgeFit]) -> str:
    """How a function stands against the others of its edge."""
    if margin < -0.5:
        best = min(others, key=lambda fit: fit.score).candidate.name
        return (
            f"{name} by the whole formula; {best} suits the curve alone {-margin:.0f} bits better"
        )
    rivals = ", ".join(fit.candidate.name for fit in others[:3])
    return f"{name} leads by {margin:.0f} bits over {rivals}"


def is_settled(formulas: tuple[Formula, ...], error: float) -> bool:
    """Whether formulas are exact with so few constants that nothing better is to be found."""
    free = sum(constant.exact is None for each in formulas for constant in each.constants)
    return error < EXACT and free <= FEW * len(formulas)


def edge_doubts(
    network: Network, edges: Sequence[EdgeReport], formulas: tuple[Formula, ...], error: float
) -> list[Finding]:
    """What is doubtful about edges, if they lead to the formula and it is not exact anyway."""
    if is_settled(formulas, error):
        return [e.finding for e in edges if e.finding and e.finding.status is Status.SEARCHED_EDGE]
    used = {name for formula in formulas for name in formula.used_inputs}
    gone = set(network.inputs) - used
    return [e.finding for e in edges if e.finding is not None and e.edge.source not in gone]


def doubts(
    network: Network,
    split: Split,
    formulas: tuple[Formula, ...],
    error: float,
    fits: Sequence[FormulaFit] = (),
) -> list[Finding]:
    """What is doubtful about the whole formula with that error against the judge.

    Its last fits to measured rows tell whether what is left is noise.
    """
    found = [*_undefined(split, formulas), *_unfaithful(network, split, error, fits)]
    found += [finding for fit in fits for finding in fit.findings if finding.status in _OF_FITS]
    dependent = dependence(split.judge.X)
    if dependent < INDEPENDENT:
        detail = f"smallest singular value of the standardised inputs {dependent:.0e}"
        found.append(Finding(Status.DEPENDENT_INPUTS, "inputs", detail))
    return [*found, *_uncertain(formulas)]


def _uncertain(formulas: tuple[Formula, ...]) -> list[Finding]:
    """Constants that the data hardly determine; many of them in one sentence."""
    constants = [
        constant
        for formula in formulas
        for constant in formula.constants
        if constant.exact is None
        and constant.stderr is not None
        and not constant.stderr < abs(constant.value)
    ]
    if len(constants) > FEW:
        names = ", ".join(constant.name for constant in constants[:FEW])
        detail = f"{names} and {len(constants) - FEW} more"
        return [Finding(Status.UNCERTAIN_CONSTANT, f"{len(constants)} constants", detail)]
    return [
        Finding(Status.UNCERTAIN_CONSTANT, f"constant {each.name}", str(each)) for each in constants
    ]


def _undefined(split: Split, formulas: tuple[Formula, ...]) -> list[Finding]:
    """Whether the formula has no value on some of the rows kept aside."""
    undefined = np.any(~np.isfinite(predicted(formulas, split.check_X)), axis=1)
    if not undefined.any():
        return []
    detail = f"on {int(undefined.sum())} of {len(split.check_X)} held-out rows"
    return [Finding(Status.OUTSIDE_DOMAIN, "formula", detail)]


def _unfaithful(
    network: Network, split: Split, error: float, fits: Sequence[FormulaFit]
) -> list[Finding]:
    """Whether the formula, or the network itself, misses what it should give."""
    if split.judge.kind == "network":
        return model_doubts(split.judge, error)
    if fits and all(_is_noise(fit) for fit in fits):
        return []
    found = model_doubts(split.judge, error, network(split.judge.X))
    # A network with a parameter for every row could follow the noise; classes are no distances.
    meant = {
        Status.LOW_FIDELITY: network.parameters[0] < len(split.judge.X),
        Status.POOR_NETWORK: split.labelled is None,
    }
    return [finding for finding in found if meant[finding.status]]


def _is_noise(fit: FormulaFit) -> bool:
    """Whether nothing in the residual of a fit says that the formula misses something."""
    doubtful = {Status.RESIDUAL_PATTERN, Status.ERRORS_DISAGREE, Status.NO_FREEDOM}
    tested = fit.rows >= LEAST_TESTED and (fit.absolute or fit.r2 > EXPLAINED)
    return tested and not doubtful & {finding.status for finding in fit.findings}


def provenance(
    network: Network,
    settings: Settings,
    edges: Sequence[EdgeReport],
    seconds: Mapping[str, float],
) -> Provenance:
    """Settings, versions and times of now, and the methods and functions that were used."""
    functions = [report.fit.candidate for report in edges if report.fit is not None]
    notes = [f"{c.name}: {c.reference}" for c in functions if "doi" in c.reference]
    return Provenance(
        model=network.source,
        parameters=network.parameters[0],
        settings=settings.record(),
        versions=versions(),
        seconds={step: round(value, 3) for step, value in seconds.items()},
        seed=int(settings.seed),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        references=(*REFERENCES, *dict.fromkeys(notes)),
    )
