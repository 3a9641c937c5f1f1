"""The recovery benchmark: problems x kinds of network x seeds x noise, one row for each run.

`plan` makes the runs, `run_benchmark` does them and writes a results file, `read_results` reads it;
`kansym.studies.comparison.comparison` turns it into an answer.
"""

from kansym.studies.bench.kind_names import KIND_NAMES, checked_kinds
from kansym.studies.bench.loop import Outcome, run_benchmark
from kansym.studies.bench.record import Record
from kansym.studies.bench.results_file import Results, ResultsFile, read_results
from kansym.studies.bench.runs import Budget, Key, Like, Run, find_problems, plan

__all__ = [
    "KIND_NAMES",
    "Budget",
    "Key",
    "Like",
    "Outcome",
    "Record",
    "Results",
    "ResultsFile",
    "Run",
    "checked_kinds",
    "find_problems",
    "plan",
    "read_results",
    "run_benchmark",
]
