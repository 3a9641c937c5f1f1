"""Doing the measurement: rows are added to files that a later call goes on with."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from kansym.shared.progress import ProgressCallback, progress_bar
from kansym.shared.whole_files import write_bytes
from kansym.studies.bench.loop import Work, run_benchmark
from kansym.studies.evidence.design import Step

__all__ = ["gather", "pack", "unpack"]


def gather(
    steps: Iterable[Step],
    folder: Path,
    *,
    jobs: int = 2,
    work: Work | None = None,
    progress: bool | ProgressCallback | None = None,
) -> None:
    """Do the runs that the files of a folder do not have; stopped, the same call goes on.

    Parameters
    ----------
    steps : of `kansym.studies.evidence.design.design`.
    folder : has a file of results for each kind of steps.
    jobs : runs at once.
    work : does the runs of other programs, see `kansym.studies.bench.run_benchmark`.
    progress : a callback, True or False for a bar, None for a bar on a terminal.
    """
    steps = list(steps)
    folder.mkdir(parents=True, exist_ok=True)
    asked, before = sum(len(step.runs) for step in steps), 0
    with progress_bar(progress, "evidence") as tell:
        for step in steps:
            path = folder / f"{step.file}.jsonl"
            told = _part_of(tell, step, before, asked)
            run_benchmark(step.runs, path, jobs=jobs, work=work, progress=told)
            before += len(step.runs)


def _part_of(tell: ProgressCallback, step: Step, before: int, asked: int) -> ProgressCallback:
    """The progress of a step as that of all."""

    def told(fraction: float, message: str) -> None:
        tell((before + fraction * len(step.runs)) / asked, f"{step.words}: {message}")

    return told


def pack(folder: Path, packed: Path) -> None:
    """Compress the files of results: the same rows give the same bytes."""
    packed.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.glob("*.jsonl")):
        rows = gzip.compress(file.read_bytes(), 9, mtime=0)
        write_bytes(packed / f"{file.name}.gz", rows, "the rows")


def unpack(packed: Path, folder: Path) -> None:
    """Lay out compressed files, where the folder does not have them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(packed.glob("*.jsonl.gz")):
        target = folder / file.stem
        if not target.exists():
            write_bytes(target, gzip.decompress(file.read_bytes()), "the rows")
