"""What functions and operations cost in a formula, by the names that users give them."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from sympy.core.function import Application

from kansym.shared.errors import InputError
from kansym.shared.nearest_names import hint
from kansym.symbolic.formulas.complexity import OPERATORS
from kansym.symbolic.formulas.parsing import FUNCTIONS
from kansym.symbolic.library.library import LIBRARY, TOGETHER, Library

__all__ = ["checked_costs", "prices"]

FORBIDDEN = 1000.0
"""Cost of a function that a formula may not have: no rewriting into it makes a formula shorter."""


def prices(library: Library, costs: Mapping[str, float] | None) -> dict[str | type, float]:
    """Costs by names and, where the library forbids functions, those of what it forbids.

    Parameters
    ----------
    library : one that holds all of the standard library forbids nothing.
    costs : as in `checked_costs`.
    """
    found = checked_costs(costs)
    if set(library) >= set(LIBRARY):
        return found
    own = library.functions
    return found | {kind: FORBIDDEN for kind in _SINGLE.values() if kind not in own}


def checked_costs(given: Mapping[str, float] | None) -> dict[str | type, float]:
    """Costs by names as `kansym.symbolic.formulas.complexity.charging` takes them.

    A function that is another one after a shift, a change of sign or a power costs what that one
    does: a cosine would else be a cheap sine.

    Parameters
    ----------
    given : names of functions, as in formulas, or ``+ * / ^`` to factors from 0.001 to 1000; None
        for none.

    Raises
    ------
    InputError
        For a name that is no single function, or a factor that is none of these.

    Examples
    --------
    >>> list(checked_costs({"exp": 3, "*": 0.5}).values())
    [3.0, 0.5]
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"costs={given!r} are not usable: give names to factors, {{'sin': 2}}.")
    found: dict[str | type, float] = {}
    for name, factor in given.items():
        number = isinstance(factor, Real) and not isinstance(factor, bool)
        if not number or not 1 / FORBIDDEN <= factor <= FORBIDDEN:
            raise InputError(
                f"The cost of {name!r} is {factor!r}: give a number from {1 / FORBIDDEN:g} to "
                f"{FORBIDDEN:g}; what is left out of library= is forbidden."
            )
        found[_key(name)] = float(factor)
    for one in TOGETHER:
        known = [found[kind] for kind in one if kind in found]
        found |= {kind: found.get(kind, known[0]) for kind in one if known}
    return found


def _key(name: Any) -> str | type:
    """An operator, or the class of sympy that a function is written as."""
    if name in OPERATORS:
        return name
    if name not in _SINGLE:
        known = (*OPERATORS, *_SINGLE)
        raise InputError(
            f"costs names {name!r}, which is no function by itself: {hint(str(name), known)}."
        )
    return _SINGLE[name]


_SINGLE: Mapping[str, type] = {
    name: function
    for name, function in FUNCTIONS.items()
    if isinstance(function, type) and issubclass(function, Application)
}
"""Names of the functions that are a function of sympy of their own."""
