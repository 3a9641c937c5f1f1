"""``kansym bench``: in which networks the true formula is written, and which know it."""

import argparse
import os

from kansym.cli.arguments import add_quiet, names, positive, seconds
from kansym.cli.console import say
from kansym.shared.errors import InputError

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "bench"
HELP = "measure in which networks the true formula is written, and which know it"
DESCRIPTION = (
    "Train every kind of network on every problem, read each in several ways, judge the formulas,\n"
    "and write one row per reading. By weights: what is written in it, unit by unit. By function:\n"
    "what it computes, the network alone being asked; function-data gives the targets as well.\n"
    "The kind discover is kansym discover itself, without a network trained beforehand.\n"
    "A run that hangs or fails is written down as failed and stops no other. Stopped, even by\n"
    "force, the same command goes on where it was."
)
EXAMPLE = "kansym bench --problems feynman --kinds kan,mlp-silu --seeds 3 --out results.jsonl"


_KINDS = (
    "kan, kan-dense, kan-as-mlp, kan-dense-as-mlp, mlp-form, mlp-relu, mlp-tanh, mlp-silu, discover"
)
"""Written out, since naming them from their table would load what trains them."""


def noises(text: str) -> list[float]:
    """Noise levels separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 0,0.01") from None


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    _add_choice_of_runs(parser.add_argument_group("which runs"))
    _add_limits(parser.add_argument_group("what each run gets"))
    _add_places(parser.add_argument_group("where runs are done"))
    written = parser.add_argument_group("what is written")
    written.add_argument(
        "--out", default="results.jsonl", metavar="FILE", help="JSON lines (results.jsonl)"
    )
    written.add_argument(
        "--page", metavar="REPORT", help="figures beside published ones; .html, .md or .tex"
    )
    add_quiet(written)


def _add_choice_of_runs(runs: argparse._ArgumentGroup) -> None:
    """Problems, kinds of network, readings, seeds, noise."""
    runs.add_argument(
        "--problems",
        type=names,
        metavar="SETS",
        help="names of sets or problems (see kansym problems), TOML or CSV files, by commas",
    )
    runs.add_argument(
        "--protocol",
        metavar="NAME",
        help="srbench, fastsrb or srsd: problems, rows, noise and rule as published; the kind is "
        "then discover unless others are named",
    )
    runs.add_argument(
        "--kinds",
        type=names,
        metavar="KINDS",
        help=f"of {_KINDS} (kan,mlp-silu)",
    )
    runs.add_argument(
        "--readings",
        type=names,
        default=["weights", "function"],
        metavar="READINGS",
        help="of weights, function, function-data (weights,function)",
    )
    runs.add_argument(
        "--every", type=positive, default=1, metavar="N", help="take one problem in N (1)"
    )
    runs.add_argument("--seeds", type=positive, default=1, help="number of seeds (1)")
    runs.add_argument(
        "--noise",
        type=noises,
        metavar="0,0.01",
        help="standard deviation of noise on y over that of y (0)",
    )


def _add_limits(each: argparse._ArgumentGroup) -> None:
    """Seconds and rows of a run, and what makes kinds equal."""
    each.add_argument("--limit", type=seconds, default=60.0, metavar="SECONDS", help="per run (60)")
    each.add_argument("--rows", type=positive, help="rows to learn from (1000)")
    each.add_argument(
        "--equal",
        choices=("parameters", "accuracy"),
        default="parameters",
        help="what MLPs have in common with the KAN: as many parameters, or widened until the "
        "error on rows held out is at most twice the KAN's or the time is up (parameters)",
    )


def _add_places(place: argparse._ArgumentGroup) -> None:
    """Processes, cluster."""
    place.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, help="runs at once (all cores)"
    )
    place.add_argument(
        "--backend",
        choices=("processes", "loky", "dask"),
        default="processes",
        help="where runs are done: processes of this machine, or workers of joblib (processes)",
    )
    place.add_argument("--address", metavar="TCP://HOST:PORT", help="of the Dask scheduler")


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Plan, run, say what came of it."""
    from kansym.studies.bench import Budget, checked_kinds, find_problems, plan, run_benchmark
    from kansym.studies.bench.protocols import load_protocol

    protocol = None if options.protocol is None else load_protocol(options.protocol)
    if not options.problems and protocol is None:
        raise InputError("--problems names nothing: give sets, problems or files.")
    if options.page and protocol is None:
        raise InputError(
            "--page sets figures beside those of a --protocol: give one, or use kansym compare."
        )
    if options.page:
        _check_page(options.page)
    problems = find_problems(options.problems) if options.problems else []
    kinds, noise, rows = ["kan", "mlp-silu"], [0.0], 1000
    if protocol is not None:
        judged = protocol.problems()
        problems = [one for one in judged if one in problems] if problems else judged
        kinds, noise = ["discover"], list(protocol.noise)
        rows = max(learnt for learnt, _ in protocol.sets.values())
    rows = rows if options.rows is None else options.rows
    budget = Budget(options.limit, rows, options.equal, options.protocol)
    runs = plan(
        problems[:: options.every],
        checked_kinds(options.kinds or kinds),
        range(options.seeds),
        noise if options.noise is None else options.noise,
        budget,
        options.readings,
    )
    kept.append(f"all finished runs in {options.out}")
    outcome = run_benchmark(
        runs,
        options.out,
        jobs=options.jobs,
        backend=options.backend,
        address=options.address,
        progress=options.progress,
    )
    say(str(outcome))
    if options.page:
        from kansym.documents.formats import write_document
        from kansym.studies.bench import read_results
        from kansym.studies.comparison.protocol_page import protocol_document

        records = read_results(options.out).records
        assert protocol is not None
        page = protocol_document(protocol, records, budget, options.jobs)
        kept.append(f"the page in {write_document(page, options.page)}")
    say(f"compare the kinds with: kansym compare {options.out}")


def _check_page(page: str) -> None:
    """Refuse a page that could not be written, before anything is done."""
    from kansym.documents.formats import format_of
    from kansym.shared.whole_files import check_place

    format_of(page)
    check_place(page)
