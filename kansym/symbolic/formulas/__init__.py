"""Expressions with constants: parsing, simplification, equivalence, complexity."""
