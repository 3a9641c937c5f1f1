"""``kansym fit``: train a KAN on a table and read its formula."""

import argparse
from typing import Any

from kansym.cli.arguments import (
    Arguments,
    add_engine,
    add_groups,
    add_inputs,
    add_outputs,
    add_seed,
    add_sigma,
    bits,
    engine_of,
    groups_and_inputs,
    names,
    numbers,
    positive,
    seconds,
    sigma_and_inputs,
    units,
    widths,
)
from kansym.cli.choices import add_choices, check_choices, chosen_again
from kansym.cli.console import complain, say
from kansym.cli.outputs import check_outputs, write_outputs
from kansym.shared.deadline import Deadline
from kansym.shared.errors import InputError

__all__ = ["ALIASES", "DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME, ALIASES = "fit", ("discover",)
HELP = "find a formula for a column of a table"
DESCRIPTION = (
    "Train a Kolmogorov-Arnold network on a table and read the formula off it. The table has a\n"
    "header line and numbers; lines that start with # are skipped; v [m/s] is v in m/s.\n"
    "What you know of the formula goes into --start, its unknown parts as ?(...):\n"
    '  kansym fit data.csv --target z --start "a*exp(-x**2/b) + ?(y)" --constants a=2,b=1\n'
    "A column of classes gives formulas of log-odds and the boundaries between the classes:\n"
    "  kansym fit flowers.csv --target species --classes"
)
EXAMPLE = "kansym fit data.csv --target y --inputs a,b --out report.html"

# Share of a time budget that training may use; the rest is for reading the formula.
_TRAINING_SHARE = 0.6


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    _add_table(parser.add_argument_group("the table"))
    _add_network(parser.add_argument_group("the network"))
    _add_formula(parser.add_argument_group("the formula"))
    written = parser.add_argument_group("what is written")
    written.add_argument("--save", metavar="MODEL.safetensors", help="write the trained network")
    add_outputs(written)


def _add_table(table: Arguments) -> None:
    """The rows, and what is known of their columns."""
    table.add_argument(
        "data", metavar="DATA", help="CSV, TSV, .dat, Excel or parquet; - is the standard input"
    )
    table.add_argument("--target", required=True, metavar="Y", help="column to explain")
    add_inputs(table)
    add_sigma(table)
    add_groups(table)
    table.add_argument(
        "--units",
        type=units,
        metavar="L=m,T=s",
        help="units of columns whose names have none; laws that they forbid are left out",
    )
    table.add_argument(
        "--classes", action="store_true", help="the column holds classes, numbers or text"
    )


def _add_network(network: Arguments) -> None:
    """The shape that is trained."""
    network.add_argument(
        "--width",
        metavar="2,5,1",
        help="train this shape alone: nodes per layer, inputs first; 3+1: 3 sum, 1 product nodes",
    )
    network.add_argument(
        "--start",
        metavar="FORMULA",
        help='a formula with unknown parts, such as "a*exp(-x**2/b) + ?(y)"; its shape is kept',
    )
    network.add_argument(
        "--constants",
        type=numbers,
        default={},
        metavar="A=2,B=1",
        help="where the constants of --start begin; 1 unless given",
    )
    network.add_argument("--grid", type=positive, default=5, help="intervals per spline (5)")
    network.add_argument("--degree", type=positive, default=3, help="degree of the splines (3)")
    add_seed(network)


def _add_formula(formula: Arguments) -> None:
    """What the formula may be, and how long it is sought."""
    formula.add_argument(
        "--budget", type=seconds, metavar="SECONDS", help="time limit for training and reading"
    )
    add_engine(formula)
    formula.add_argument(
        "--max-complexity", type=bits, metavar="BITS", help="longest formula that may be the result"
    )
    formula.add_argument(
        "--required", type=names, metavar="A,B", help="inputs that the formula has to contain"
    )
    formula.add_argument(
        "--seeds",
        type=positive,
        default=1,
        metavar="N",
        help="search N times within the budget and say how far the searches agree (1)",
    )
    formula.add_argument(
        "--loss",
        choices=("robust", "huber", "squared"),
        default="robust",
        help="leave rows out that contradict all others (robust), and let those that are far off "
        "count less as well (huber), or count every row",
    )
    add_choices(formula)


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Read, train, extract, write."""
    from kansym.shared.table_files import read_table

    shape = widths(options.width) if options.width else None
    _check_together(options)
    check_outputs(options, options.data)
    check_choices(options)
    engine = engine_of(options)
    errors: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    table, loss = read_table(options.data, decimal=options.decimal), {}
    if options.classes:
        inputs, target = table.labelled(options.target, options.inputs)
        loss, outputs = {"loss": "cross-entropy"}, max(target.nunique() - 1, 1)
    else:
        groups, chosen = groups_and_inputs(table, options.target, options.inputs, options.groups)
        errors, chosen = sigma_and_inputs(table, options.target, chosen, options.sigma)
        inputs, target = table.split(options.target, chosen)
        outputs = 1

    if options.groups and options.start:
        _form_in_groups(inputs, target, {**errors, **groups}, options, kept)
    elif options.width or options.start or options.fix or options.forbid:
        shape = _shape(shape, inputs.shape[1], outputs)
        _read_network(inputs, target, shape, {**errors, **engine, **loss}, options, kept)
    else:
        if options.save and outputs > 1:
            raise InputError(
                f"--save keeps one network, but {outputs + 1} classes have {outputs} formulas with "
                "one each: leave it out, or give --width."
            )
        _discover(inputs, target, {**engine, **errors, **groups, **loss}, options, kept)


def _read_network(
    inputs: Any,
    target: Any,
    shape: Any,
    given: dict[str, Any],
    options: argparse.Namespace,
    kept: list[str],
) -> None:
    """Train one network and read it."""
    from kansym.extraction import extract
    from kansym.extraction.weights_reading import HURRY, as_interrupted
    from kansym.neural.models.kan import KAN

    deadline = Deadline.after(options.budget) if options.budget else Deadline.never()
    splines: dict[str, Any] = {"grid": options.grid, "degree": options.degree, "seed": options.seed}
    if options.start:
        model = _known_start(inputs, options, splines)
    else:
        model = KAN(shape, **splines)
    errors = {name: given[name] for name in ("sigma", "loss") if name in given}
    interrupted = _train(model, inputs, target, errors, options, kept)
    if model.constants:
        say("; ".join(f"{name} = {value:.6g}" for name, value in model.constants.items()) + "\n")
    left: dict[str, Any] = {"budget": max(deadline.left(), 1.0)} if options.budget else {}
    settings = {"progress": options.progress, **given, **left}
    if interrupted:
        settings |= {"budget": HURRY, "reading": "weights"}
    result = extract(model, inputs, target, **settings)
    result = as_interrupted(result) if interrupted else result
    write_outputs(chosen_again(result, options), options, kept)
    if interrupted:
        raise KeyboardInterrupt


def _check_together(options: argparse.Namespace) -> None:
    """Refuse options that exclude each other."""
    if options.start and options.width:
        raise InputError("--start and --width were both given: a formula has its own width.")
    if options.start and options.classes:
        raise InputError("--start and --classes were both given: a formula is one of values.")
    asked = {
        "max-complexity": options.max_complexity,
        "seeds": options.seeds > 1,
        "loss": options.loss != "robust",
        "units": options.units,
        "required": options.required,
    }
    for name, given in asked.items():
        if given and (options.start or options.width):
            raise InputError(f"--{name} is for a search: leave --start and --width out.")
        if given and options.classes and name in ("seeds", "loss", "units"):
            raise InputError(f"--{name} is for values: leave --classes out.")
    if options.groups and (options.width or options.classes):
        raise InputError("--groups goes with neither --width nor --classes: leave those out.")
    if options.groups and options.start and ("?" in options.start or options.save):
        raise InputError(
            "--groups with --start fits the constants of a whole formula: leave --save and the "
            "unknown parts ?(...) out, or --start, to have the form found."
        )
    if options.constants and not options.start:
        raise InputError("--constants begin somewhere in a formula: give --start as well.")


def _discover(
    inputs: Any, target: Any, given: dict[str, Any], options: argparse.Namespace, kept: list[str]
) -> None:
    """Search laws from every source, write the best."""
    from kansym.extraction.discovery import discover
    from kansym.extraction.seeds import discover_over_seeds

    limit = {"seconds": options.budget} if options.budget else {}
    settings = {"seed": options.seed, "progress": options.progress, **given, **limit}
    settings = {"max_complexity": options.max_complexity, "loss": options.loss} | settings
    settings |= {"required": options.required or ()} | _units(options)
    if options.seeds > 1:
        agreement = discover_over_seeds(inputs, target, options.seeds, **settings)
        say(f"{agreement}\n")
        found = agreement.best
    else:
        found = discover(inputs, target, **settings)
    if options.save:
        found.model.save(options.save)
        kept.append(f"the network in {options.save}")
    if found.grouped is not None:
        say(f"{found.grouped}\n")
    say(f"tried in {found.seconds:.1f} s: {', '.join(found.origins)}\n")
    write_outputs(found.result, options, kept)


def _units(options: argparse.Namespace) -> dict[str, Any]:
    """Units of inputs and target as settings of `discover`."""
    given = dict(options.units or {})
    output = given.pop(options.target, None)
    return {"units": given or None, "output_unit": output}


def _form_in_groups(
    inputs: Any, target: Any, given: dict[str, Any], options: argparse.Namespace, kept: list[str]
) -> None:
    """The constants of a known form in every group."""
    from kansym.extraction.grouped_discovery import known_form_in_groups

    settings = {"start": options.constants, "seed": options.seed, **given}
    fit, _, result = known_form_in_groups(options.start, inputs, target, **settings)
    say(f"{fit}\n")
    write_outputs(result, options, kept)


def _known_start(inputs: Any, options: argparse.Namespace, splines: dict[str, Any]) -> Any:
    """The KAN of a formula; a name that is no column is a constant."""
    from kansym.neural.models.kan import KAN
    from kansym.symbolic.formulas.parsing import parse_template

    columns = [str(name) for name in inputs.columns]
    template = parse_template(options.start, columns, measured=True)
    constants = {name: options.constants.get(name, 1.0) for name in template.constants}
    stray = [name for name in options.constants if name not in constants]
    if stray:
        raise InputError(
            f"--constants gives {stray[0]!r}, which is no constant of --start: its constants are "
            f"{', '.join(constants) or 'none'}."
        )
    return KAN.from_expression(options.start, columns, constants=constants, X=inputs, **splines)


def _shape(given: list[int | tuple[int, int]] | None, n_inputs: int, n_outputs: int) -> Any:
    """The widths asked for, checked against the data, or two hidden nodes more than inputs."""
    from kansym.neural.models.sizes import checked_ends

    return checked_ends(given or [n_inputs, n_inputs + 2, n_outputs], n_inputs, n_outputs)


def _train(
    model: Any,
    inputs: Any,
    target: Any,
    loss: dict[str, Any],
    options: argparse.Namespace,
    kept: list[str],
) -> bool:
    """Train, save if asked to; whether training was interrupted."""
    from kansym.neural.training.training import train

    limit = _TRAINING_SHARE * options.budget if options.budget else float("inf")
    settings = {"seed": options.seed, "seconds": limit, "progress": options.progress, **loss}
    history = train(model, inputs, target, **settings)
    if options.save:
        model.save(options.save)
        kept.append(f"the network in {options.save}")
    interrupted = history.stopped == "interrupted"
    if interrupted:
        complain("kansym: training was interrupted, the best network so far is read.")
        if not options.save:
            complain("kansym: with --save the network trained so far would have been kept.")
    say(f"{history}\n")
    return interrupted
