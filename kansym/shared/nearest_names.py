"""Advice on a name that is unknown: the known ones that are most like it."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["hint"]

# Names are alike from half of their letters on; three say enough, a dozen can be read at a glance.
_ALIKE, _MOST, _LISTED = 0.5, 3, 12


def hint(name: object, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence about an unknown name.

    Parameters
    ----------
    name : as it was given; its case is ignored.
    known : names that there are.
    otherwise : what to say where no name is like it and there are too many to list.

    Examples
    --------
    >>> hint("Sine", ["sin", "cos"])
    "did you mean 'sin'"
    >>> hint("f", ["sin", "cos"])
    "there are 'sin', 'cos'"
    """
    text, names = str(name).lower(), list(known)
    lower = {other.lower(): other for other in names}
    near = get_close_matches(text, lower, _MOST, _ALIKE)
    near = near or [other for other in lower if text and text in other][:_MOST]
    if near:
        return f"did you mean {' or '.join(repr(lower[other]) for other in near)}"
    if len(names) > _LISTED and otherwise:
        return otherwise
    rest = len(names) - _LISTED
    listed = ", ".join(map(repr, names[:_LISTED])) or "none"
    return f"there are {listed}" + (f" and {rest} more" if rest > 0 else "")
