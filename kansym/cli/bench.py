"""``kansym bench``: in which networks the true formula is written, and which know it."""

import argparse
import os

from kansym.cli.arguments import names, positive, seconds
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
    runs = parser.add_argument_group("which runs")
    runs.add_argument(
        "--problems",
        type=names,
        required=True,
        metavar="SETS",
        help="names of sets or problems (see kansym problems), TOML or CSV files, by commas",
    )
    runs.add_argument(
        "--kinds",
        type=names,
        default=["kan", "mlp-silu"],
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
        default=[0.0],
        metavar="0,0.01",
        help="standard deviation of noise on y over that of y (0)",
    )
    each = parser.add_argument_group("what each run gets")
    each.add_argument("--limit", type=seconds, default=60.0, metavar="SECONDS", help="per run (60)")
    each.add_argument("--rows", type=positive, default=1000, help="rows to learn from (1000)")
    each.add_argument(
        "--equal",
        choices=("parameters", "accuracy"),
        default="parameters",
        help="what MLPs have in common with the KAN: as many parameters, or widened until the "
        "error on rows held out is at most twice the KAN's or the time is up (parameters)",
    )
    place = parser.add_argument_group("where runs are done")
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
    written = parser.add_argument_group("what is written")
    written.add_argument(
        "--out", default="results.jsonl", metavar="FILE", help="JSON lines (results.jsonl)"
    )
    written.add_argument("--quiet", action="store_true", help="draw no progress bar")


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Plan, run, say what came of it."""
    from kansym.studies.bench import Budget, checked_kinds, find_problems, plan, run_benchmark

    kinds = checked_kinds(options.kinds)
    if not options.problems:
        raise InputError("--problems names nothing: give sets, problems or files.")
    runs = plan(
        find_problems(options.problems)[:: options.every],
        kinds,
        range(options.seeds),
        options.noise,
        Budget(options.limit, options.rows, options.equal),
        options.readings,
    )
    kept.append(f"all finished runs in {options.out}")
    outcome = run_benchmark(
        runs,
        options.out,
        jobs=options.jobs,
        backend=options.backend,
        address=options.address,
        progress=False if options.quiet else None,
    )
    say(str(outcome))
    say(f"compare the kinds with: kansym compare {options.out}")
