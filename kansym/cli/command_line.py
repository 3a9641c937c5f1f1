"""Parse the command line, run the command, and turn what goes wrong into one sentence."""

import argparse
import os
import sys
from collections.abc import Sequence

from kansym.cli import bench, claims, compare, demo, extract, fit, problems, report
from kansym.cli.console import complain, say
from kansym.shared.errors import KansymError

__all__ = ["main"]

COMMANDS = (demo, fit, extract, report, problems, bench, compare, claims)
INTERRUPTED = 130
FAILED = 2

_EXAMPLES = """\
examples:
  kansym demo
  kansym fit data.csv --target y --out report.html
  kansym extract model.safetensors --data data.csv --target y --out report.html

kansym COMMAND --help describes a command.
"""


class _Version(argparse.Action):
    """Print the version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from kansym import __version__

        say(f"kansym {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    """The parser with one sub-parser per command."""
    parser = argparse.ArgumentParser(
        prog="kansym",
        description="Symbolic formulas from trained networks, KAN or MLP.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        part = commands.add_parser(
            command.NAME,
            aliases=getattr(command, "ALIASES", ()),
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=f"example:\n  {command.EXAMPLE}\n",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add(part)
        part.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : words after ``kansym``; those of the process by default.

    Returns
    -------
    Exit status: 0, 2 after an error, 130 after an interrupt from the keyboard.

    Examples
    --------
    >>> main(["extract", "no-such-file.safetensors", "--out", "report.docx"])
    2
    """
    options = _parser().parse_args(arguments)
    kept: list[str] = []
    try:
        options.run(options, kept)
    except KansymError as error:
        complain(f"kansym: {error}")
        return FAILED
    except KeyboardInterrupt:
        complain(f"kansym: interrupted; {_account(kept)}")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output left; point it elsewhere so that closing it stays silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except MemoryError:
        complain(f"kansym: the memory is full; {_account(kept)}")
        return FAILED
    except OSError as error:
        place = f" {error.filename!r}" if error.filename else ""
        complain(f"kansym: {error.strerror or error}{place}; {_account(kept)}")
        return FAILED
    return 0


def _account(kept: list[str]) -> str:
    """What is left after an early end."""
    return f"kept: {', '.join(kept)}." if kept else "nothing was written."
