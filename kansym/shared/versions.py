"""Versions of the software that results depend on."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]

_PACKAGES = ("kansym", "numpy", "scipy", "sympy", "torch", "networkx")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures may change with.

    Examples
    --------
    >>> sorted(versions())[:2]
    ['kansym', 'networkx']
    """
    found = {name: _version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **{n: v for n, v in found.items() if v}}


@cache
def _version(name: str) -> str:
    """Of a package, empty if it is not installed; looking it up reads files."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
