"""A problem: data with a known truth, or a measured table with the law that it follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from kansym.problems.problem_tables import ProblemData, problem_table
from kansym.problems.ranges import Range
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    import sympy

    from kansym.programs.program import Program

__all__ = ["Problem"]

_DEFAULT_ROWS = 1000
_ATTEMPTS = 200
# Squares of larger values, and so their spread, are not finite.
_LARGEST = 1e150


@dataclass(frozen=True)
class Problem:
    """Inputs with ranges and units, and the formula (or the table) for the output.

    A problem draws its rows from exactly one source:

    - ``formula`` and ``ranges``: y is computed from drawn inputs;
    - ``function`` and ``ranges``: y is a special function of scipy without a closed form here;
    - ``table``: rows of a CSV file; ``formula`` is then the law that they follow;
    - ``relations`` and ``ranges``: unsupervised; some inputs depend on others by hidden formulas,
      y = 1 for rows that obey them and 0 for rows whose columns were shuffled.

    Attributes
    ----------
    name, set : unique name, and the set that it belongs to.
    inputs, output : names of the columns.
    formula : text, read by `kansym.symbolic.formulas.parsing.parse`; None without a closed form.
    ranges : per input, a `Range`.
    units : per input and output, a unit or words.
    constants : named constants of the formula: value and unit.
    published : the formula as first published, where an error in it was mended.
    note : what to know, known errata among it.
    rows : number of rows in the original set, if it fixes one.
    figures : published results, such as shapes and errors of networks.

    Examples
    --------
    >>> problem = Problem("pythagoras", "mine", ("a", "b"), "c", "sqrt(a**2 + b**2)",
    ...                   ranges={"a": Range(1, 5), "b": Range(1, 5)})
    >>> X, y = problem.sample(100, seed=0)
    >>> X.shape, bool(np.allclose(y, np.hypot(*X.T)))
    ((100, 2), True)
    """

    name: str
    set: str
    inputs: tuple[str, ...]
    output: str = "y"
    formula: str | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    test_ranges: Mapping[str, Range] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    function: str | None = None
    table: str | None = None
    uncertainty: str | None = None
    group: str | None = None
    relations: Mapping[str, str] = field(default_factory=dict)
    published: str | None = None
    source: str = ""
    note: str = ""
    rows: int | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Where the rows come from: formula, function, table or relations."""
        if self.table is not None:
            return "table"
        if self.relations:
            return "relations"
        return "function" if self.function is not None else "formula"

    @cached_property
    def template(self) -> "sympy.Expr | None":
        """The formula with its named constants as symbols."""
        if self.formula is None:
            return None
        from kansym.symbolic.formulas.parsing import parse

        try:
            return parse(self.formula, (*self.inputs, *self.constants))
        except InputError as error:
            raise InputError(f"Problem {self.name!r}: {error}") from error

    @cached_property
    def truth(self) -> "sympy.Expr | None":
        """The formula in the inputs alone; None if there is no closed form."""
        if self.template is None:
            return None
        by_name = {symbol.name: symbol for symbol in self.template.free_symbols}  # pyright: ignore
        return self.template.subs(
            {by_name[c]: value for c, (value, _) in self.constants.items() if c in by_name}
        )

    @cached_property
    def program(self) -> "Program":
        """The formula as a program of numpy functions."""
        from kansym.symbolic.formulas.sympy_programs import from_sympy

        if self.truth is None:
            raise InputError(f"Problem {self.name!r} has no formula: use its data() or sample().")
        return from_sympy(self.truth)

    def value(self, X: Float[np.ndarray, "rows inputs"]) -> Float[np.ndarray, "rows"]:
        """The output at given inputs; nan where it is not defined.

        Raises
        ------
        InputError
            If the problem has neither formula nor function, or X another number of columns.
        """
        from kansym.problems.special_functions import SPECIAL_FUNCTIONS
        from kansym.programs.program import evaluate

        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(self.inputs):
            raise InputError(
                f"Problem {self.name!r} has the inputs {', '.join(self.inputs)}, but X has the "
                f"shape {X.shape}: give one column per input."
            )
        columns = dict(zip(self.inputs, X.T, strict=True))
        with np.errstate(all="ignore"):
            if self.function is not None:
                y = SPECIAL_FUNCTIONS[self.function](*X.T)
            else:
                y = evaluate(self.program, columns)
        return np.broadcast_to(np.asarray(y, dtype=np.float64), len(X)).copy()

    def sample(
        self, rows: int | None = None, seed: int = 0, noise: float = 0.0
    ) -> tuple[Float[np.ndarray, "rows inputs"], Float[np.ndarray, "rows"]]:
        """Random rows; the same seed gives the same rows, with and without noise.

        Parameters
        ----------
        rows : how many; the set's own number, else 1000, if None. A table gives at most as many
            as it has, each once.
        seed : of the random numbers.
        noise : standard deviation of Gaussian noise on y, in units of the standard deviation of y.

        Returns
        -------
        X of shape (rows, inputs) and y of shape (rows,), all finite, y of size below 1e150.

        Raises
        ------
        InputError
            If rows is not positive, noise negative, or the formula nowhere defined on its ranges.
        """
        rows = self.rows or _DEFAULT_ROWS if rows is None else rows
        if rows < 1 or not noise >= 0:
            raise InputError(
                f"{rows} rows with noise {noise} were asked for: give at least one row and a "
                "noise of zero or more."
            )
        for_rows, for_noise = (
            np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2)
        )
        X, y = self._rows(rows, for_rows)
        if noise > 0:
            y = y + noise * np.std(y) * for_noise.standard_normal(len(y))
        return X, y

    def _rows(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        if self.kind == "table":
            data = self.data()
            chosen = generator.permutation(len(data))[:rows]
            return data.X[chosen], data.y[chosen]
        if self.kind == "relations":
            return self._contrast(rows, generator)
        X = self._inputs(rows, generator)
        y = self.value(X)
        for _ in range(_ATTEMPTS):
            bad = ~(np.abs(y) < _LARGEST)
            if not bad.any():
                return X, y
            X[bad] = self._inputs(int(bad.sum()), generator)
            y[bad] = self.value(X[bad])
        raise InputError(
            f"Problem {self.name!r} has hardly a finite value on its ranges: narrow them."
        )

    def _inputs(self, rows: int, generator: np.random.Generator) -> np.ndarray:
        return np.column_stack(
            [self.ranges[name].draw(rows, generator) for name in self.inputs if name in self.ranges]
        )

    def _contrast(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Half the rows obey the relations (y = 1); in the others each column is shuffled."""
        from kansym.programs.program import evaluate
        from kansym.symbolic.formulas.parsing import parse
        from kansym.symbolic.formulas.sympy_programs import from_sympy

        free = [name for name in self.inputs if name in self.ranges]
        columns = dict(zip(free, self._inputs(rows, generator).T, strict=True))
        for name, text in self.relations.items():
            columns[name] = evaluate(from_sympy(parse(text, self.inputs)), columns)
        X = np.column_stack([columns[name] for name in self.inputs])
        shuffled = np.arange(rows) >= (rows + 1) // 2
        X[shuffled] = generator.permuted(X[shuffled], axis=0)
        order = generator.permutation(rows)
        return X[order], (~shuffled[order]).astype(np.float64)

    def data(self) -> ProblemData:
        """All rows of a table, in their order.

        Raises
        ------
        InputError
            If the problem is no table.
        """
        if self.table is None:
            raise InputError(f"Problem {self.name!r} is no table but drawn: use sample().")
        columns = (*self.inputs, self.output, self.uncertainty, self.group)
        return problem_table(self.table, self.name, columns, self.units)

    def held_out(self) -> "Problem":
        """The same problem on the ranges that its set tests on, which may reach further out."""
        return replace(self, ranges={**self.ranges, **self.test_ranges}, test_ranges={})

    def as_published(self) -> "Problem":
        """The same problem with the formula as first published, its errors included."""
        return (
            self
            if self.published is None
            else replace(self, formula=self.published, published=None)
        )

    def check_units(self) -> bool | None:
        """Whether the formula's dimensions agree with the units of inputs and output.

        Returns
        -------
        True; None if there is no formula or a unit is absent or in words.

        Raises
        ------
        InputError
            If the dimensions do not agree, with the part where they do not.
        """
        from kansym.problems.dimensions import dimension_of
        from kansym.shared.units import parse_unit

        if self.template is None:
            return None
        units = {**self.units, **{c: unit for c, (_, unit) in self.constants.items()}}
        try:
            known = {name: parse_unit(units[name]) for name in (*self._names(), self.output)}
        except (KeyError, InputError):
            return None
        found, expected = dimension_of(self.template, known), known[self.output]
        if found != expected:
            raise InputError(
                f"The formula of {self.name!r} gives {found}, but {self.output} is in {expected}: "
                "check the formula and the units."
            )
        return True

    def _names(self) -> list[str]:
        """Variables and constants that the formula really contains."""
        assert self.template is not None
        return sorted(symbol.name for symbol in self.template.free_symbols)  # pyright: ignore

    def __str__(self) -> str:
        what = f"{self.output} = {self.formula}" if self.formula else self.kind
        return f"{self.name} ({self.set}): {what}"
