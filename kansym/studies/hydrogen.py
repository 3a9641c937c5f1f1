"""The Rydberg formula from measured lines of hydrogen, through a KAN and through its MLP form."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd
import sympy
from torch import nn

from kansym.documents.blocks import (
    Block,
    Equation,
    Notice,
    Number,
    Paragraph,
    Section,
    Tabular,
    line,
    row,
)
from kansym.documents.mathematics import equation
from kansym.documents.numbers import measured, number
from kansym.extraction import Extraction, extract
from kansym.neural.models.kan import KAN
from kansym.neural.rewriting.kan_as_mlp import to_mlp
from kansym.neural.training.training import train
from kansym.results.text import plain
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.table_files import read_table
from kansym.symbolic.formulas.equivalence import equivalent
from kansym.symbolic.formulas.formula import Formula

__all__ = ["RYDBERG", "Demo", "hydrogen_lines", "run_demo"]

RYDBERG = 1.0967758e7
"""Rydberg constant of hydrogen in 1/m: R_infinity divided by 1 + m_e/m_p (CODATA)."""

_SAME = 1e-6
_OUTPUT = "1/wavelength"
# The sum of two curves is the simplest network; twelve intervals, for n2 runs from 2 to 12.
_SHAPE, _GRID = [2, 1], 12
# The lines are means over fine structure, which shifts levels by a few parts in a million.
_ACCURACY = 1e-5


@dataclass(frozen=True)
class Rydberg:
    """The Rydberg constant that a formula contains, in 1/m, with its standard error."""

    value: float
    stderr: float | None


@dataclass(frozen=True)
class Demo:
    """What the demonstration found.

    Attributes
    ----------
    kan, mlp : what was read off the KAN and off the same function as an MLP.
    same : whether both formulas are the same.
    rydberg : None if the formula is not of Rydberg's form.
    mlp_layers : widths of the linear layers of the MLP.
    seconds : for everything.
    """

    kan: Extraction
    mlp: Extraction
    same: bool
    rydberg: Rydberg | None
    mlp_layers: tuple[int, ...]
    seconds: float

    title = "The lines of hydrogen"

    def __str__(self) -> str:
        shape = " -> ".join(map(str, self.mlp_layers))
        return "\n".join(
            [
                f"51 lines of hydrogen, (n1, n2) -> 1/wavelength in 1/m, {self.seconds:.1f} s",
                f"formula from the KAN:         {_text(self.kan)}",
                f"formula from its MLP form:    {_text(self.mlp)}   ({shape}, ReLU)",
                f"the same formula:             {'yes' if self.same else 'NO'}",
                f"Rydberg constant:             {self._found()}",
                f"accepted:                     {RYDBERG:.7e} per metre",
                f"relative difference:          {self._difference()}",
            ]
        )

    def _found(self) -> str:
        if self.rydberg is None:
            return "not found, the formula has another form"
        value = measured(self.rydberg.value, self.rydberg.stderr)
        return f"{plain((value,))} per metre"

    def _difference(self) -> str:
        """How far from the accepted value, and why more than the standard error."""
        if self.rydberg is None:
            return "-"
        off = (self.rydberg.value - RYDBERG) / RYDBERG
        return f"{off:.1e} (relativistic shifts, which Rydberg's formula leaves out, are 1e-5)"

    def blocks(self) -> tuple[Block, ...]:
        """The comparison, for the report."""
        name = self.mlp.output_names[0]
        shape = " → ".join(map(str, self.mlp_layers))
        verdict = "Both networks gave the same formula" if self.same else "The formulas differ"
        parts: list[Block] = [
            Paragraph(
                line(
                    f"The KAN was rewritten as a multilayer perceptron ({shape}, ReLU) that "
                    "computes the same function, and that network was read by the same steps:"
                )
            ),
            Equation(equation(name, self.mlp.formulas[0].expr, 8)),
            Notice("good" if self.same else "warning", verdict, line("")),
        ]
        return Section("The same network as an MLP", tuple(parts)), *self._rydberg_section()

    def _rydberg_section(self) -> tuple[Block, ...]:
        """The constant beside the accepted one."""
        if self.rydberg is None:
            return ()
        value = measured(self.rydberg.value, self.rydberg.stderr)
        off = (self.rydberg.value - RYDBERG) / RYDBERG
        rows = (
            row("found here", value, number(off, 2)),
            row("accepted", Number("1.0967758", 7), "–"),
        )
        header = row("", "per metre (standard error)", "relative difference")
        caption = line(
            "Rydberg constant of hydrogen. The standard error is that of the fit alone: the lines "
            "are means over fine structure and contain the relativistic shift of the ground state, "
            "about 1e-5 of its energy, which Rydberg's formula leaves out."
        )
        return (Section("The Rydberg constant", (Tabular(header, rows, "lrr", caption),)),)


def hydrogen_lines() -> tuple[pd.DataFrame, pd.Series]:
    """Principal quantum numbers (n1, n2), and 1/wavelength in 1/m, of 51 lines of hydrogen.

    Examples
    --------
    >>> X, y = hydrogen_lines()
    >>> X.shape, list(X.columns), round(float(y.iloc[0]))
    ((51, 2), ['n1', 'n2'], 8225911)

    References
    ----------
    A. Kramida et al., NIST Atomic Spectra Database, doi:10.18434/T4W30F.
    """
    columns = read_table(str(files("kansym.problems") / "data" / "hydrogen_lines.csv")).columns
    inputs = pd.DataFrame({name: columns[name] for name in ("n1", "n2")})
    return inputs, pd.Series(1.0 / columns["wavelength_m"], name=_OUTPUT)


def run_demo(*, seed: int = 0, progress: bool | ProgressCallback | None = None) -> Demo:
    """Train, extract, rewrite, extract again, compare.

    Parameters
    ----------
    seed : of the training.
    progress : a callback, True or False for a bar, None for a bar on a terminal.
    """
    started = time.perf_counter()
    X, y = hydrogen_lines()
    model = KAN(_SHAPE, grid=_GRID, seed=seed)
    with progress_bar(progress, "kansym demo") as tell:
        train(model, X, y, seed=seed, progress=_part(tell, 0.0, 0.55, "training the KAN"))
        reading = _part(tell, 0.55, 0.75, "reading the KAN")
        kan = extract(model, X, y, accuracy=_ACCURACY, progress=reading)
        tell(0.75, "rewriting the KAN as an MLP")
        mlp_model = to_mlp(model)
        reading = _part(tell, 0.75, 0.98, "reading the MLP")
        mlp = extract(mlp_model, X, y, accuracy=_ACCURACY, progress=reading)
        tell(1.0, "done")
    lowest, highest = X.to_numpy().min(axis=0), X.to_numpy().max(axis=0)
    ranges = dict(zip(X.columns, zip(lowest.tolist(), highest.tolist(), strict=True), strict=True))
    layers = [part for part in mlp_model.modules() if isinstance(part, nn.Linear)]
    return Demo(
        kan=kan,
        mlp=mlp,
        same=_same(kan.formulas[0], mlp.formulas[0], ranges),
        rydberg=rydberg_constant(kan.formulas[0]),
        mlp_layers=(2, *(layer.out_features for layer in layers)),
        seconds=time.perf_counter() - started,
    )


def _same(left: Formula, right: Formula, ranges: dict[str, tuple[float, float]]) -> bool:
    """Whether two formulas are one function; with a curve in them, on the rows of the data."""
    if not left.curves and not right.curves:
        return equivalent(left, right, ranges=ranges).numerical
    X, y = hydrogen_lines()
    difference = left.predict(X) - right.predict(X)
    return bool(np.abs(difference).max() <= _SAME * np.ptp(y.to_numpy()))


def rydberg_constant(formula: Formula) -> Rydberg | None:
    """The constant R of a formula R (1/n1² - 1/n2²), None if it has another form.

    The standard error follows from that of the one constant that the formula contains.
    """
    n1, n2 = sympy.symbols("n1 n2")
    shape = 1 / n1**2 - 1 / n2**2
    ratio = sympy.simplify(formula.template / shape)
    free = [constant for constant in formula.constants if constant.exact is None]
    if len(free) != 1 or ratio.has(n1, n2):
        return None
    values: Mapping = {sympy.Symbol(c.name): c.value for c in formula.constants}
    slope = sympy.diff(ratio, sympy.Symbol(free[0].name)).subs(values)
    stderr = None if free[0].stderr is None else abs(float(slope)) * free[0].stderr
    return Rydberg(float(ratio.subs(values)), stderr)


def _part(tell: ProgressCallback, low: float, high: float, what: str) -> ProgressCallback:
    """Progress of one step as a stretch of the whole."""

    def report(fraction: float, message: str) -> None:
        tell(low + (high - low) * float(np.clip(fraction, 0, 1)), f"{what}: {message}")

    return report


def _text(result: Extraction) -> str:
    """The formula in one line."""
    return equation(result.output_names[0], result.formulas[0].expr, 8).text
