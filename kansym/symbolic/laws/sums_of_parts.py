"""A target that is a sum of unknown functions times known ones: each is named, then all together.

What is left when all others are known exactly is known exactly, so that the function that is the
hardest to name comes last, with exact rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Float

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.checking import (
    fitted,
    fresh_constants,
    values_of,
    without_offset,
    without_scale,
)
from kansym.symbolic.laws.groups_of_inputs import ROUNDING, Group, laws_of_group, rows_of_group
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.targets import Target
from kansym.symbolic.laws.varying_coefficients import coefficients_of

__all__ = ["OF_BLUR", "ONE", "SumOfParts", "known_exactly", "to_digits", "with_short_numbers"]

ONE = Law(sympy.S.One, {}, "one", 0.0)
"""The factor of a function that stands alone."""
_NOTHING = 30.0
"""Size over the error of z of a part that is none."""
_REFINING = 2.0
"""Seconds for the constants of all parts."""
_DIGITS, _SURELY, _CHANCE = 7, 0.7, 0.1
"""Digits of a short decimal, blurs that a number may be from it, and their share of the distance
of two decimals."""
OF_BLUR = 0.2
"""Error of a constant over that of its part, which is one of many rows."""
_INSIDE = 2.0
"""Errors of a part that a constant beside its law may be without being one."""
_VANISHES, _LEAST = 1e-3, 1e-14
"""Share of the largest of a factor that is nearly 0, and of z that is rounding."""


@dataclass(frozen=True, eq=False)
class _Part:
    """An unknown function f times a known c.

    Attributes
    ----------
    factor, c : law and values of c.
    values, miss, inputs : of f, their error, and places of the inputs that it depends on.
    terms : of the polynomial for f.
    """

    factor: Law
    c: Float[np.ndarray, " rows"]
    values: Float[np.ndarray, " rows"]
    miss: float
    inputs: Group
    terms: int

    @property
    def plainness(self) -> tuple[int, int]:
        """Those that are easy to name come first."""
        return len(self.inputs), self.terms


@dataclass(frozen=True, eq=False)
class SumOfParts:
    """A function of y as a sum of parts.

    Attributes
    ----------
    target, z : the function, and its values (rows,).
    parts : those that do something.
    miss : error of z in its unit.
    exact : whether the known functions have no error.
    """

    target: Target
    z: Float[np.ndarray, " rows"]
    parts: tuple[_Part, ...]
    miss: float
    exact: bool

    @classmethod
    def of(
        cls,
        target: Target,
        z: Float[np.ndarray, " rows"],
        inputs: Group,
        known: Sequence[tuple[Law, Group]],
        rows: Rows,
        *,
        exact: bool,
    ) -> "SumOfParts | None":
        """A function of some inputs, and functions of others times known ones.

        The first rows count, as many as z has. None where a known function is not defined.

        Parameters
        ----------
        inputs, known : places of the inputs of the function that stands alone; each known function
            with those of the one that scales it.
        """
        values = [values_of(law.expr, law.start, rows)[: len(z)] for law, _ in known]
        if not all(np.isfinite(c).all() and np.ptp(c) > 0 for c in values):
            return None
        groups = [inputs, *(group for _, group in known)]
        factors = np.vstack([np.ones_like(z), *values])
        found = coefficients_of(rows.X[: len(z)], z, factors[1:], groups)
        miss, parts = max(found.error, _LEAST) * float(np.std(z)), list[_Part]()
        laws = [ONE, *(law for law, _ in known)]
        for j, (law, c, f, more) in enumerate(
            zip(laws, factors, found.values, _errors(factors), strict=True)
        ):
            if np.sqrt(np.mean((f * c) ** 2)) > _NOTHING * miss:
                used = tuple(np.flatnonzero(found.matters[j]).tolist())
                parts.append(_Part(law, c, f, miss * more, used, int(found.terms[j])))
        return cls(target, z, tuple(parts), miss, exact)

    @property
    def error(self) -> float:
        """Over the spread of z."""
        return self.miss / float(np.std(self.z))

    def as_product(self) -> "SumOfParts":
        """A constant drawn into the only known function, where f_0 is a multiple of f_1."""
        if len(self.parts) != 2 or self.parts[0].factor is not ONE:
            return self
        a, b = self.parts
        share = float(a.values @ b.values / (b.values @ b.values))
        if np.sqrt(np.mean((a.values - share * b.values) ** 2)) > _NOTHING * self.miss:
            return self
        symbol = sympy.Dummy("offset")
        start = {**b.factor.start, symbol: share}
        factor = replace(b.factor, expr=b.factor.expr + symbol, start=start)
        error = self.miss / abs(share) / (float(np.std(b.values)) or 1.0)
        factor, short = with_short_numbers(factor, error)
        c = b.c + factor.start[symbol]
        part = replace(b, factor=factor, c=c)
        return replace(self, parts=(part,), exact=self.exact and short)

    def laws(
        self, rows: Rows, words: str, sources: Sequence[Source], until: Deadline
    ) -> Iterator[Law]:
        """Every function named, then all constants refined together; nothing if one has no name."""
        named, exact, left = dict[int, Law](), self.exact, self.z
        order = sorted(range(len(self.parts)), key=lambda k: self.parts[k].plainness)
        late: int | None = None
        while order:
            if until.passed:
                return
            k = order.pop(0)
            part, miss = self.parts[k], self.parts[k].miss
            if not order and np.abs(part.c).min() > _VANISHES * np.abs(part.c).max():
                part, miss = replace(part, values=left / part.c), 0.0 if exact else miss
            part = replace(part, miss=miss)
            law = _named(part, rows, sources, until)
            if law is None and not order:
                law = _over_others(part, named.values(), rows, sources, until)
            if law is None:
                if late is not None or not order:
                    return
                late, order = k, [*order, k]
                continue
            blur = max(OF_BLUR * miss / (float(np.std(part.values)) or 1.0), law.error)
            law, short = with_short_numbers(law, blur)
            named[k], exact = law, exact and short
            left = left - values_of(law.expr, law.start, rows)[: len(left)] * part.c
        yield from self._together(named, rows, words, until)

    def _together(
        self, named: dict[int, Law], rows: Rows, words: str, until: Deadline
    ) -> Iterator[Law]:
        """The sum with all its constants refined."""
        factors = list({id(part.factor): part.factor for part in self.parts}.values())
        count = sum(len(law.start) for law in [*named.values(), *factors])
        fresh, start = iter(fresh_constants(rows.names, count)), dict[sympy.Symbol, float]()
        common = dict[sympy.Symbol, sympy.Symbol]()  # that of known functions, such as a frequency

        def renamed(law: Law) -> sympy.Expr:
            own = {s: common.get(s) or next(fresh) for s in law.start}
            common.update({s: k for s, k in own.items() if isinstance(s, sympy.Dummy)})
            start.update({own[symbol]: value for symbol, value in law.start.items()})
            return law.expr.xreplace(own)

        terms = [renamed(named[k]) * renamed(self.parts[k].factor) for k in sorted(named)]
        law = fitted(
            self.target.inverse(sympy.Add(*terms)), start, words, rows, until.within(_REFINING)
        )
        if law is not None:
            yield law


def _over_others(
    part: _Part, others: Iterable[Law], rows: Rows, sources: Sequence[Source], until: Deadline
) -> Law | None:
    """The law of a part as a multiple of that of another part: they often have a factor alike."""
    for other in others:
        values = values_of(other.expr, other.start, rows)[: len(part.values)]
        if np.abs(values).min() <= _VANISHES * np.abs(values).max() or np.ptp(values) == 0:
            continue
        miss = part.miss / float(np.sqrt(np.mean(values**2)))
        ratio = replace(part, values=part.values / values, miss=miss)
        if (law := _named(ratio, rows, sources, until)) is not None:
            own = {symbol: sympy.Dummy(symbol.name) for symbol in other.start}
            start = {**law.start, **{own[s]: value for s, value in other.start.items()}}
            return replace(law, expr=law.expr * other.expr.xreplace(own), start=start)
    return None


def _errors(factors: Float[np.ndarray, "functions rows"]) -> Float[np.ndarray, " functions"]:
    """Error of what stands before each factor, for one of the sum: large where two are alike."""
    sizes = np.sqrt(np.mean(factors**2, axis=1))
    unit = factors / sizes[:, None]
    return np.sqrt(np.abs(np.diag(np.linalg.pinv(unit @ unit.T / factors.shape[1])))) / sizes


def _named(part: _Part, rows: Rows, sources: Sequence[Source], until: Deadline) -> Law | None:
    """The shortest law of what a part depends on; a constant if of nothing."""
    spread = float(np.std(part.values))
    if not part.inputs or spread <= part.miss:
        return _with_offset(Law(sympy.S.Zero, {}, "constant", 0.0), part, rows)
    inner = rows_of_group(rows, part.inputs, part.values, part.miss / spread)
    for law in laws_of_group(inner, sources, until):
        return _with_offset(law, part, rows)
    return None


def to_digits(value: float, digits: int) -> float:
    """The decimal of so many digits that is nearest."""
    return float(f"{value:.{digits}g}")


def with_short_numbers(law: Law, error: float) -> tuple[Law, bool]:
    """A law with short decimals for its constants, and whether each is so near one by no chance."""
    start = dict(law.start)
    for symbol, value in start.items():
        for digits in range(1, _DIGITS + 1):
            short = to_digits(value, digits)
            near = _SURELY * error * abs(value)
            if abs(short - value) <= near < _CHANCE * 10.0**-digits * abs(value):
                start[symbol] = short
                break
        else:
            return law, False
    return replace(law, start=start), True


def known_exactly(law: Law, names: tuple[str, ...], noise: float, *, is_factor: bool) -> Law | None:
    """A law up to a factor, or else up to a constant, if its other numbers are all short.

    Parameters
    ----------
    names : of the inputs.
    noise : of the values that the law was found in, over their spread.
    """
    bare = without_scale(law, names, offset=True) if is_factor else without_offset(law, names)
    short, exact = with_short_numbers(bare, max(OF_BLUR * noise, law.error))
    return short if exact else None


def _with_offset(law: Law, part: _Part, rows: Rows) -> Law:
    """A law with the constant that lacks to the values of its part, if one does."""
    values = values_of(law.expr, law.start, rows)[: len(part.values)]
    offset = float(np.mean(part.values - values))
    rounding = max(law.error, ROUNDING) * float(np.std(part.values))
    if abs(offset) < max(_NOTHING * rounding, _INSIDE * part.miss):
        return law
    symbol = sympy.Dummy("offset")
    return replace(law, expr=law.expr + symbol, start={**law.start, symbol: offset})
