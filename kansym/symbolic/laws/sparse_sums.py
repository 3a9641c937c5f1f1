"""Laws that are sums of few plain terms, for the target or a function of it; with noise."""

from collections.abc import Iterator
from itertools import chain, product

import numpy as np
import sympy

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import checked, fresh_constants, length
from kansym.symbolic.laws.columns import Quantities
from kansym.symbolic.laws.law import Law, Rows
from kansym.symbolic.laws.relevance import relevant_inputs
from kansym.symbolic.laws.targets import Target, targets_of
from kansym.symbolic.laws.term_selection import sums_of_terms
from kansym.symbolic.laws.terms import Terms, plain_terms, terms_of_real_powers

__all__ = ["SparseSums"]

_FEWEST_ROWS = 8
_MOST_ROWS = 2000
_MOST_COLUMNS = 3000
_MOST_TERMS, _ROWS_A_TERM = 7, 3
"""Terms of a sum, and rows that each must have for itself."""
_SEEKING = 0.8
"""Of the time, what is sought in."""
_OF_A_SIZE, _MANY_ROWS = (3, 1), 200
"""Sums of a number of terms that are handed on, of few rows and of many, which tell them apart."""
_MANY_INPUTS = 7
_ROOTS = ("1/y", "y^2", "1/y^2", "sqrt y")
_ANGLES = ("sin y", "cos y", "tan y")
"""Of an angle, which one term gives: sums of several would fit any curve of that size."""
_TARGETS = ("y", *_ROOTS, "log y", "exp y", *_ANGLES)
_DICTIONARIES = ((3, 0, False), (3, -2, False), (2, -1, True), (4, 0, True))
"""Total degree, lowest exponent of an input, and whether functions of an input are factors."""


class SparseSums:
    """Sums of few terms, for the target and for functions of it."""

    name = "sum of plain terms"

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """The shortest sums of one term, of two and so on, for every function of the target."""
        if len(rows.y) < _FEWEST_ROWS or np.ptp(rows.y) == 0:
            return
        kept = np.random.default_rng(0).permutation(len(rows.y))[:_MOST_ROWS]
        few = rows.take(kept)
        inputs = Quantities.inputs(few.X, rows.names).take(relevant_inputs(few, _MANY_INPUTS))
        plain = (plain_terms(inputs, *each) for each in _DICTIONARIES)
        found: dict[sympy.Expr, Law] = {}
        seeking = until.share(_SEEKING)  # what was found comes at the end, sorted
        dictionaries = [
            terms
            for terms in chain(terms_of_real_powers(inputs), plain)
            if terms.values.shape[1] <= _MOST_COLUMNS
        ]
        for target, terms in product(targets_of(few.y, _TARGETS), dictionaries):
            if seeking.passed:
                break
            for law in self._sums(terms, target, few, rows, seeking):
                found.setdefault(law.expr, law)
        shortest = sorted(found.values(), key=lambda law: length(law, rows))
        most = _OF_A_SIZE[len(rows.y) >= _MANY_ROWS]
        for count in range(1, _MOST_TERMS + 1):
            size = [law for law in shortest if len(law.start) == count]
            # A sum for y itself is plainer than one for a function of y that comes a bit nearer.
            plain = [law for law in size if law.source == self.name][:most]
            yield from plain
            yield from (law for law in size[:most] if law not in plain)

    def _sums(
        self, terms: Terms, target: Target, few: Rows, rows: Rows, until: Deadline
    ) -> Iterator[Law]:
        """The sums of ever more of these terms for one function of the target."""
        if (weight := target.weights(few.y)) is None:
            return
        weight = few.root * weight
        z = target.forward(few.y) * weight
        weighted = terms.weighted(weight)
        source = self.name if target.name == "y" else f"{self.name} for {target.name}"
        most = 1 if target.name in _ANGLES else min(_MOST_TERMS, len(few.y) // _ROWS_A_TERM)
        for chosen in sums_of_terms(weighted, z, most, until, rows.independent):
            if len(chosen) == 1 and target.name in _ROOTS:
                continue  # one term is one of y as well
            weights = np.linalg.lstsq(weighted.values[:, chosen], z, rcond=None)[0]
            weights /= terms.units[chosen]
            names = fresh_constants(rows.names, len(chosen))
            total = sympy.Add(*(n * terms.expr(k) for n, k in zip(names, chosen, strict=True)))
            start = {name: float(weight) for name, weight in zip(names, weights, strict=True)}
            law = checked(target.inverse(total), start, source, rows)
            if law is not None:
                yield law
