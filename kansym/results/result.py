"""The result of opening a network: formulas, how they were found, and how far to trust them."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from kansym.network.network import Edge, Network
from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.shared.progress import ProgressCallback
from kansym.shared.status import Finding
from kansym.symbolic.fitting.edge_fit import EdgeFit
from kansym.symbolic.formulas.formula import Formula, latex_name
from kansym.symbolic.library.library import LIBRARY, Library

if TYPE_CHECKING:
    from kansym.extraction.evidence import Evidence
    from kansym.symbolic.engines import Engine
    from kansym.symbolic.formulas.class_boundaries import Boundary

__all__ = ["EdgeReport", "Extraction", "Fidelity", "FrontPoint", "Provenance", "extract"]


@dataclass(frozen=True)
class FrontPoint:
    """A formula on the Pareto front of error against complexity.

    Attributes
    ----------
    formulas : one per output.
    complexity : bits.
    error : root-mean-square error against the judge over the spread of the output.
    selected : whether this is the formula of the result.
    """

    formulas: tuple[Formula, ...]
    complexity: float
    error: float
    selected: bool = False


@dataclass(frozen=True)
class EdgeReport:
    """What was found on one edge.

    Attributes
    ----------
    edge : the traced edge with its curve.
    fit : the chosen function with its own best constants; None if the edge stays a curve.
    alternatives : other functions that fit, best first.
    margin : bits by which the chosen function leads the best of another kind.
    finding : what is doubtful about it, if anything.
    """

    edge: Edge
    fit: EdgeFit | None
    alternatives: tuple[EdgeFit, ...]
    margin: float
    finding: Finding | None = None

    @property
    def name(self) -> str:
        """The edge as ``source -> target``."""
        return f"{self.edge.source} -> {self.edge.target}"

    def __str__(self) -> str:
        return f"{self.name}: {self.fit if self.fit is not None else 'no library function'}"


@dataclass(frozen=True)
class Fidelity:
    """How well the formula agrees with the network and with the data, on unused rows if any.

    Attributes
    ----------
    judge : ``"data"`` or ``"network"``: what the choice was made by.
    rows, held_out_rows : rows used for the choice, and rows on which these figures were made.
    rmse_network, r2_network : formula against network; the error in units of the output.
    rmse_data, r2_data : formula against data, if data were given.
    noise : spread of the residual of the data, relative to the spread of the output.
    right, right_network : share of rows that formula and network put in the right class, if the
        labels of classes were given.
    """

    judge: str
    rows: int
    held_out_rows: int
    rmse_network: float
    r2_network: float
    rmse_data: float | None = None
    r2_data: float | None = None
    noise: float | None = None
    right: float | None = None
    right_network: float | None = None


@dataclass(frozen=True)
class Provenance:
    """Where a result came from, enough to make it again."""

    model: str
    parameters: int
    settings: dict[str, Any]
    versions: dict[str, str]
    seconds: dict[str, float]
    seed: int
    created: str
    references: tuple[str, ...] = ()


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
    evidence: "Evidence | None" = field(default=None, repr=False)

    @property
    def expr(self) -> Any:
        """The formula as a sympy expression; a tuple of them for several outputs."""
        expressions = tuple(formula.expr for formula in self._readable())
        return expressions[0] if len(expressions) == 1 else expressions

    def _readable(self) -> tuple[Formula, ...]:
        """The formulas, or an error that says why there are none."""
        if not self.formulas:
            reason = self.status[0] if self.status else "the network was not read"
            raise InputError(f"There is no formula: {reason}")
        return self.formulas

    def predict(self, X: Any) -> Float[np.ndarray, "rows *outputs"]:
        """Values of the formula: (rows,) for one output, (rows, outputs) for several.

        Parameters
        ----------
        X : array of shape (rows, inputs), or a data frame with the columns by name.
        """
        columns = [formula.predict(X) for formula in self._readable()]
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)

    def latex(self) -> str:
        """The formula in LaTeX, an equation per output."""
        pairs = zip(self.output_names, self._readable(), strict=True)
        return r" \\ ".join(f"{latex_name(name)} = {formula.latex()}" for name, formula in pairs)

    def boundaries(self, classes: Sequence[str] | None = None) -> "tuple[Boundary, ...]":
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
        from kansym.symbolic.formulas.class_boundaries import boundaries

        named = self.provenance.settings.get("classes") if classes is None else classes
        if named is None:
            raise InputError("The classes are not known: name them, boundaries(['no', 'yes']).")
        return boundaries(self._readable(), named)

    def to_json(self) -> str:
        """The result as JSON text, which `from_json` and ``kansym report`` read."""
        from kansym.results.json_form import result_to_json

        return result_to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "Extraction":
        """Read a result back; nothing in the text is run.

        Raises
        ------
        InputError
            If the text is no result that `to_json` wrote.
        """
        from kansym.results.json_form import result_from_json

        return result_from_json(text)

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

    def _evidence(self) -> "Evidence":
        if self.evidence is None:
            raise InputError(
                "This result was read from a file, which keeps no network to choose again on: "
                "extract from the model."
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

    def __str__(self) -> str:
        from kansym.results.text import summary

        return summary(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        from kansym.results.report import notebook_html

        return notebook_html(self)


def extract(  # noqa: PLR0913 - the settings of extraction, all by keyword
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    loss: Literal["squared", "cross-entropy"] = "squared",
    library: Library = LIBRARY,
    budget: float = 60.0,
    accuracy: float | None = None,
    tolerance: float | None = None,
    held_out: float = 0.2,
    seed: int = 0,
    constants: Sequence[str] = (),
    engine: "str | Engine | None" = "pairs",
    progress: bool | ProgressCallback | None = None,
) -> Extraction:
    """Open a trained network of any kind and read a formula off it.

    The model is traced to a network of univariate curves; every curve is fitted with every
    function of the library; functions are chosen together, by the error of the whole formula; all
    constants are refined, recognised where the error allows, and the formula is simplified and
    checked on rows that were not used.

    Parameters
    ----------
    model : a `KAN`, an `MLP`, a ``torch.nn.Sequential``, or any model that a reader opens.
    X : inputs (rows, inputs) on which to read it; a KAN and an MLP of kansym remember some of
        their own.
    y : targets (rows,) or (rows, outputs); if given, the data judge the formula, otherwise the
        network does.
    loss : ``"cross-entropy"`` if y are the labels of classes, and the outputs of the network the
        log-odds of all classes but the first against the first, as `train` makes them.
    library : the functions to try.
    budget : seconds after which the best formula so far is returned.
    accuracy : error over the spread of the output that is not worth explaining: the error of a
        measurement, or of a law that holds approximately; by default close to rounding.
    tolerance : up to which relative difference hidden units are merged, see `kansym.trace`.
    held_out : share of the rows kept for the final check.
    seed : of the split of the rows.
    constants : names of physical constants to recognise, as in ``scipy.constants``.
    engine : a search engine for edges that no function of the library explains: ``"pairs"``,
        which tries sums and products of two of its functions (and, beside the standard library,
        physical and special ones), ``"operon"``, ``"pysr"`` or an `Engine`; None leaves them
        curves. What it finds is refined like library functions, within the same budget; a finding
        names the edge.
    progress : True or False for a bar, or a callback; by default a bar on a terminal.

    Returns
    -------
    `Extraction`. The model, global random numbers and the file system stay as they were.

    Raises
    ------
    InputError
        For data that do not fit the model, or a model that was never trained and no X.
    MissingPackageError
        If the engine is not installed, before anything else is done.

    Examples
    --------
    >>> from kansym.neural.models.kan import KAN
    >>> from kansym.neural.training.training import train
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (500, 2))
    >>> model = KAN([2, 1], seed=0)
    >>> history = train(model, X, np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    >>> extract(model).expr
    x2**2 + sin(pi*x1)
    """
    from kansym.extraction.evidence import gather
    from kansym.symbolic.engines import Pairs, engine_named

    started = time.monotonic()
    _check_settings(loss, library, constants, seed)
    for name, value, least in (
        ("budget", budget, 0.0),
        ("accuracy", accuracy or None, 0.0),
        ("tolerance", tolerance, None),
        ("held_out", held_out, None),
    ):
        _check_number(name, value, least)
    searching = Pairs.beside(library) if engine == "pairs" else engine_named(engine)
    settings = {
        "library": len(library),
        "budget": budget,
        "accuracy": accuracy,
        "tolerance": tolerance,
        "held_out": held_out,
        "seed": seed,
        "constants": list(constants),
    }
    if loss != "squared":
        settings["loss"] = loss
    if searching is not None:
        settings["engine"] = searching.name
    evidence = gather(
        model, X, y, library=library, settings=settings, progress=progress, engine=searching
    )
    return evidence.conclude(spent=time.monotonic() - started)


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


def _check_settings(loss: Any, library: Any, constants: Any, seed: Any) -> None:
    """Refuse what is no loss, no library, no names or no seed."""
    if loss not in ("squared", "cross-entropy"):
        raise InputError(f"loss={loss!r} is not known: use 'squared' or 'cross-entropy'.")
    if not isinstance(library, Library):
        raise InputError(
            f"library is a {type(library).__name__}, expected a Library: give one such as "
            "kansym.LIBRARY + kansym.Candidate(name, formula), or kansym.Library([...])."
        )
    if isinstance(constants, str):
        raise InputError(f"constants={constants!r} is one text: give names, [{constants!r}].")
    if not isinstance(seed, Integral) or seed < 0:
        raise InputError(f"seed={seed!r} is not usable: give a whole number of at least 0.")


def _check_number(name: str, value: Any, least: float | None) -> None:
    """Refuse what is no finite number, or not above the least; None is for a default."""
    if value is None and name != "budget":
        return
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else np.nan
    if not np.isfinite(number) or (least is not None and number <= least):
        above = "" if least is None else f" above {least:g}"
        raise InputError(f"{name}={value!r} is not usable: give a finite number{above}.")
