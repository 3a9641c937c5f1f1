"""Search engines for what no library function explains: one door, optional packages behind it."""

from kansym.symbolic.engines.engine import Engine, Found, search_edge
from kansym.symbolic.engines.operon import Operon
from kansym.symbolic.engines.pairs import Pairs
from kansym.symbolic.engines.pysr import PySR
from kansym.symbolic.engines.registry import ENGINES, engine_beside, engine_named

__all__ = [
    "ENGINES",
    "Engine",
    "Found",
    "Operon",
    "Pairs",
    "PySR",
    "engine_beside",
    "engine_named",
    "search_edge",
]
