"""Search engines for what no library function explains: one door, optional packages behind it."""

from kansym.engines.engine import Engine, Found, search_edge
from kansym.engines.operon import Operon
from kansym.engines.pairs import Pairs
from kansym.engines.pysr import PySR
from kansym.engines.registry import ENGINES, engine_named

__all__ = ["ENGINES", "Engine", "Found", "Operon", "Pairs", "PySR", "engine_named", "search_edge"]
