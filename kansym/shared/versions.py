"""Versions of the software that results depend on."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]

_PACKAGES = ("kansym", "numpy", "scipy", "sympy", "torch", "networkx")


@cache
def _found() -> tuple[tuple[str, str], ...]:
    found = [("python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures may change with.

    Examples
    --------
    >>> sorted(versions())[:2]
    ['kansym', 'networkx']
    """
    return dict(_found())
