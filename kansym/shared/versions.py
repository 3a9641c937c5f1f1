"""Versions of the software that results depend on."""

import platform
from contextlib import suppress
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
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
