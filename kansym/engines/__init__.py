"""Search engines for what no library function explains: one door, optional packages behind it."""

from kansym.engines.engine import Engine, Found, search_edge
from kansym.engines.operon import Operon
from kansym.engines.pysr import PySR

__all__ = ["Engine", "Found", "Operon", "PySR", "search_edge"]
