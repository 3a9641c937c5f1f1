"""Tables as they stand in notebooks of several sciences, asked by `discover`: few rows, plain laws.

8 to 25 rows with the noise of a careful or a quick reading; errors of the rows are given where they
do not follow from y. A form is right if it has no more constants than the law and, fitted to the
law without noise, leaves nothing. The last twelve were written with the others and looked at only
when nothing was changed any more.

`python benchmarks/notebook_tables.py [names]` runs all tables, or those named; `--kept` the twelve.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from measured_laws import Law, is_right

from kansym import discover

SECONDS = 10.0


@dataclass(frozen=True)
class Table:
    """A law, the rows of its inputs, and the scatter of y: a share of it, or in its unit."""

    law: Law
    X: dict[str, np.ndarray]
    share: float = 0.0
    step: float = 0.0

    def rows(self, seed: int) -> tuple[pd.DataFrame, np.ndarray, dict[str, Any]]:
        """Inputs, y with its scatter, and the errors as far as they are given."""
        y = self.law.values(np.column_stack(list(self.X.values())))
        error = self.share * np.abs(y) + self.step
        noise = error * np.random.default_rng(seed).normal(size=len(y))
        return pd.DataFrame(self.X), y + noise, {"sigma": self.step} if self.step else {}


def _table(
    form: str, X: dict[str, Any], share: float = 0.0, step: float = 0.0, **constants: float
) -> Table:
    columns = {name: np.asarray(column, dtype=float) for name, column in X.items()}
    ranges = {name: (column.min(), column.max()) for name, column in columns.items()}
    return Table(Law(form, constants, ranges), columns, share, step)


def _even(low: float, high: float, rows: int) -> np.ndarray:
    return np.linspace(low, high, rows)


def _grid(**levels: list[float]) -> dict[str, np.ndarray]:
    columns = np.meshgrid(*levels.values(), indexing="ij")
    return {name: column.ravel() for name, column in zip(levels, columns, strict=True)}


DEGREES = np.pi / 180
TABLES = {
    # Kinetics
    "intermediate": _table("a*(exp(b*t) - exp(c*t))", {"t": _even(1, 40, 14)}, 0.02,
                           a=6.1, b=-0.05, c=-0.21),
    "eyring": _table("a*T*exp(b/T)", {"T": _even(290, 350, 8)}, 0.03, a=2.1e8, b=-7100.0),
    "half order": _table("(a + b*t)**2", {"t": _even(0, 18, 10)}, 0.02, a=2.4, b=-0.11),
    "two sites": _table("a*p/(1 + b*p)**2", {"p": _even(0.2, 6, 12)}, 0.03, a=4.2, b=0.8),
    "cooperative": _table("a*x**2/(b + x**2)", {"x": _even(0.5, 9, 10)}, 0.04, a=7.7, b=6.5),
    "inhibited": _table("a*s/(b + s + c*s**2)", {"s": np.geomspace(0.2, 40, 14)}, 0.02,
                        a=5.2, b=1.9, c=0.08),
    # Optics
    "snell": _table("asin(a*sin(i))", {"i": DEGREES * _even(10, 80, 8)}, step=0.006, a=0.667),
    "slit": _table("a*(sin(b*x)/x)**2", {"x": _even(0.3, 8.3, 25)}, step=0.01, a=2.1, b=0.9),
    "sellmeier": _table("sqrt(1 + a*w**2/(w**2 + b))", {"w": _even(0.4, 1.1, 10)}, step=2e-4,
                        a=1.27, b=-0.0104),
    "grating": _table("asin(a*m)", {"m": _even(1, 6, 6)}, step=0.004, a=0.151),
    "absorbed": _table("a*(1 - exp(b*d))", {"d": _even(0.5, 6, 9)}, 0.03, a=81.0, b=-0.42),
    # Electronics
    "phase": _table("atan(a*f)", {"f": np.geomspace(40, 8000, 10)}, step=0.015, a=1.3e-3),
    "coil": _table("sqrt(a + b*f**2)", {"f": _even(0.2, 3.0, 8)}, 0.05, a=9.2, b=31.0),
    "series circuit": _table("a/sqrt(1 + b*(f/c - c/f)**2)", {"f": _even(0.6, 2.0, 20)}, 0.02,
                             a=48.0, b=60.0, c=1.15),
    "load": _table("a*r/(r + b)**2", {"r": [1, 2, 3, 5, 8, 12, 18, 27, 40, 60]}, 0.02,
                   a=82.0, b=9.4),
    "solar cell": _table("a*(exp(b*u) - 1)", {"u": _even(0.05, 0.6, 12)}, 0.03, a=0.021, b=9.5),
    # Biology
    "growth": _table("a/(1 + b*exp(c*t))", {"t": _even(0, 14, 8)}, 0.05, a=640.0, b=42.0, c=-0.62),
    "tumour": _table("a*exp(b*exp(c*t))", {"t": _even(0, 24, 14)}, 0.02, a=9.3, b=-4.1, c=-0.19),
    "fish": _table("a*(1 - exp(b*t))**3", {"t": _even(1, 12, 12)}, 0.02, a=5.4, b=-0.27),
    "spawners": _table("a*s*exp(b*s)", {"s": _even(0.3, 6, 15)}, 0.05, a=3.4, b=-0.46),
    # Heat and gases
    "isotherm": _table("a/(v + b) + c/v**2", {"v": np.geomspace(0.09, 0.6, 12)}, 0.005,
                       a=25.5, b=-0.043, c=-3.6e-1),
    "radiator": _table("a*(T**4 + b)", {"T": _even(320, 520, 10)}, 0.02, a=4.7e-9, b=-7.4e9),
    "antoine": _table("exp(a + b/(T + c))", {"T": _even(290, 370, 12)}, 0.004,
                      a=18.6, b=-3816.0, c=-46.0),
    "viscosity": _table("a*T**(3/2)/(T + b)", {"T": _even(250, 700, 10)}, 0.005, a=1.46, b=111.0),
    "heat capacity": _table("a*T + b*T**3", {"T": _even(1.5, 9, 12)}, 0.02, a=0.70, b=0.048),
    # Mechanics, hearing and seeing
    "atwood": _table("a*(m - n)/(m + n)", _grid(m=[0.2, 0.25, 0.3, 0.4], n=[0.1, 0.15, 0.18]),
                     0.02, a=9.6),
    "bar": _table("a*sqrt((b + d**2)/d)", {"d": _even(0.05, 0.5, 10)}, 0.01, a=2.006, b=0.083),
    "range": _table("a*sin(b*i)", {"i": DEGREES * _even(10, 80, 9)}, 0.03, a=5.2, b=2.0),
    "seen": _table("1/(1 + exp((a - x)/b))", {"x": _even(1, 9, 9)}, step=0.02, a=4.6, b=1.1),
    "discount": _table("a/(1 + b*d)", {"d": [1, 3, 7, 14, 30, 60, 120, 200]}, 0.05, a=98.0, b=0.03),
}  # fmt: skip
KEPT = {
    "compton": _table("a/(1 + b*(1 - cos(i)))", {"i": DEGREES * _even(20, 140, 9)}, 0.01,
                      a=662.0, b=1.295),
    "bragg": _table("asin(a/d)", {"d": [1.2, 1.6, 2.0, 2.5, 3.1, 4.0, 5.2]}, step=0.003, a=0.77),
    "wien": _table("a*x**3*exp(b*x)", {"x": _even(0.5, 7, 14)}, 0.03, a=2.9, b=-1.1),
    "nernst": _table("a + b*log(x/y)", _grid(x=[0.1, 0.3, 1, 2], y=[0.05, 0.4, 1.5]), step=0.4,
                     a=34.0, b=25.7),
    "competition": _table("a*s/(s + b*(1 + i/c))", _grid(s=[0.5, 1, 2, 5, 12], i=[0, 1, 3]), 0.03,
                          a=8.8, b=1.6, c=0.9),
    "freundlich": _table("a*c**p", {"c": np.geomspace(0.1, 20, 8)}, 0.05, a=3.1, p=0.38),
    "charging": _table("a*(1 - exp(-t/b))", {"t": _even(1, 20, 8)}, 0.05, a=9.1, b=6.3),
    "molecule": _table("a/r**12 + b/r**6", {"r": _even(0.98, 1.9, 15)}, step=0.02, a=4.1, b=-4.3),
    "enlargement": _table("a/(g - a)", {"g": [12, 14, 17, 21, 26, 33, 45, 60]}, 0.02, a=9.8),
    "dose": _table("1/(1 + (a/x)**p)", {"x": np.geomspace(0.3, 60, 10)}, step=0.02, a=4.4, p=1.6),
    "channel": _table("a*R**(2/3)*sqrt(s)", _grid(R=[0.2, 0.5, 1.1], s=[1e-3, 3e-3, 6e-3, 1e-2]),
                      0.03, a=41.0),
    "orbit": _table("sqrt(a + b/r)", {"r": _even(1.0, 2.6, 8)}, 0.01, a=-11.0, b=39.0),
}  # fmt: skip


def main() -> None:
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    tables = KEPT if "--kept" in sys.argv else TABLES
    words = []
    for seed, (name, table) in enumerate(tables.items()):
        if wanted and name not in wanted:
            continue
        X, y, errors = table.rows(seed)
        begin = time.perf_counter()
        found = discover(X, y, seconds=SECONDS, progress=False, **errors).result
        seconds = time.perf_counter() - begin
        rights = [p for p in found.front if is_right(table.law, p.formulas[0])]
        selected = any(point.selected for point in rights)
        words.append("selected" if selected else "front" if rights else "missed")
        print(f"{words[-1]:8s} {seconds:5.1f} s  {name:14s} {str(found.expr)[:90]}", flush=True)
        if "-v" in sys.argv:
            for point in found.front:
                bic = "" if point.bic is None else f"{point.bic:8.1f}"
                print(f"    {point.complexity:5.0f} {point.error:.2e} {bic} {point.formulas[0]}")
    count = {word: words.count(word) for word in ("selected", "front", "missed")}
    print(f"{len(words)} tables: {count}")


if __name__ == "__main__":
    main()
