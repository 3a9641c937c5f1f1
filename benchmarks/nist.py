"""NIST's nonlinear regression problems: how many digits of the certified values are reached.

Given are only the form of each model and NIST's two starts; printed are the agreeing digits of
the worst parameter and of the worst standard error, from each start.
"""

import time
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from kansym import FormulaFit, fit_formula

MOST_DIGITS = 11.0
ENOUGH_FOR_VALUES = 6.0
ENOUGH_FOR_ERRORS = 4.0


@dataclass(frozen=True)
class Certified:
    """One problem with its certified answer."""

    name: str
    formula: str
    inputs: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    starts: tuple[tuple[float, ...], tuple[float, ...]]
    values: tuple[float, ...]
    stderr: tuple[float, ...]
    rss: float

    @property
    def constants(self) -> list[str]:
        """Names b1, b2, ..."""
        return [f"b{i + 1}" for i in range(len(self.values))]

    def fit(self, which: int) -> FormulaFit:
        """Constants from the first (0) or the second (1) start."""
        start = dict(zip(self.constants, self.starts[which], strict=True))
        return fit_formula(
            self.formula, self.X, self.y, inputs=self.inputs, start=start, exact=False
        )


def problems() -> list[Certified]:
    """The 27 problems."""
    text = files("kansym").joinpath("problems/data/certified/nist.toml").read_text(encoding="utf-8")
    return [_problem(name, entry) for name, entry in tomllib.loads(text).items()]


def _problem(name: str, entry: dict[str, Any]) -> Certified:
    inputs = tuple(entry["inputs"])
    y = np.array(entry["y"], dtype=float)
    first, second = entry["starts"]
    return Certified(
        name,
        entry["formula"],
        inputs,
        np.stack([np.array(entry[i], dtype=float) for i in inputs], axis=1),
        np.log(y) if entry["response"] == "log(y)" else y,
        (tuple(first), tuple(second)),
        tuple(entry["certified"]),
        tuple(entry["certified_stderr"]),
        entry["certified_rss"],
    )


def digits(found: dict[str, float], certified: tuple[float, ...]) -> float:
    """Agreeing digits of the worst constant, -log10 of the relative error."""
    errors = [abs(a - b) / abs(b) for a, b in zip(found.values(), certified, strict=True)]
    return float(min(MOST_DIGITS, -np.log10(max(*errors, 10**-MOST_DIGITS))))


def main() -> None:
    enough = np.zeros((2, 2), dtype=int)
    print(f"{'':10s} {'first start':>24s} {'second start':>24s}")
    for problem in problems():
        line = f"{problem.name:10s}"
        for which in (0, 1):
            begin = time.process_time()
            fit = problem.fit(which)
            seconds = time.process_time() - begin
            reached = digits(fit.values, problem.values), digits(fit.stderr, problem.stderr)
            enough[which] += np.array(reached) >= (ENOUGH_FOR_VALUES, ENOUGH_FOR_ERRORS)
            line += f"  {reached[0]:6.1f} {reached[1]:6.1f} {seconds:6.2f} s"
        print(line)
    for which, name in enumerate(("first", "second")):
        values, errors = enough[which]
        print(f"{name} start: values to 6 digits on {values}, errors to 4 digits on {errors} of 27")


if __name__ == "__main__":
    main()
