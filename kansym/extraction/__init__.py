"""Where the two sides meet: a model or a table goes in, formulas come out."""

from kansym.extraction.extract import extract
from kansym.results.result import Extraction

__all__ = ["Extraction", "extract"]
