"""The result of opening a network: formulas, how they were found, and how far to trust them."""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from kansym.documents.pictures import on_screen
from kansym.network.network import Network
from kansym.results import plots
from kansym.results.json_form import fields_from_json, result_to_json
from kansym.results.page import notebook_html
from kansym.results.parts import EdgeReport, Fidelity, FrontPoint, MeasuredRows, Provenance
from kansym.results.text import summary
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.printable_text import shortened
from kansym.shared.status import Finding
from kansym.shared.symbol_names import latex_name
from kansym.symbolic.formulas.class_boundaries import Boundary, boundaries
from kansym.symbolic.formulas.formula import Formula
from kansym.symbolic.measurements.formula_fit import FormulaFit, predicted_stderr
from kansym.symbolic.measurements.formula_fitting import fit_formula

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Extraction", "SupportsChoosing"]


_COUNTED = ("poisson", "binomial")
"""Losses that know the errors of the rows."""


@runtime_checkable
class SupportsChoosing(Protocol):
    """What a result was concluded from, so that its functions can be chosen again."""

    def fixed(self, edge: int, function: str) -> "SupportsChoosing": ...

    def forbidden(self, edge: int, function: str) -> "SupportsChoosing": ...

    def conclude(self) -> "Extraction": ...


@dataclass(frozen=True, eq=False)
class Extraction:
    """Formulas for the outputs of a network, with everything that supports them.

    Attributes
    ----------
    formulas : one per output, empty if the network is too large to read.
    front : Pareto front of error against complexity, simplest first.
    edges : per edge, the chosen function and its alternatives.
    network : the condensed network.
    fidelity, status, provenance : how good, what is doubtful, where from.
    data : the rows that it was found for, if numbers were given.
    """

    formulas: tuple[Formula, ...]
    front: tuple[FrontPoint, ...]
    edges: tuple[EdgeReport, ...]
    network: Network
    fidelity: Fidelity
    status: tuple[Finding, ...]
    provenance: Provenance
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    data: MeasuredRows | None = field(default=None, repr=False)
    evidence: SupportsChoosing | None = field(default=None, repr=False)

    @property
    def expr(self) -> Any:
        """The formula as a sympy expression; a tuple of them for several outputs."""
        expressions = tuple(formula.expr for formula in self._readable())
        return expressions[0] if len(expressions) == 1 else expressions

    @property
    def reading(self) -> str:
        """How the formula was read: by the ``"weights"``, the ``"function"`` or the ``"data"``."""
        readings = self.provenance.readings
        return readings[0].kind if readings else "weights"

    def _readable(self) -> tuple[Formula, ...]:
        """The formulas, or an error that says why there are none."""
        if not self.formulas:
            reason = self.status[0] if self.status else "the network was not read"
            raise InputError(f"There is no formula: {reason}")
        return self.formulas

    def predict(self, X: Any, *, return_std: bool = False) -> Any:
        """Values of the formula: (rows,) for one output, (rows, outputs) for several.

        Parameters
        ----------
        X : array of shape (rows, inputs), or a data frame with the columns by name.
        return_std : whether to return, as well, the standard errors that those of the constants
            cause, of the same shape; 0 where no constant was fitted, nan where errors are unknown.
        """
        values = _side_by_side([formula.predict(X) for formula in self._readable()])
        if not return_std:
            return values
        return values, _side_by_side([predicted_stderr(f, X) for f in self.formulas])

    def latex(self) -> str:
        """The formula in LaTeX, an equation per output."""
        pairs = zip(self.output_names, self._readable(), strict=True)
        return r" \\ ".join(f"{latex_name(name)} = {formula.latex()}" for name, formula in pairs)

    def boundaries(self, classes: Sequence[str] | None = None) -> tuple[Boundary, ...]:
        """Where a classifier is undecided between two classes, as equations in the inputs.

        Parameters
        ----------
        classes : names, in order; known if labels were given. With one class more than outputs,
            outputs are log-odds against the first; with as many, values before a softmax.

        Raises
        ------
        InputError
            If the classes are not known, or their number does not match the outputs.
        """
        named = self.provenance.classes if classes is None else classes
        if classes is None and not named:
            raise InputError("The classes are not known: name them, boundaries(['no', 'yes']).")
        return boundaries(self._readable(), named)

    def to_json(self) -> str:
        """The result as JSON text, which `from_json` and ``kansym report`` read."""
        return result_to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "Extraction":
        """Read a result back; nothing in the text is run.

        Raises
        ------
        InputError
            If the text is no result that `to_json` wrote.
        """
        return cls(**fields_from_json(text))

    def front_frame(self) -> "pd.DataFrame":
        """The Pareto front as a table, simplest first: figures, formula and constants of each."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "selected": point.selected,
                    "complexity": point.complexity,
                    "error": point.error,
                    "chi2": point.chi2,
                    "freedom": point.freedom,
                    "bic": point.bic,
                    "formula": "; ".join(map(str, point.formulas)),
                    "constants": {
                        constant.name: constant.value
                        for formula in point.formulas
                        for constant in formula.constants
                    },
                }
                for point in self.front
            ]
        )

    def pick(self, place: int) -> "Extraction":
        """The result with another formula of the front as its formula.

        Parameters
        ----------
        place : in `front` and `front_frame`, from 0.

        Raises
        ------
        InputError
            If there is no such place.
        """
        if not isinstance(place, int) or not 0 <= place < len(self.front):
            raise InputError(
                f"The front has no place {place!r}: give a number from 0 to {len(self.front) - 1}."
            )
        front = tuple(replace(p, selected=i == place) for i, p in enumerate(self.front))
        return replace(self, formulas=front[place].formulas, front=front)

    def refit(self, **settings: Any) -> FormulaFit:
        """The constants of the formula fitted again to all its rows.

        Parameters
        ----------
        settings : of `kansym.fit_formula`: ``profile=True`` for intervals by refitting,
            ``loss="huber"`` against outliers, ``loss="poisson"`` for counts, ``input_sigma=`` for
            errors of inputs, ``bounds=``, ``fixed=`` and the others.

        Raises
        ------
        InputError
            If there are several formulas, or no measured rows.
        """
        if self.data is None or len(self.formulas) != 1:
            raise InputError(
                "This result has no measured rows of one output to fit to: give y to extract or "
                "discover, or fit the formula by kansym.fit_formula."
            )
        counts = settings.keys() & {"weights", "covariance"} or settings.get("loss") in _COUNTED
        if self.data.sigma is not None and not counts:
            settings.setdefault("sigma", self.data.sigma)
        columns = dict(zip(self.input_names, self.data.X.T, strict=True))
        return fit_formula(self.formulas[0], columns, self.data.y[:, 0], **settings)

    def fix(self, edge: str | int, function: str) -> "Extraction":
        """The result with one edge's function chosen by hand; the rest is chosen anew.

        Parameters
        ----------
        edge : its position in `edges`, or ``"source -> target"``.
        function : name of a candidate in the library of the extraction.
        """
        return self.choose_again(fix=[(edge, function)])

    def forbid(self, edge: str | int, function: str) -> "Extraction":
        """The result with one function forbidden on one edge; the rest is chosen anew."""
        return self.choose_again(forbid=[(edge, function)])

    def choose_again(
        self,
        *,
        fix: Iterable[tuple[str | int, str]] = (),
        forbid: Iterable[tuple[str | int, str]] = (),
    ) -> "Extraction":
        """The result with several functions fixed or forbidden; the rest is chosen anew.

        Parameters
        ----------
        fix, forbid : pairs of an edge and a function, as in `fix`.

        Raises
        ------
        InputError
            For an edge or a function that is not there, with the nearest names.
        """
        fix, forbid = _pairs("fix", fix), _pairs("forbid", forbid)
        for edge, function in fix:
            if (self.position(edge), function) in {(self.position(e), f) for e, f in forbid}:
                raise InputError(f"{function!r} is both fixed and forbidden on {edge!r}: choose.")
        evidence = self._evidence()
        for edge, function in forbid:
            evidence = evidence.forbidden(self.position(edge), function)
        for edge, function in fix:
            evidence = evidence.fixed(self.position(edge), function)
        return evidence.conclude()

    def _evidence(self) -> SupportsChoosing:
        if self.evidence is None:
            raise InputError(
                "This result keeps no network to choose again on, as it came from a file or from "
                "rows: extract from the model."
            )
        return self.evidence

    def position(self, edge: str | int) -> int:
        """Position of an edge that is given by position or by name."""
        names = [report.name for report in self.edges]
        if isinstance(edge, int) and not isinstance(edge, bool) and 0 <= edge < len(names):
            return edge
        plain = str(edge).replace("→", "->")
        found = [
            position
            for position, name in enumerate(names)
            if name.replace(" ", "") == plain.replace(" ", "")
        ]
        if not found:
            raise InputError(f"There is no edge {edge!r}: {hint(plain, names)}.")
        return found[0]

    def __getstate__(self) -> dict[str, Any]:
        """The fields; evidence that holds what no file can, a function of the caller, is left."""
        state = dict(self.__dict__)
        try:
            pickle.dumps(self.evidence)
        except (AttributeError, TypeError, pickle.PicklingError):
            state["evidence"] = None
        return state

    def __repr__(self) -> str:
        said = [f"{n} = {f}" for n, f in zip(self.output_names, self.formulas, strict=False)]
        found = ", ".join(finding.status.name for finding in self.status) or "OK"
        return f"Extraction({shortened('; '.join(said) or 'no formula', 120)}; {found})"

    # Pictures: each takes axes of matplotlib, or makes new ones, and returns them -----------------

    def plot(self, ax: "Axes | None" = None, *, output: str | None = None) -> "Axes":
        """Data and curve for one input, data against formula for several.

        Parameters
        ----------
        ax : to draw on; new axes of pyplot unless given.
        output : which output to draw; needed where there are several.
        """
        with on_screen():
            return plots.plot(self, ax, output)

    def plot_partial(
        self, name: str, ax: "Axes | None" = None, *, output: str | None = None
    ) -> "Axes":
        """The formula along one input, the others at their medians, with what the rows leave."""
        with on_screen():
            return plots.plot_partial(self, name, ax, output)

    def plot_residuals(
        self, against: str | None = None, ax: "Axes | None" = None, *, output: str | None = None
    ) -> "Axes":
        """Data minus formula against an input, or against the formula if none is named."""
        with on_screen():
            return plots.plot_residuals(self, against, ax, output)

    def plot_front(self, ax: "Axes | None" = None) -> "Axes":
        """Error of the formulas on the front against their complexity."""
        with on_screen():
            return plots.plot_front(self, ax)

    def plot_network(self, ax: "Axes | None" = None) -> "Axes":
        """The network with a curve and its function on every edge."""
        with on_screen():
            return plots.plot_network(self, ax)

    def __str__(self) -> str:
        return summary(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return notebook_html(self)


def _side_by_side(columns: list[np.ndarray]) -> Float[np.ndarray, "rows *outputs"]:
    """One column as it is, several as a table."""
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)


def _pairs(name: str, given: Any) -> list[tuple[str | int, str]]:
    """Pairs of an edge and a function."""
    pairs = [] if isinstance(given, str) else list(given)
    if isinstance(given, str) or not all(
        isinstance(p, tuple | list) and len(p) == 2 for p in pairs
    ):
        raise InputError(
            f"{name}={given!r} is not usable: give pairs of an edge and a function, such as "
            "[('x1 -> y', 'sin')]."
        )
    return [(edge, function) for edge, function in pairs]
