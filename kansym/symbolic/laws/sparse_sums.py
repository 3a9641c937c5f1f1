"""Laws that are sums of few plain terms, for the target or a function of it; with noise."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.relevance import relevant_inputs
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.term_selection import chosen_terms
from kansym.symbolic.laws.terms import Terms, plain_terms

__all__ = ["SparseSums"]

_FEWEST_ROWS = 8
_MOST_ROWS = 2000
_MOST_COLUMNS = 3000
_MANY_INPUTS = 7
_TARGETS = ("y", "1/y", "y^2", "log y", "1/y^2", "sqrt y", "exp y")
_DICTIONARIES = ((3, 0, False), (3, -2, False), (2, -1, True), (4, 0, True))
"""Total degree, lowest exponent of an input, and whether functions of an input are factors."""


class SparseSums:
    """Sums of few terms, for the target and for functions of it."""

    name = "sum of plain terms"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The best sum for every function of the target and dictionary, the shortest first."""
        if len(rows.y) < _FEWEST_ROWS or np.ptp(rows.y) == 0:
            return
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_MOST_ROWS]
        few = replace(rows, X=rows.X[kept], y=rows.y[kept])
        inputs = Quantities.inputs(few.X, rows.names).take(relevant_inputs(few, _MANY_INPUTS))
        found: list[Law] = []
        for degree, lowest, functions in _DICTIONARIES:
            if until.passed:
                break
            terms = plain_terms(inputs, degree, lowest, functions)
            if terms.values.shape[1] > _MOST_COLUMNS:
                continue
            for target in targets_of(few.y, _TARGETS):
                found += self._sums(terms, target, few, rows, until)
        yield from sorted(found, key=lambda law: length(law, rows))

    def _sums(
        self, terms: Terms, target: Target, few: Rows, rows: Rows, until: Deadline
    ) -> Iterator[Law]:
        """The best sum of these terms for one function of the target, if there is any."""
        slope = np.abs(target.slope(few.y))
        if not (np.isfinite(slope).all() and (slope > 0).all()):
            return
        # Errors of y are alike, so those of g(y) are as large as its slope.
        weight = 1 / np.maximum(slope, _LEVEL * np.median(slope))
        z = target.forward(few.y) * weight
        weighted = terms.weighted(weight)
        chosen = chosen_terms(weighted, z, until, independent=rows.independent)
        if not chosen:
            return
        weights = (
            np.linalg.lstsq(weighted.values[:, chosen], z, rcond=None)[0] / terms.units[chosen]
        )
        names = fresh_constants(rows.names, len(chosen))
        total = sympy.Add(*(n * terms.expr(k) for n, k in zip(names, chosen, strict=True)))
        start = {name: float(weight) for name, weight in zip(names, weights, strict=True)}
        source = self.name if target.name == "y" else f"{self.name} for {target.name}"
        law = checked(target.inverse(total), start, source, rows)
        if law is not None:
            yield law


_LEVEL = 1e-3
"""Least slope over the median one, so that no row outweighs all others."""
