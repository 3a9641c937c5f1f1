"""A claim: a statement about networks, what is run to test it, and a verdict by a stated rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Claim", "Effort", "Estimate", "Plot", "Row", "Ruling", "Settings", "Verdict"]

Settings = dict[str, Any]
"""What one piece of work is given: names and numbers that JSON can hold."""

Row = dict[str, Any]
"""What one piece of work has found: its settings and its figures."""


class Effort(Enum):
    """How much is run: for the tests, in two minutes, or in an hour."""

    TRIAL = "trial"
    QUICK = "quick"
    FULL = "full"

    def of(self, trial: Any, quick: Any, full: Any) -> Any:
        """The setting that belongs to this effort.

        Examples
        --------
        >>> Effort.QUICK.of(1, 5, 20)
        5
        """
        return {Effort.TRIAL: trial, Effort.QUICK: quick, Effort.FULL: full}[self]


class Verdict(Enum):
    """What the figures say about a statement."""

    HOLDS = "holds"
    ONLY_IF = "holds only if"
    DOES_NOT_HOLD = "does not hold"
    UNDECIDED = "not decided by these runs"


@dataclass(frozen=True)
class Estimate:
    """A measured number with its 95 % confidence interval over runs.

    Attributes
    ----------
    name : what was measured, with its unit.
    value : the estimate.
    low, high : ends of the interval; None for a number that does not vary from run to run.
    runs : how many runs it rests on.
    group : heading of the table in which it stands.

    Examples
    --------
    >>> print(Estimate("accuracy (%)", 81.5, 80.25, 82.75, runs=10))
    accuracy (%): 81.5 (80.2 to 82.8, 10 runs)
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    runs: int = 1
    group: str = ""

    def above(self, bound: float) -> bool:
        """Whether it has an interval, all of it above a bound."""
        return self.low is not None and self.low > bound

    def below(self, bound: float) -> bool:
        """Whether it has an interval, all of it below a bound."""
        return self.high is not None and self.high < bound

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.name}: {self.value:.3g}"
        interval = f"{self.low:.3g} to {self.high:.3g}"
        return f"{self.name}: {self.value:.3g} ({interval}, {self.runs} runs)"


@dataclass(frozen=True)
class Plot:
    """A drawing of the figures, which the page shows before the tables.

    Attributes
    ----------
    axes : of matplotlib, as from `kansym.studies.claims.plots`.
    caption : what it shows.
    description : read out where a drawing cannot be seen.
    """

    axes: Any
    caption: str
    description: str


@dataclass(frozen=True)
class Ruling:
    """The verdict on a claim, and the figures that it was computed from.

    Attributes
    ----------
    verdict, condition : "holds only if" is completed by the condition.
    figures : all figures, those of one table next to each other.
    remarks : sentences on what else was seen, and where published figures differ and why.
    formulas : formulas that networks gave up: where from, and the formula as text.
    plots : drawings of the figures, if any.
    """

    verdict: Verdict
    figures: tuple[Estimate, ...]
    condition: str = ""
    remarks: tuple[str, ...] = ()
    formulas: tuple[tuple[str, str], ...] = ()
    plots: tuple[Plot, ...] = ()

    def __str__(self) -> str:
        return f"{self.verdict.value} {self.condition}".strip()


@dataclass(frozen=True)
class Claim:
    """A statement that can be tested by running something.

    Attributes
    ----------
    identifier : such as ``"C1"``.
    title : a few words.
    statement : the claim in its own words.
    source : who says so.
    tried : what is run, in a few sentences.
    rule : how the verdict follows from the figures.
    plan : settings of all pieces of work, for an effort; every piece can run alone.
    measure : runs one piece; the same settings give the same figures.
    judge : figures and verdict from the rows of all pieces.
    version : raised when `measure` changes, so that stored results are not mistaken for new ones.
    experiment : name of what is run, where several claims are judged by the same runs.

    Examples
    --------
    >>> claim = Claim(
    ...     "C0", "Even", "Squares are even.", "nobody", "Two squares.", "Holds if all are even.",
    ...     plan=lambda effort: [{"n": 1}, {"n": 2}],
    ...     measure=lambda settings: {"odd": settings["n"] ** 2 % 2},
    ...     judge=lambda rows: Ruling(
    ...         Verdict.DOES_NOT_HOLD if any(row["odd"] for row in rows) else Verdict.HOLDS, ()
    ...     ),
    ... )
    >>> print(claim.judge([s | claim.measure(s) for s in claim.plan(Effort.TRIAL)]))
    does not hold
    """

    identifier: str
    title: str
    statement: str
    source: str
    tried: str
    rule: str
    plan: Callable[[Effort], list[Settings]] = field(repr=False)
    measure: Callable[[Settings], Row] = field(repr=False)
    judge: Callable[[Sequence[Row]], Ruling] = field(repr=False)
    version: int = 1
    experiment: str = ""

    def __str__(self) -> str:
        return f"{self.identifier} {self.title}: {self.statement}"
