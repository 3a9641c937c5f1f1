"""Running claims: pieces of work in parallel, kept as they finish, judged at the end."""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kansym.shared.errors import InputError
from kansym.shared.limited_work import limited_map
from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.versions import versions
from kansym.studies.claims.claim import Claim, Effort, Row, Ruling, Settings, Verdict
from kansym.studies.claims.finished_pieces import FORMAT, FinishedPiece, FinishedPieces, key_of
from kansym.studies.claims.registry import CLAIMS

__all__ = ["ClaimResult", "ClaimsReport", "finished_claims", "run_claims"]


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its verdict.

    Attributes
    ----------
    pieces, failures : pieces of work, and why some of them gave no figures.
    seconds : of processor time, over all pieces, those from a results file included.
    """

    claim: Claim
    ruling: Ruling
    pieces: int
    failures: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        return f"{self.claim.identifier} {self.claim.title}: {self.ruling}"


@dataclass(frozen=True)
class ClaimsReport:
    """All claims that were tested, and how.

    Attributes
    ----------
    seconds : from start to end on the clock, of this call.
    reused : pieces of work that came from the results file.
    """

    results: tuple[ClaimResult, ...]
    effort: Effort
    seconds: float
    reused: int
    versions: dict[str, str]

    def __str__(self) -> str:
        return "\n".join(str(result) for result in self.results)

    def __getitem__(self, identifier: str) -> ClaimResult:
        """The result of one claim, by its identifier."""
        return next(r for r in self.results if r.claim.identifier == identifier)


def run_claims(
    claims: Iterable[Claim] | None = None,
    *,
    effort: Effort = Effort.QUICK,
    results: str | Path | None = None,
    jobs: int = 2,
    progress: bool | ProgressCallback | None = None,
) -> ClaimsReport:
    """Test claims about KANs and MLPs by running them.

    Parameters
    ----------
    claims : which; all by default.
    effort : how much is run.
    results : JSON-lines file of finished pieces; an interrupted run goes on where it was.
    jobs : pieces that run at the same time, each in a process of its own; 1 runs them here.
    progress : a callback, True or False for a bar, None for a bar on a terminal.

    Raises
    ------
    InputError
        If ``jobs`` is below 1, or the results file cannot be used.

    Examples
    --------
    >>> report = run_claims([CLAIMS["C1"]], effort=Effort.TRIAL, jobs=1)
    >>> print(report)
    C1 Lines and ReLUs: holds
    """
    if jobs < 1:
        raise InputError(f"jobs={jobs} is too few: give at least 1.")
    started = time.perf_counter()
    chosen = tuple(CLAIMS.values() if claims is None else claims)
    plan = [(claim, settings) for claim in chosen for settings in claim.plan(effort)]
    with FinishedPieces(results) as file, progress_bar(progress, "kansym claims") as tell:
        finished, reused = _finish(plan, file, jobs, tell)
    return ClaimsReport(
        tuple(_judged(claim, finished.get(claim.identifier, [])) for claim in chosen),
        effort,
        time.perf_counter() - started,
        reused,
        versions(),
    )


def _finish(
    plan: Sequence[tuple[Claim, Settings]], file: FinishedPieces, jobs: int, tell: ProgressCallback
) -> tuple[dict[str, list[FinishedPiece]], int]:
    """All pieces of the plan by claim, from the file or from work done now, in the plan's order."""
    keys = [key_of(*pair) for pair in plan]
    done = {key: stored for key in keys if (stored := file.get(key)) is not None}
    reused, asked = len(done), len(set(keys))
    # The last claims have the longest pieces: with them first, no process is left alone at the end.
    missing = {key: pair for key, pair in zip(keys, plan, strict=True) if key not in done}
    left = list(missing.values())[::-1]
    for claim, piece in _worked(left, jobs):
        key = key_of(claim, piece.settings)
        done[key] = piece
        file.add(key, piece)
        tell(len(done) / asked, f"{claim.identifier}, {len(done)} of {asked} pieces")
    by_claim: dict[str, list[FinishedPiece]] = {}
    for (claim, _), key in zip(plan, keys, strict=True):
        by_claim.setdefault(claim.identifier, []).append(done[key])
    return by_claim, reused


def _worked(
    left: Sequence[tuple[Claim, Settings]], jobs: int
) -> Iterator[tuple[Claim, FinishedPiece]]:
    """The pieces as they finish."""
    items = [(claim.identifier, claim.measure, settings) for claim, settings in left]
    if jobs == 1 or len(left) < 2:
        for (claim, _), item in zip(left, items, strict=True):
            yield claim, _work(item)
        return
    for done in limited_map(_work, items, processes=jobs, limit=math.inf):
        claim, settings = left[done.index]
        lost = FinishedPiece(claim.identifier, settings, None, done.failure, done.seconds)
        yield claim, done.value or lost


def _work(item: tuple[str, Callable[[Settings], Row], Settings]) -> FinishedPiece:
    """One piece; a failure is a result of its own and never stops the others."""
    identifier, measure, settings = item
    started = time.process_time()
    row, failure = None, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a network overflows on is in the figures
            row = measure(settings)
    except Exception as error:  # noqa: BLE001 - recorded, and named on the page
        failure = f"{type(error).__name__}: {str(error)[:300]}"
    return FinishedPiece(identifier, settings, row, failure, time.process_time() - started)


def finished_claims(path: str | Path, effort: Effort) -> list[ClaimResult]:
    """Verdicts on the claims of which a file has every piece; nothing is run.

    Parameters
    ----------
    path : file of finished pieces, compressed or not, of any version of kansym.
    effort : whose pieces are asked for.
    """
    found = {key: piece for _, key, piece in FORMAT.read(path).rows if piece.failure is None}
    results = []
    for claim in CLAIMS.values():
        keys = [key_of(claim, settings) for settings in claim.plan(effort)]
        if keys and all(key in found for key in keys):
            results.append(_judged(claim, [found[key] for key in keys]))
    return results


def _judged(claim: Claim, pieces: Sequence[FinishedPiece]) -> ClaimResult:
    """The verdict from the pieces that gave figures."""
    rows = [piece.settings | piece.row for piece in pieces if piece.row is not None]
    failures = tuple(
        f"{key_of(claim, piece.settings)}: {piece.failure}" for piece in pieces if piece.failure
    )
    ruling = Ruling(Verdict.UNDECIDED, (), remarks=("No piece of work was finished.",))
    if rows:
        ruling = claim.judge(rows)
    seconds = math.fsum(piece.seconds for piece in pieces)
    return ClaimResult(claim, ruling, len(pieces), failures, seconds)
