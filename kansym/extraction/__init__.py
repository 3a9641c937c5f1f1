"""Where the two sides meet: a model or a table goes in, formulas come out."""

from kansym.results.result import Extraction, extract

__all__ = ["Extraction", "extract"]
