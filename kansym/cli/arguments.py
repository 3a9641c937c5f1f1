"""Arguments that several commands share, and the words that they accept."""

import argparse
from typing import Any

from kansym.shared.errors import InputError

__all__ = [
    "add_engine",
    "add_inputs",
    "add_outputs",
    "engine_of",
    "names",
    "numbers",
    "positive",
    "seconds",
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


def widths(text: str) -> list[int | tuple[int, int]]:
    """Widths separated by commas; ``3+1`` means three sum nodes and one product node.

    Examples
    --------
    >>> widths("2,3+1,1")
    [2, (3, 1), 1]
    """
    found: list[int | tuple[int, int]] = []
    for part in text.split(","):
        sizes = part.strip().split("+")
        if len(sizes) > 2 or not all(size.strip().isdecimal() for size in sizes):
            raise InputError(
                f"--width was given {text!r}, expected whole numbers such as 2,5,1 or 2,3+1,1 "
                "(three sum nodes and one product node): mend it."
            )
        numbers = [int(size) for size in sizes]
        found.append(numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1]))
    if len(found) < 2:
        raise InputError(f"--width was given {text!r}, expected at least inputs and outputs.")
    return found


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return value


def seed(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def add_engine(parser: Arguments) -> None:
    """A search engine for what the library lacks."""
    parser.add_argument(
        "--engine",
        choices=("pairs", "operon", "pysr", "none"),
        help="search for edges that no library function explains: sums and products of two "
        "functions (pairs, the default), or another program",
    )


def engine_of(options: argparse.Namespace) -> dict[str, Any]:
    """The engine as an argument of `extract`; it is missed before the work begins."""
    if not options.engine:
        return {}
    from kansym.symbolic.engines import engine_named

    return {"engine": None if options.engine == "none" else engine_named(options.engine)}


_ERROR_NAMES = frozenset(
    ("sigma", "err", "error", "errors", "uncertainty", "std", "stderr", "y_err", "yerr", "dy")
)


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


def add_sigma(parser: Arguments) -> None:
    """Which column holds the errors of the target."""
    parser.add_argument(
        "--sigma", metavar="COLUMN", help="column with the standard errors of the target"
    )


def sigma_and_inputs(
    table: Any, target: str, inputs: list[str] | None, sigma: str | None
) -> tuple[dict[str, Any], list[str] | None]:
    """The errors of the rows as settings, and the columns that are inputs.

    Raises
    ------
    InputError
        If a column looks like errors and nothing was said about it.
    """
    if sigma is None:
        doubtful = [name for name in table.names if name.lower() in _ERROR_NAMES and name != target]
        if inputs is None and doubtful:
            raise InputError(
                f"The column {doubtful[0]!r} looks like standard errors of {target!r}: give "
                f"--sigma {doubtful[0]!r}, or name the inputs by --inputs."
            )
        return {}, inputs
    if inputs is None:
        inputs = [name for name in table.names if name not in (sigma, target)]
    errors, _ = table.split(target, [sigma])
    return {"sigma": errors.iloc[:, 0].to_numpy()}, inputs


def add_outputs(parser: Arguments) -> None:
    """Where results go."""
    parser.add_argument(
        "--out", metavar="REPORT", help="write the report; ends in .html, .md or .tex"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the result as JSON, for kansym report"
    )
    parser.add_argument("--quiet", action="store_true", help="draw no progress bar")
