"""The search engines by name."""

from collections.abc import Mapping
from types import MappingProxyType

from kansym.shared.errors import InputError
from kansym.symbolic.engines.engine import Engine
from kansym.symbolic.engines.operon import Operon
from kansym.symbolic.engines.pairs import Pairs
from kansym.symbolic.engines.pysr import PySR
from kansym.symbolic.library.library import Library

__all__ = ["ENGINES", "engine_beside", "engine_named"]

ENGINES: Mapping[str, type[Engine]] = MappingProxyType(
    {"pairs": Pairs, "operon": Operon, "pysr": PySR}
)


def engine_named(engine: str | Engine | None) -> Engine | None:
    """An engine that is ready to search, from its name or as it is.

    Raises
    ------
    InputError
        If there is no such engine.
    MissingPackageError
        If what it needs is not installed.

    Examples
    --------
    >>> engine_named(None) is None
    True
    >>> engine_named("opern")
    Traceback (most recent call last):
    kansym.shared.errors.InputError: engine='opern' is no search engine: ...
    """
    if engine is None:
        return None
    if isinstance(engine, str) and engine in ENGINES:
        engine = ENGINES[engine]()
    if not isinstance(engine, Engine):
        *most, last = map(repr, ENGINES)
        known = f"{', '.join(most)} or {last}"
        raise InputError(f"engine={engine!r} is no search engine: give {known}, or an Engine.")
    engine.check()
    return engine


def engine_beside(engine: str | Engine | None, library: Library) -> Engine | None:
    """An engine for what a library lacks: pairs are those of its functions; see `engine_named`."""
    named = isinstance(engine, str) and engine == "pairs"
    return Pairs.beside(library) if named else engine_named(engine)
