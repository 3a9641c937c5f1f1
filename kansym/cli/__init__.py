"""The command line: ``kansym demo``, ``fit``, ``extract`` and ``report``.

Every command is one small file with three names: `NAME`, `add` (its arguments) and `run`. Nothing
heavy is imported before a command runs, so that ``kansym --help`` answers at once.
"""

from kansym.cli.command_line import main

__all__ = ["main"]
