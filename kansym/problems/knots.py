r"""Knots: signature and hyperbolic invariants, computed from planar diagrams.

The signature of a knot with Seifert matrix :math:`V` is the number of positive minus the number
of negative eigenvalues of :math:`V + V^T`. For a hyperbolic knot the cusp of the complement, blown
up until it touches itself, is a flat torus with meridian :math:`\mu` (complex) and longitude
:math:`\lambda` (real): their lengths, the natural slope :math:`\mathrm{Re}(\lambda/\mu)`, the
volume and the Chern-Simons invariant are the inputs from which the signature is predicted
[1]_ [2]_.

A mirror image changes the sign of signature, slope, :math:`\mathrm{Re}\,\mu` and Chern-Simons
invariant and of nothing else. Signs follow KnotInfo: the left-handed trefoil of its table has
signature -2.

References
----------
.. [1] A. Davies et al., Nature 600 (2021) 70, doi:10.1038/s41586-021-04086-x
.. [2] C. Livingston, A. H. Moore, KnotInfo: Table of Knot Invariants, knotinfo.org;
   M. Culler, N. Dunfield, M. Goerner, J. Weeks, SnapPy, snappy.computop.org
"""

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from kansym.shared.errors import InputError, require
from kansym.shared.limited_work import limited_map
from kansym.shared.progress import ProgressCallback

__all__ = [
    "Diagram",
    "Knot",
    "build_knots",
    "determinant",
    "knotinfo_diagrams",
    "measure",
    "measure_topology",
    "mirror",
    "signature",
]

_NAN = math.nan
_PART_ROWS = 200
_COLUMNS = ("name", "pd_notation", "crossing_number", "alternating", "signature")


@dataclass(frozen=True)
class Diagram:
    """A knot as KnotInfo lists it: planar diagram code, and the signature to check against."""

    name: str
    crossings: int
    alternating: bool
    code: tuple[tuple[int, ...], ...]
    signature: int


@dataclass(frozen=True)
class Knot:
    """Invariants of one knot; geometric ones are nan for knots that are not hyperbolic.

    Lengths are in units of the hyperbolic metric; ``failure`` says why a computation ended.
    """

    name: str
    crossings: int
    alternating: bool
    signature: int | None = None
    determinant: int | None = None
    slope: float = _NAN
    volume: float = _NAN
    chern_simons: float = _NAN
    longitudinal_translation: float = _NAN
    meridional_translation_real: float = _NAN
    meridional_translation_imag: float = _NAN
    cusp_volume: float = _NAN
    symmetry_order: int | None = None
    failure: str | None = None

    @property
    def hyperbolic(self) -> bool:
        """Whether the complement has a complete hyperbolic structure."""
        return not math.isnan(self.volume)

    def __str__(self) -> str:
        geometry = f"volume {self.volume:.6f}" if self.hyperbolic else "not hyperbolic"
        return f"{self.name}: signature {self.signature}, {self.failure or geometry}"


def signature(seifert: Int[np.ndarray, "n n"]) -> int:
    r"""Signature of :math:`V + V^T`, the positive minus the negative eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> signature(np.array([[-1, 1], [0, -1]]))
    -2
    """
    if seifert.size == 0:
        return 0
    values = np.linalg.eigvalsh((seifert + seifert.T).astype(np.float64))
    # det(V + V^T) is odd for a knot: no eigenvalue is zero, and none is near it.
    return int(np.count_nonzero(values > 0)) - int(np.count_nonzero(values < 0))


def determinant(seifert: Int[np.ndarray, "n n"]) -> int:
    """Determinant of the knot, ``|det(V + V^T)|``, an odd number.

    Examples
    --------
    >>> import numpy as np
    >>> determinant(np.array([[-1, 1], [0, -1]]))
    3
    """
    return 1 if seifert.size == 0 else round(abs(np.linalg.det(seifert + seifert.T)))


def mirror(knot: Knot) -> Knot:
    """The mirror image: signature, slope, Re(meridian) and Chern-Simons change sign.

    Examples
    --------
    >>> mirror(Knot("5_2", 5, True, signature=-2, slope=-2.49)).slope
    2.49
    """
    return replace(
        knot,
        name=knot.name[1:] if knot.name.startswith("m") else f"m{knot.name}",
        signature=None if knot.signature is None else -knot.signature,
        slope=-knot.slope,
        chern_simons=-knot.chern_simons,
        meridional_translation_real=-knot.meridional_translation_real,
    )


def knotinfo_diagrams(max_crossings: int = 13) -> list[Diagram]:
    """Planar diagrams of the knots of KnotInfo, the unknot left out.

    Needs the package ``database_knotinfo`` (extra ``knots``).
    """
    package = require("database_knotinfo", "knots")
    path = Path(package.__path__[0]) / "csv_data" / "knotinfo_data_complete.csv"
    diagrams = [d for d in _rows(path) if d.crossings <= max_crossings]
    if not diagrams:
        raise InputError(
            f"No knot has at most {max_crossings} crossings: give max_crossings=3 or more."
        )
    return diagrams


def _rows(path: Path) -> Iterator[Diagram]:
    """Diagrams of the table of KnotInfo; below its header stand the headings of its columns."""
    table = pd.read_csv(path, sep="|", usecols=list(_COLUMNS), dtype=str, skiprows=[1])
    for row in table.dropna(subset=["pd_notation"])[list(_COLUMNS)].to_numpy():
        name, code, crossings, alternating, value = row
        crossing_codes = tuple(map(tuple, json.loads(code)))
        yield Diagram(name, int(crossings), alternating == "Y", crossing_codes, int(value))


