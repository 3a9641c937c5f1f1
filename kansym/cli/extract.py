"""``kansym extract``: read the formula off a saved network."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kansym.cli.arguments import add_engine, add_inputs, add_outputs, engine_of, seconds
from kansym.cli.choices import add_choices, check_choices, chosen_again
from kansym.cli.outputs import check_outputs, write_outputs
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from kansym.documents.blocks import Block
    from kansym.results.result import Extraction

__all__ = ["DESCRIPTION", "EXAMPLE", "HELP", "NAME", "add", "run"]

NAME = "extract"
HELP = "read the formula off a saved network"
DESCRIPTION = (
    "Read the formula off a saved network: a file of kansym (.safetensors), an ONNX file, or a\n"
    "checkpoint of pykan (the beginning of its files' names). Without data the network itself is\n"
    "the judge, on its own sample of the rows that it was trained on, which only files of kansym\n"
    "hold; with --data and --target the data are. What you know about an edge goes into --fix and\n"
    "--forbid:\n"
    '  kansym extract model.safetensors --fix "x1 -> h1.1=sin" --forbid "x2 -> h1.1=exp"'
)
MOST_STRUCTURES = 4
"""Outputs whose structure is in the report."""
EXAMPLE = "kansym extract model.safetensors --data data.csv --target y --out report.html"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", metavar="MODEL", help="the file of the network")
    table = parser.add_argument_group("the table")
    table.add_argument("--data", metavar="DATA", help="rows to read the network on")
    table.add_argument("--target", metavar="Y", help="column that judges the formula")
    add_inputs(table)
    formula = parser.add_argument_group("the formula")
    formula.add_argument("--budget", type=seconds, metavar="SECONDS", help="time limit (60)")
    formula.add_argument(
        "--reading",
        choices=("auto", "weights", "function"),
        default="auto",
        help="read what is written in the network, what it computes, or both as needed (auto)",
    )
    add_engine(formula)
    add_choices(formula)
    add_outputs(parser.add_argument_group("what is written"))


def run(options: argparse.Namespace, kept: list[str]) -> None:
    """Load, extract, write."""
    if (options.target or options.inputs) and not options.data:
        raise InputError("--target and --inputs name columns of a table: give --data as well.")
    check_outputs(options, options.data, options.model)
    check_choices(options)
    engine = engine_of(options)

    from kansym.extraction import extract
    from kansym.neural.readers.files import load_model

    model = load_model(Path(options.model))
    if not options.data and not len(getattr(model, "sample", ())):
        raise InputError(
            f"{options.model} holds no rows to be read on: give the rows that the network was "
            "trained on with --data DATA.csv."
        )
    inputs, target = _data(options, model)
    limit = {"budget": options.budget} if options.budget else {}
    usual = {"reading": options.reading, "progress": options.progress}
    result = extract(model, inputs, target, **usual, **engine, **limit)
    write_outputs(chosen_again(result, options), options, kept, _structures(result, model, inputs))


def _structures(result: "Extraction", model: Any, inputs: Any) -> "Iterator[Block]":
    """For the report: what the gradients of a model that was read by its function show."""
    from kansym.extraction.structure import structure

    if result.reading == "function":
        for position in range(min(len(result.output_names), MOST_STRUCTURES)):
            yield structure(model, inputs, output=position).section()


def _data(options: argparse.Namespace, model: Any) -> tuple[Any, Any]:
    """Inputs and target from the table; columns are found by the model's names if it has them."""
    if not options.data:
        return None, None
    from kansym.shared.table_files import read_table

    table = read_table(options.data, decimal=options.decimal)
    chosen = options.inputs
    if chosen is None and set(model.input_names) <= set(table.names):
        chosen = list(model.input_names) or None
    if options.target:
        return table.split(options.target, chosen)
    return table.numbers(table.names if chosen is None else chosen), None
