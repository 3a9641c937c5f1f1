"""The settings of an extraction, checked when they are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import scipy.constants

from kansym.shared.errors import InputError
from kansym.shared.whole_numbers import checked_seed
from kansym.symbolic.engines import Engine
from kansym.symbolic.library.costs import checked_costs, prices
from kansym.symbolic.library.library import LIBRARY, Library
from kansym.symbolic.measurements.refitting import Exact

__all__ = ["Settings"]

LOSSES = ("squared", "huber", "cross-entropy")


@dataclass(frozen=True)
class Settings:
    """How a formula is to be read; see `kansym.extract` for what each setting means.

    Examples
    --------
    >>> Settings(budget=5, constants=("c",)).physical_constants
    {'c': 299792458.0}
    """

    library: Library = LIBRARY
    loss: str = "squared"
    budget: float = 60.0
    accuracy: float | None = None
    tolerance: float | None = None
    held_out: float = 0.2
    seed: int = 0
    constants: Sequence[str] = ()
    engine: Engine | None = None
    classes: tuple[str, ...] = ()
    exact: Exact = "report"
    max_complexity: float | None = None
    required: tuple[str, ...] = ()
    answers: bool = False
    """Whether targets are what a model answers: it judges then, as its errors are smooth."""
    costs: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.loss, str) or self.loss not in LOSSES:
            raise InputError(f"loss={self.loss!r} is not known: use one of {', '.join(LOSSES)}.")
        if not isinstance(self.exact, str | bool) or self.exact not in ("report", True, False):
            raise InputError(f"exact={self.exact!r} is not known: use 'report', True or False.")
        if not isinstance(self.library, Library):
            raise InputError(
                f"library is a {type(self.library).__name__}, expected a Library: give one such as "
                "kansym.LIBRARY + kansym.Candidate(name, formula), or kansym.Library([...])."
            )
        names = self.constants
        if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
            raise InputError(
                f"constants={names!r} is not usable: give names of scipy.constants, ['c', 'h']."
            )
        checked_seed(self.seed)
        checked_costs(self.costs)
        _check_number("budget", self.budget, 0.0)
        for name, value, least in (
            ("max_complexity", self.max_complexity, 0.0),
            ("accuracy", None if _is_none(self.accuracy) else self.accuracy, 0.0),
            ("tolerance", self.tolerance, None),
            ("held_out", self.held_out, None),
        ):
            if value is not None:
                _check_number(name, value, least)
        if not 0 <= self.held_out < 1:
            raise InputError(
                f"held_out={self.held_out} is not a share of rows: give 0 to less than 1."
            )
        _ = self.physical_constants  # refuses names that scipy does not know

    @property
    def prices(self) -> dict[str | type, float]:
        """How many times their bits functions and operations count, those not allowed many."""
        return prices(self.library, self.costs)

    def overtime(self, least: float, most: float) -> float:
        """Seconds for a step that is done even when the time is up: a tenth of it, within bounds.

        Examples
        --------
        >>> Settings(budget=4.0).overtime(0.3, 1.0)
        0.4
        """
        return min(max(0.1 * self.budget, least), most)

    @property
    def physical_constants(self) -> dict[str, float]:
        """Values of the constants to recognise (CODATA, SI units) by their names in scipy."""
        found = {}
        for name in self.constants:
            value = getattr(scipy.constants, name, None)
            if value is None and name in scipy.constants.physical_constants:
                value = scipy.constants.physical_constants[name][0]
            if not isinstance(value, float | int):
                raise InputError(
                    f"{name!r} is no physical constant of scipy.constants: see "
                    "scipy.constants.find() for the names."
                )
            found[name] = float(value)
        return found

    def record(self) -> dict[str, Any]:
        """As plain data for the provenance of a result; what has no say is left out."""
        data: dict[str, Any] = {
            "library": len(self.library),
            "budget": self.budget,
            "accuracy": self.accuracy,
            "tolerance": self.tolerance,
            "held_out": self.held_out,
            "seed": self.seed,
            "constants": list(self.constants),
        }
        if self.max_complexity is not None:
            data["max_complexity"] = self.max_complexity
        if self.required:
            data["required"] = list(self.required)
        if self.costs:
            data["costs"] = dict(self.costs)
        if self.exact != "report":
            data["exact"] = self.exact
        if self.loss != "squared":
            data["loss"] = self.loss
        if self.classes:
            data["classes"] = list(self.classes)
        if self.engine is not None:
            data["engine"] = self.engine.name
        return data


def _is_none(accuracy: Any) -> bool:
    """Whether nothing is too small to be explained: None, or 0."""
    return accuracy is None or (isinstance(accuracy, Real) and accuracy == 0)


def _check_number(name: str, value: Any, least: float | None) -> None:
    """Refuse what is no finite number, or not above the least."""
    usable = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    if not usable or (least is not None and value <= least):
        above = "" if least is None else f" above {least:g}"
        raise InputError(f"{name}={value!r} is not usable: give a finite number{above}.")
