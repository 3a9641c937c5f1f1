"""The record of one run: a row of the results."""

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from kansym.shared.errors import InputError
from kansym.shared.versions import versions
from kansym.studies.bench.reading_names import WEIGHTS, readings_of
from kansym.studies.bench.runs import Key, Run

__all__ = ["Record", "failed"]


@dataclass(frozen=True)
class Record:
    """What came of one run; a figure that does not apply is None.

    Attributes
    ----------
    problem, set, kind, seed, noise : which run.
    status : ``ok`` or ``failed``; `reason` then says why.
    recovered : whether either check finds the formula; None if the truth has no formula.
    recovered_symbolic : SRBench's rule; None if algebra came to no end.
    recovered_numerical : whether formula and truth agree at random points.
    strict : the published rule of the protocol, SRBench's where there is none: nothing refitted,
        and what algebra cannot decide does not count; earlier files do not have it.
    difference : largest difference at these points, over the spread of the truth.
    r2, rmse : formula against the truth on unused rows; rmse in units of the output.
    network_r2, network_rmse : the same for the network.
    validation : the network's error on rows held out of training, over the spread of y.
    equal : what the network has in common with the KAN; None if it was not sized by one.
    fidelity : R² of the formula against the network.
    gradient_error : of the network's gradient against the truth's: root mean square over root
        mean square, every input in units of its spread.
    complexity, truth_complexity : bits.
    parameters : of the network. Absent edges of a KAN do not count.
    network, widths : its shape in words, and nodes per layer; where the law came from, if no
        network was read.
    train_seconds, extract_seconds, seconds : wall clock of training, of reading, and of all,
        judging included; readings of one network share its training.
    findings : names of what the extraction noticed.
    formula, form : as text; `form` is the formula with every measured number replaced by c.
    truth : the true formula as text.
    versions : of the software.
    reading : how the network was read; earlier files do not say, since there was one way.

    Examples
    --------
    >>> Record("P", "mine", "kan", 0, 0.0, "ok", recovered=True).key
    Key(problem='P', kind='kan', seed=0, noise=0.0, reading='weights')
    """

    problem: str
    set: str
    kind: str
    seed: int
    noise: float
    status: str
    reason: str | None = None
    recovered: bool | None = None
    recovered_symbolic: bool | None = None
    recovered_numerical: bool | None = None
    difference: float | None = None
    r2: float | None = None
    rmse: float | None = None
    network_r2: float | None = None
    network_rmse: float | None = None
    validation: float | None = None
    equal: str | None = None
    fidelity: float | None = None
    gradient_error: float | None = None
    complexity: float | None = None
    truth_complexity: float | None = None
    parameters: int | None = None
    network: str | None = None
    widths: tuple[int, ...] | None = None
    train_seconds: float | None = None
    extract_seconds: float | None = None
    seconds: float | None = None
    findings: tuple[str, ...] = ()
    formula: str | None = None
    form: str | None = None
    truth: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    reading: str = WEIGHTS
    strict: bool | None = None

    @property
    def key(self) -> Key:
        """Name of the run."""
        return Key(self.problem, self.kind, self.seed, self.noise, self.reading)

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON; numbers that are not finite become None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_data(cls, data: Any) -> "Record":
        """Read plain data back.

        Raises
        ------
        InputError
            If the data are no record, or of another version.

        Examples
        --------
        >>> record = Record("P", "mine", "kan", 0, 0.0, "ok", widths=(2, 1))
        >>> Record.from_data(record.to_data()) == record
        True
        """
        known = {one.name for one in fields(cls)}
        needed = {"problem", "set", "kind", "seed", "noise", "status"}
        if not isinstance(data, dict) or not needed <= set(data) <= known:
            raise InputError("This is no row of results that kansym bench wrote.")
        given = dict(data)
        if given.get("widths") is not None:
            given["widths"] = tuple(given["widths"])
        given["findings"] = tuple(given.get("findings", ()))
        given.setdefault("reading", readings_of(given["kind"], [WEIGHTS])[0])
        return cls(**given)


def failed(run: Run, reason: str, seconds: float | None = None) -> Record:
    """The record of a run that came to nothing.

    Examples
    --------
    >>> from kansym.problems.catalogue import load_problem
    >>> failed(Run(load_problem("Nguyen-1"), "kan", 0, 0.0), "no result within 60 s").status
    'failed'
    """
    problem = run.problem
    return Record(
        problem.name,
        problem.set,
        run.kind,
        run.seed,
        run.noise,
        "failed",
        reason,
        recovered=None if problem.formula is None else False,
        strict=None if problem.formula is None else False,
        seconds=seconds,
        truth=problem.formula,
        versions=versions(),
        reading=run.reading,
    )
