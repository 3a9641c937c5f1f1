"""How sure a result is: findings with advice, instead of exceptions and prints."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Status"]


class Status(Enum):
    """What was noticed; the value is the advice that goes with it.

    Examples
    --------
    >>> Status.LOW_FIDELITY.name
    'LOW_FIDELITY'
    >>> Status.LOW_FIDELITY.is_warning
    True
    """

    OK = "The formula reproduces what it was checked against."
    AMBIGUOUS_EDGE = (
        "Several functions fit this edge almost equally well: give more data or a wider range, "
        "or choose one by hand."
    )
    UNEXPLAINED_EDGE = (
        "No library function fits this edge, so it stays a spline in the formula: add a candidate, "
        "train with a finer grid, or hand the edge to a search engine."
    )
    SEARCHED_EDGE = (
        "A search found this edge's function, no function of the library explained it: "
        "see whether the function makes sense, and add it to the library if it does."
    )
    LOW_FIDELITY = (
        "The formula misses part of what the network computes: train longer, widen the library, "
        "or use the more complex entries of the Pareto front."
    )
    OUTSIDE_DOMAIN = (
        "The formula is undefined on some rows (division by zero, or a logarithm or root of a "
        "negative number): restrict the range or choose another function for that edge."
    )
    NETWORK_DIFFERS = (
        "The formula is plain and comes near to the model without being it; whether the model has "
        "not learned the law exactly, or the formula misses part of it, only data tell: give y."
    )
    POOR_NETWORK = (
        "The network itself fits the data poorly, so the formula cannot be better: "
        "train with more starts, a wider network or more data."
    )
    NOT_READABLE = (
        "The network has too many edges for a formula that a person could read: "
        "train a smaller network or a sparser one, with pruning."
    )
    TRANSCRIBED = (
        "The formula only transcribes the network, and no law was seen: read it the other way "
        "(reading='function' or 'weights'), or train a sparser network."
    )
    SMOOTH_STUDENT = (
        "The model is rough (constant or linear by pieces, or noisy), so its gradients say little; "
        "its answers, or a smooth network that learned them, were read: compare the formula with "
        "data."
    )
    BETTER_THAN_NETWORK = (
        "The formula fits the data better than the network did, so it is a law of the data more "
        "than of the network: train the network further if it is what you ask about."
    )
    BUDGET_SPENT = (
        "The time budget ended before the search did, so this is the best formula so far: "
        "raise budget=."
    )
    UNCERTAIN_CONSTANT = (
        "The data hardly determine this constant, its standard error exceeds its value: "
        "give more rows or a wider range of the inputs."
    )
    RIVAL_FORMS = (
        "The rows hardly tell the formula from these: choose by what is known of the quantity, or "
        "give more rows or a wider range."
    )
    NO_FREEDOM = (
        "There are as many constants as rows, so nothing is left to judge their errors by: give "
        "more rows, or use fewer constants."
    )
    INSEPARABLE_CONSTANTS = (
        "The data determine only a combination of these constants: give one of them a fixed "
        "value, or use a formula without it."
    )
    CONSTANT_AT_BOUND = (
        "The best value lies beyond a bound, so the interval has one side: widen the bound unless "
        "it is known to hold."
    )
    OUTLYING_ROWS = (
        "Noise does not explain these rows: see whether value and unit are right, and drop them "
        "or fit again with loss='huber' (fit_formula, refit of a result) if they are not."
    )
    ROWS_LEFT_OUT = (
        "These rows contradict all others and did not count: see whether value and unit are right, "
        "or give loss='squared' (--loss) to count them."
    )
    COPIED_ROWS = (
        "Rows of equal inputs always have an equal y here, so they count as one row with a weight "
        "and confirm nothing: give measurements that were made anew."
    )
    EQUAL_GROUPS = (
        "Some groups have the same value of a constant within its error: use one group for them if "
        "their rows belong together."
    )
    UNITS_DISAGREE = (
        "The formula adds or compares quantities of different units, and none that agrees was "
        "found: compare the units with the table, or give more inputs."
    )
    RELATIVE_ERRORS = (
        "The scatter grows with the value itself, so rows counted by errors that do: give sigma= "
        "if the errors are known."
    )
    RESIDUAL_PATTERN = (
        "The residual is not noise alone: add a term, use a more complex formula of the Pareto "
        "front, or give the errors of the rows."
    )
    ERRORS_DISAGREE = (
        "The residual has another size than the errors of the rows say: compare their unit, and "
        "give weights= instead of sigma= if they are only relative."
    )
    NOT_CONVERGED = (
        "The search for the constants ended before its minimum: give start values, or use a "
        "formula with fewer constants."
    )
    MERGED_APPROXIMATELY = (
        "Hidden units were merged within a tolerance, which changed the function: if the fidelity "
        "after it is too low, give a smaller tolerance=, or train with a penalty that pulls "
        "copies together."
    )
    DEPENDENT_INPUTS = (
        "Some inputs determine others on these data, so several formulas are equally right: "
        "collect rows where the inputs vary separately, or drop an input."
    )
    CONSTANT_OUTPUT = (
        "The network's output does not vary on these rows, so nothing depends on the inputs: "
        "give rows on which the inputs vary, or train the network."
    )

    @property
    def advice(self) -> str:
        """One sentence that says what to try next."""
        return self.value

    @property
    def is_warning(self) -> bool:
        """Whether a reader should hesitate because of it."""
        return self not in _NOTES


_NOTES = (
    Status.OK,
    Status.BETTER_THAN_NETWORK,
    Status.RELATIVE_ERRORS,
    Status.COPIED_ROWS,
    Status.RIVAL_FORMS,
    Status.EQUAL_GROUPS,
)


@dataclass(frozen=True)
class Finding:
    """A `Status` at a place, with the figures that led to it.

    Examples
    --------
    >>> print(Finding(Status.OK, "formula", "relative error 2e-09"))
    OK (formula): relative error 2e-09. The formula reproduces what it was checked against.
    """

    status: Status
    where: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f": {self.detail.rstrip('.')}." if self.detail else "."
        return f"{self.status.name} ({self.where}){detail} {self.status.advice}"