def measure(diagram: Diagram) -> Knot:
    """Compute the invariants of one knot with spherogram and SnapPy, about 10 ms.

    Some diagrams crash SnapPy, and with it the process: `build_knots` calls this in isolation.
    """
    require("snappy", "knots")
    return replace(measure_topology(diagram), **_geometry(_link(diagram).exterior()))


def measure_topology(diagram: Diagram) -> Knot:
    """Signature and determinant only, from the Seifert matrix."""
    # KnotInfo reads planar diagram codes as the mirror image of spherogram's convention.
    seifert = -np.array(_link(diagram).seifert_matrix(), dtype=np.int64)
    bare = Knot(diagram.name, diagram.crossings, diagram.alternating)
    return replace(bare, signature=signature(seifert), determinant=determinant(seifert))


def _link(diagram: Diagram) -> Any:
    codes = [list(crossing) for crossing in diagram.code]
    return require("spherogram", "knots").Link(codes)


def _geometry(manifold: Any) -> dict[str, Any]:
    """Hyperbolic invariants, or nothing for a complement without hyperbolic structure."""
    if not _is_hyperbolic(manifold):
        return {}
    cusp = manifold.cusp_neighborhood()
    cusp.set_displacement(cusp.stopping_displacement())
    meridian, longitude = (complex(translation) for translation in cusp.translations())
    return {
        "slope": (longitude / meridian).real,
        "volume": float(manifold.volume()),
        "chern_simons": float(manifold.chern_simons()),
        "longitudinal_translation": longitude.real,
        "meridional_translation_real": meridian.real,
        "meridional_translation_imag": meridian.imag,
        "cusp_volume": float(cusp.volume()),
        "symmetry_order": int(manifold.symmetry_group().order()),
    }


def _is_hyperbolic(manifold: Any) -> bool:
    """A positively oriented solution, sought in a few triangulations."""
    for _ in range(50):
        if manifold.solution_type() == "all tetrahedra positively oriented":
            return True
        manifold.randomize()
    return False


def build_knots(
    cache: str | os.PathLike[str],
    *,
    max_crossings: int = 13,
    processes: int = 2,
    limit: float = 60.0,
    diagrams: Sequence[Diagram] | None = None,
    progress: ProgressCallback | None = None,
) -> list[Knot]:
    """Invariants of all knots of KnotInfo up to a number of crossings, kept as parquet files.

    The work is spread over processes. A knot that crashes SnapPy or takes too long is recorded
    with its ``failure``, and the others go on; a build that is killed goes on where it was.

    Parameters
    ----------
    cache : folder of the parquet files; made if absent.
    max_crossings : KnotInfo ends at 13.
    processes : number of worker processes.
    limit : seconds that one knot may take.
    diagrams : knots to measure; those of KnotInfo if None.
    progress : called with the fraction done and the last knot's name.

    Returns
    -------
    One `Knot` per diagram, in the order of the diagrams.

    Raises
    ------
    MissingPackageError
        If ``snappy``, ``spherogram``, ``database_knotinfo`` or ``pyarrow`` is absent.
    InputError
        If the cache cannot be written.
    """
    for package in ("snappy", "spherogram"):
        # The workers import them; this process only makes sure that they can.
        if find_spec(package) is None:
            require(package, "knots")
    if diagrams is None:
        diagrams = knotinfo_diagrams(max_crossings)
    folder = Path(cache)
    done = {knot.name: knot for knot in _cached(folder)}
    todo = [diagram for diagram in diagrams if diagram.name not in done]
    for part in _in_parts(_measured(todo, processes, limit)):
        _keep(folder, part)
        done |= {knot.name: knot for knot in part}
        if progress is not None:
            progress(len(done) / len(diagrams), part[-1].name)
    return [done[diagram.name] for diagram in diagrams]


def _measured(diagrams: Sequence[Diagram], processes: int, limit: float) -> Iterator[Knot]:
    """Each knot as soon as it is known; last those for which SnapPy failed."""
    failed: list[tuple[Diagram, str]] = []
    for outcome in limited_map(measure, diagrams, processes=processes, limit=limit):
        if outcome.failure is None:
            yield outcome.value
        else:
            failed.append((diagrams[outcome.index], outcome.failure))
    again = limited_map(
        measure_topology, [diagram for diagram, _ in failed], processes=processes, limit=limit
    )
    for outcome in again:
        diagram, failure = failed[outcome.index]
        bare = Knot(diagram.name, diagram.crossings, diagram.alternating)
        yield replace(outcome.value or bare, failure=failure)


def _in_parts(knots: Iterable[Knot]) -> Iterator[list[Knot]]:
    iterator = iter(knots)
    while part := list(islice(iterator, _PART_ROWS)):
        yield part


def _cached(folder: Path) -> Iterator[Knot]:
    parquet = require("pyarrow.parquet", "knots")
    for path in sorted(folder.glob("part-*.parquet")):
        yield from (Knot(**row) for row in parquet.read_table(path).to_pylist())


def _keep(folder: Path, knots: Iterable[Knot]) -> None:
    """Write one part: complete under its final name, or not there at all."""
    rows = [asdict(knot) for knot in knots]
    if not rows:
        return
    arrow, parquet = require("pyarrow", "knots"), require("pyarrow.parquet", "knots")
    target = folder / f"part-{rows[0]['name']}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        parquet.write_table(arrow.Table.from_pylist(rows), partial)
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"The knot cache {folder} cannot be written ({error.strerror}): "
            "give a folder on a disk with room. Parts written so far are kept."
        ) from error
