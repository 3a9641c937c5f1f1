"""Tables as they are measured: few rows, noise, errors on rows, a form in mind.

Each case is a table that a new user would try, with what has to come back; printed are what came
back, whether it is right, and the seconds. `python benchmarks/measurements.py [names]` runs all
cases, or those named.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sympy

from kansym import KAN, Status, extract, fit_formula, train
from kansym.symbolic.formulas.anonymous_form import anonymous_form
from kansym.symbolic.formulas.parsing import parse

SECONDS = 10.0


@dataclass(frozen=True)
class Case:
    """A table, what is asked of it, and whether an answer is right."""

    name: str
    ask: Callable[[], Any]
    right: Callable[[Any], bool]


def read(X: Any, y: Any, start: str = "", constants: tuple[str, ...] = (), **errors: Any) -> Any:
    """As ``kansym fit`` does it: train a KAN on a table and read it."""
    table = pd.DataFrame(X)
    names = [str(name) for name in table.columns]
    if start:
        begin = dict.fromkeys(constants, 1.0)
        model = KAN.from_expression(start, names, constants=begin, X=table)
    else:
        model = KAN([len(names), len(names) + 2, 1] if len(names) > 1 else [1, 1], seed=0)
    train(model, table, y, seconds=0.4 * SECONDS, progress=False)
    return extract(model, table, y, budget=0.5 * SECONDS, progress=False, **errors)


def constant(found: Any, name: str) -> Any:
    """A constant of the formula by name."""
    return next(c for c in found.formulas[0].constants if c.name == name)


def near(found: Any, name: str, value: float) -> bool:
    """Whether a constant has a finite error and lies within four of it."""
    one = constant(found, name)
    return one.stderr is not None and abs(one.value - value) < 4 * one.stderr < abs(value)


def statuses(found: Any) -> set[Status]:
    """Kinds of the findings."""
    return {finding.status for finding in found.status}


def is_form(found: Any, template: str) -> bool:
    """Whether the formula is that template up to the values of its constants."""
    formula = found.formulas[0]
    ours = anonymous_form(formula.template, formula.inputs)
    return ours == anonymous_form(parse(template), formula.inputs)


def _noise(rows: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


L = np.linspace(0.1, 2.0, 20)
T = 2 * np.pi * np.sqrt(L / 9.81) * (1 + 0.01 * _noise(20, 5))


def pendulum() -> Case:
    def right(found: Any) -> bool:
        (one,) = found.formulas[0].constants
        measured = abs(one.value - 2.006) < 4 * one.stderr < 0.05
        return (
            is_form(found, "a*sqrt(L)") and measured and Status.LOW_FIDELITY not in statuses(found)
        )

    return Case("pendulum", lambda: read({"L": L}, T), right)


def pendulum_form() -> Case:
    ask = lambda: read({"L": L}, T, "2*pi*sqrt(L/g)", ("g",))  # noqa: E731
    return Case("pendulum, g", ask, lambda found: near(found, "g", 9.81))


def pendulum_power() -> Case:
    def right(found: Any) -> bool:
        correlated = ("a", "p") in found.formulas[0].correlations
        return near(found, "a", 2.006) and near(found, "p", 0.5) and correlated

    return Case("pendulum, power", lambda: read({"L": L}, T, "a*L**p", ("a", "p")), right)


def thermocouple() -> Case:
    t = np.linspace(0, 500, 21)
    volt = 0.03937 * t + 2.2e-5 * t**2 + 0.02 * _noise(21)
    ask = lambda: read({"T": t}, volt, "a + b*T + c*T**2", ("a", "b", "c"))  # noqa: E731
    return Case("thermocouple", ask, lambda f: near(f, "b", 0.03937) and near(f, "c", 2.2e-5))


def levels() -> Case:
    g = np.repeat([9.81, 3.71, 1.62], 12)
    length = np.tile(np.linspace(0.1, 2.0, 12), 3)
    period = 2 * np.pi * np.sqrt(length / g) * (1 + 0.005 * _noise(36))
    truth = 2 * np.pi * np.sqrt(length / g)

    def right(found: Any) -> bool:
        values = found.predict(pd.DataFrame({"L": length, "g": g}))
        return bool(np.max(np.abs(values / truth - 1)) < 0.02)

    return Case("levels of g", lambda: read({"L": length, "g": g}, period), right)


def yes_or_no() -> Case:
    x = np.linspace(0, 3, 30)
    on = (np.arange(30) % 2).astype(float)
    y = 2 * x + 1.5 * on + 0.05 * _noise(30)

    def right(found: Any) -> bool:
        values = found.predict(pd.DataFrame({"x": x, "on": on}))
        return bool(np.max(np.abs(values - 2 * x - 1.5 * on)) < 0.1)

    return Case("yes or no", lambda: read({"x": x, "on": on}, y), right)


def six_points() -> Case:
    x = np.arange(1.0, 7.0)
    y = 2 * x + 0.05 * _noise(6)

    def right(found: Any) -> bool:
        return is_form(found, "a*x") or is_form(found, "a*x + b")

    return Case("six points of a line", lambda: read({"x": x}, y), right)


def lines() -> Case:
    def ask() -> Any:
        found = []
        for rows in (8, 15, 50):
            x = np.linspace(0, 5, rows)
            found.append(read({"x": x}, 1.0 + 2.0 * x + 0.3 * _noise(rows, rows)))
        return found

    def right(found: Any) -> bool:
        return all(is_form(one, "a*x + b") or is_form(one, "a*x") for one in found)

    return Case("lines of 8, 15, 50 rows", ask, right)


def root() -> Case:
    x = np.random.default_rng(0).uniform(0, 4, 20_000)
    ask = lambda: read({"x": x}, np.sqrt(x))  # noqa: E731
    return Case("20,000 rows of a root", ask, lambda f: f.expr == sympy.sqrt(sympy.Symbol("x")))


def drag() -> Case:
    rng = np.random.default_rng(3)
    rho, v, area = rng.uniform(0.9, 1.3, 60), rng.uniform(5, 40, 60), rng.uniform(0.5, 2.5, 60)
    force = 0.5 * 0.47 * rho * v**2 * area * (1 + 0.02 * _noise(60))

    def right(found: Any) -> bool:
        doubt = {Status.OUTLYING_ROWS, Status.RESIDUAL_PATTERN, Status.LOW_FIDELITY}
        return is_form(found, "c*rho*v**2*A") or bool(doubt & statuses(found))

    return Case("drag, or doubt said", lambda: read({"rho": rho, "v": v, "A": area}, force), right)


def decay() -> Case:
    x = np.linspace(0, 120, 17)
    y = (0.9975 - 0.0447 * np.exp(-x / 45)) + 0.0005 * _noise(17)
    return Case(
        "saturation, 17 rows",
        lambda: read({"x": x}, y),
        lambda found: is_form(found, "a + b*exp(c*x)"),
    )


def vapour() -> Case:
    t = np.linspace(273, 373, 14)
    p = np.round(np.exp(20.386 - 5132 / t), 2)
    return Case(
        "vapour pressure",
        lambda: read({"T": t}, p),
        lambda f: (
            is_form(f, "exp(a - b/T)") or is_form(f, "a*exp(b/T)") or is_form(f, "a*exp(b/(T + c))")
        ),
    )


def nusselt() -> Case:
    rng = np.random.default_rng(2)
    re, pr = 10 ** rng.uniform(2, 5, 16), 10 ** rng.uniform(-0.2, 2, 16)
    nu = 0.6 * re**0.42 * pr**0.29 * (1 + 0.03 * _noise(16))

    def right(found: Any) -> bool:
        values = {c.name: c for c in found.formulas[0].constants}
        with_errors = all(c.stderr for c in values.values() if c.exact is None)
        exponents = [p.exp for p in found.formulas[0].expr.atoms(sympy.Pow)]
        return with_errors and any(abs(float(e) - 0.42) < 0.03 for e in exponents if e.is_number)

    return Case("Nusselt number", lambda: read({"Re": re, "Pr": pr}, nu), right)


def gaussians() -> Case:
    x = np.linspace(0, 10, 91)
    y = 5 * np.exp(-((x - 3) ** 2) / 0.72) + 2 * np.exp(-((x - 6.5) ** 2) / 2.42)
    y = y + 0.05 * _noise(91)
    form = "a*exp(-((x - m)/s)**2) + b*exp(-((x - n)/t)**2)"
    return Case(
        "two Gaussians, form given",
        lambda: fit_formula(form, {"x": x}, y),
        lambda fit: abs(sorted([fit.values["m"], fit.values["n"]])[0] - 3) < 0.02,
    )


def outlier() -> Case:
    y = 2.0 * L + 1 + 0.02 * _noise(20)
    y[7] += 1
    return Case(
        "an outlier of twenty",
        lambda: read({"L": L}, y),
        lambda found: any(
            "row" in f.detail for f in found.status if f.status is Status.OUTLYING_ROWS
        ),
    )


def weighted() -> Case:
    sigma = np.where(np.arange(20) % 2, 0.01, 0.1)
    y = 3 * L**1.5 + sigma * _noise(20)

    def right(found: Any) -> bool:
        (one,) = [c for c in found.formulas[0].constants if c.exact is None][:1]
        return is_form(found, "a*L**(3/2)") and abs(one.value - 3) < 4 * one.stderr

    return Case("errors on rows", lambda: read({"L": L}, y, sigma=sigma), right)


CASES = (
    pendulum, pendulum_form, pendulum_power, thermocouple, levels, yes_or_no, six_points, lines,
    root, drag, decay, vapour, nusselt, gaussians, outlier, weighted,
)  # fmt: skip


def main() -> None:
    wanted = sys.argv[1:]
    count = right = 0
    for make in CASES:
        if wanted and make.__name__ not in wanted:
            continue
        case = make()
        begin = time.perf_counter()
        try:
            found: Any = case.ask()
            good = case.right(found)
        except Exception as error:  # noqa: BLE001 - a case that fails is a row of the table
            found, good = f"{type(error).__name__}: {error}", False
        seconds = time.perf_counter() - begin
        shown = [f.formulas[0] for f in found] if isinstance(found, list) else [found]
        text = "; ".join(str(getattr(one, "expr", one)) for one in shown)
        print(f"{'right' if good else 'WRONG'}  {seconds:5.1f} s  {case.name:28s} {text[:110]}")
        count, right = count + 1, right + good
    print(f"{right} of {count} right")


if __name__ == "__main__":
    main()
