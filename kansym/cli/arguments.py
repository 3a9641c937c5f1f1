"""Arguments that several commands share, and the words that they accept."""

import argparse
import math
import sys
from collections.abc import Sequence
from typing import Any

from kansym.shared.errors import InputError

__all__ = [
    "add_engine",
    "add_inputs",
    "add_outputs",
    "bits",
    "engine_of",
    "names",
    "numbers",
    "positive",
    "seconds",
    "units",
    "widths",
]


Arguments = argparse.ArgumentParser | argparse._ArgumentGroup  # pyright: ignore
"""Where arguments are added: a parser, or a group of it with a title."""


def names(text: str) -> list[str]:
    """Column names separated by commas.

    Examples
    --------
    >>> names("a, b")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def numbers(text: str) -> dict[str, float]:
    """Names with numbers, separated by commas.

    Examples
    --------
    >>> numbers("a=2.5, b=1")
    {'a': 2.5, 'b': 1.0}
    """
    found: dict[str, float] = {}
    for part in names(text):
        name, _, value = part.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{part!r} is no name with a number such as a=2.5"
            ) from None
    return found


def units(text: str) -> dict[str, str]:
    """Columns with their units, separated by commas.

    Examples
    --------
    >>> units("L=m, v=m/s")
    {'L': 'm', 'v': 'm/s'}
    """
    found: dict[str, str] = {}
    for part in names(text):
        name, equals, unit = part.rpartition("=")
        if not equals or not name.strip() or not unit.strip():
            raise argparse.ArgumentTypeError(f"{part!r} is no column with its unit such as v=m/s")
        found[name.strip()] = unit.strip()
    return found


def widths(text: str) -> list[int | tuple[int, int]]:
    """Widths separated by commas; ``3+1`` means three sum nodes and one product node.

    Examples
    --------
    >>> widths("2,3+1,1")
    [2, (3, 1), 1]
    """
    found: list[int | tuple[int, int]] = []
    for part in text.split(","):
        sizes = [int(size) if size.strip().isdecimal() else -1 for size in part.split("+")]
        if len(sizes) > 2 or min(sizes) < 0:
            raise InputError(
                f"--width was given {text!r}, expected whole numbers such as 2,5,1 or 2,3+1,1 "
                "(three sum nodes and one product node): mend it."
            )
        found.append(sizes[0] if len(sizes) == 1 else (sizes[0], sizes[1]))
    if len(found) < 2:
        raise InputError(f"--width was given {text!r}, expected at least inputs and outputs.")
    return found


def positive(text: str) -> int:
    """A whole number from 1 on."""
    return _number(text, int, 1, math.inf, "a whole number from 1 on")


def seconds(text: str) -> float:
    """A positive number of seconds."""
    least, most = math.nextafter(0, 1), sys.float_info.max
    return _number(text, float, least, most, "a positive number of seconds")


def bits(text: str) -> float:
    """A positive number of bits."""
    least, most = math.nextafter(0, 1), sys.float_info.max
    return _number(text, float, least, most, "a positive number of bits")


def seed(text: str) -> int:
    """A whole number of at least 0."""
    return _number(text, int, 0, math.inf, "a whole number of at least 0")


def _number(text: str, kind: type, least: float, most: float, words: str) -> Any:
    """A number between bounds; the parser makes a sentence of the words."""
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {words}")
    return value


def add_engine(parser: Arguments) -> None:
    """Functions to try, what they cost, and a search engine for what they lack."""
    parser.add_argument(
        "--library",
        metavar="NAMES",
        help="functions to try, sets (elementary, physics, special) and single ones: sin,exp; "
        "--library=-tan is all of elementary but tan",
    )
    parser.add_argument(
        "--costs",
        type=numbers,
        metavar="SIN=2,EXP=3",
        help="how many times their bits functions and operations (+ * / ^) count",
    )
    parser.add_argument(
        "--engine",
        choices=("pairs", "operon", "pysr", "none"),
        help="search for edges that no library function explains: sums and products of two "
        "functions (pairs, the default), or another program",
    )


def engine_of(options: argparse.Namespace) -> dict[str, Any]:
    """Engine, library and costs for `extract`; wrong ones are missed before the work begins."""
    found: dict[str, Any] = {}
    if options.engine:
        from kansym.symbolic.engines import engine_named

        found["engine"] = None if options.engine == "none" else engine_named(options.engine)
    if options.library:
        from kansym.symbolic.library.library import as_library

        found["library"] = as_library(options.library)
    if options.costs:
        from kansym.symbolic.library.costs import checked_costs

        checked_costs(options.costs)
        found["costs"] = options.costs
    return found


_ERROR_NAMES = frozenset(
    ("sigma", "err", "error", "errors", "uncertainty", "std", "stderr", "yerr", "dy")
)
_OF_ONE = ("sigma", "err", "error", "unc", "uncertainty", "std", "stderr", "sd", "se", "delta", "u")
"""What stands beside the name of a column in that of its errors: sigma_t, t_err, u(t)."""


def add_inputs(parser: Arguments) -> None:
    """Which columns of the data to use."""
    parser.add_argument(
        "--inputs", type=names, metavar="A,B", help="input columns; all but the target by default"
    )
    parser.add_argument(
        "--decimal",
        choices=(".", ","),
        metavar="MARK",
        help="point or comma, where a table leaves both open",
    )


def _errors_in(names: Sequence[str], target: str) -> tuple[str, str] | None:
    """A column that by its name holds standard errors, and the column whose they are."""
    for name in names:
        lower = name.lower()
        if lower in _ERROR_NAMES and name != target:
            return name, target
        for other in names:
            words = {f"{word}_{other}".lower() for word in _OF_ONE}
            words |= {f"{other}_{word}".lower() for word in _OF_ONE}
            words |= {f"{word}({other})".lower() for word in _OF_ONE}
            if name not in (other, target) and lower in {*words, f"d{other}".lower()}:
                return name, other
    return None


def add_sigma(parser: Arguments) -> None:
    """Which column holds the errors of the target."""
    parser.add_argument(
        "--sigma", metavar="COLUMN", help="column with the standard errors of the target"
    )


def add_groups(parser: Arguments) -> None:
    """Which column holds the groups of the rows."""
    parser.add_argument(
        "--groups",
        metavar="COLUMN",
        help="column of groups, such as planets: one form, own constants where they differ",
    )


def groups_and_inputs(
    table: Any, target: str, inputs: list[str] | None, groups: str | None
) -> tuple[dict[str, Any], list[str] | None]:
    """The groups of the rows as settings, and the columns that are inputs."""
    if groups is None:
        return {}, inputs
    _, labels = table.labelled(groups, [target])
    if inputs is None:
        taken = (table.known(groups), table.known(target))
        inputs = [name for name in table.names if name not in taken]
    return {"groups": labels.rename(groups)}, inputs


def sigma_and_inputs(
    table: Any, target: str, inputs: list[str] | None, sigma: str | None
) -> tuple[dict[str, Any], list[str] | None]:
    """The errors of the rows as settings, and the columns that are inputs."""
    if sigma is None:
        doubt = None if inputs is not None else _errors_in(table.names, table.known(target))
        if doubt is not None:
            name, of = doubt
            others = ",".join(n for n in table.names if n not in (name, table.known(target)))
            way = f"give --sigma {name!r}" if of == table.known(target) else "leave it out"
            raise InputError(
                f"The column {name!r} looks like standard errors of {of!r}: {way}, or name the "
                f"inputs, such as --inputs {others!r}."
            )
        return {}, inputs
    target, sigma = table.known(target), table.known(sigma)
    inputs = [name for name in inputs or table.names if name not in (sigma, target)]
    errors, _ = table.split(target, [sigma])
    return {"sigma": errors.iloc[:, 0].to_numpy()}, inputs


def add_outputs(parser: Arguments) -> None:
    """Where results go."""
    parser.add_argument(
        "--out", metavar="REPORT", help="write the report; ends in .html, .md or .tex"
    )
    parser.add_argument(
        "--predict",
        metavar="NEW",
        help="a table of new rows; their values by the formula go to --out, then a .csv file",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the result as JSON, for kansym report"
    )
    add_quiet(parser)


def add_quiet(parser: Arguments) -> None:
    """Whether a bar is drawn: ``options.progress`` is False, or None where a terminal decides."""
    shown = {"dest": "progress", "action": "store_const", "const": False}
    parser.add_argument("--quiet", **shown, help="draw no progress bar")


def add_seed(parser: Arguments) -> None:
    """What random choices begin with."""
    parser.add_argument("--seed", type=seed, default=0, help="seed of every random choice (0)")
