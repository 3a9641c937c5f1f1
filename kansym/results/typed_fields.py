"""Dataclasses of plain fields from JSON data: every value is of its declared type, or refused."""

import math
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["number", "of_type"]

T = TypeVar("T")


def of_type(kind: type[T], data: Any) -> T:
    """A dataclass whose fields are in a dictionary; what is absent keeps its default.

    Raises
    ------
    TypeError, ValueError
        If a value is of another type than its field, or a name is no field.

    Examples
    --------
    >>> from kansym.results.parts import Reading
    >>> of_type(Reading, {"kind": "data", "complexity": None, "error": 0, "seconds": 1}).error
    0.0
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"{type(data).__name__} in place of the fields of a {kind.__name__}")
    hints = get_type_hints(kind)
    names = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    stray = [str(name) for name in data if name not in names]
    if stray:
        raise ValueError(f"a {kind.__name__} has no {stray[0][:60]!r}")
    return kind(**{name: _value(hints[name], value) for name, value in data.items()})


def number(value: Any) -> float:
    """A number, or the text of nan or an infinity.

    Examples
    --------
    >>> number(2), number("inf")
    (2.0, inf)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{type(value).__name__} in place of a number")
    found = float(value)
    if isinstance(value, str) and math.isfinite(found):
        raise ValueError(f"the text {value[:30]!r} in place of a number")
    return found


def _value(hint: Any, value: Any) -> Any:
    """A value as the type of its field asks for it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return None if value is None and NoneType in inner else _value(inner[0], value)
    if origin is tuple:
        _check(value, list | tuple)
        return tuple(_value(inner[0], item) for item in value)
    if origin is dict:
        _check(value, Mapping)
        return {str(key): _value(inner[1], item) for key, item in value.items()}
    if hint is Any:
        return value
    if hint is float:
        return number(value)
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return of_type(hint, value)
    if isinstance(value, bool) != (hint is bool):
        raise TypeError(f"{value!r} in place of {hint.__name__}")
    _check(value, hint)
    return value


def _check(value: Any, kind: Any) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where {kind} was expected")
