"""Words to the terminal: results on standard output, complaints on standard error."""

import sys

__all__ = ["complain", "say"]


def say(text: str = "") -> None:
    """Write a line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write a line about what went wrong."""
    sys.stderr.write(text + "\n")
