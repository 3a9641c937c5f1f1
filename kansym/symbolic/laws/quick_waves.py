"""Waves that turn too quickly for polynomials: y = S + A cos(p) + B sin(p) for a long expression p.

What a polynomial leaves of y is compared with the wave of each of hundreds of thousands of
expressions p: chance explains about log(expressions)/rows of it, a wave that is there much more,
even if S, A and B vary. Beside its cosine and sine the rest is smooth, and is named part by part.

References
----------
N. R. Lomb, Least-squares frequency analysis of unequally spaced data, Astrophys. Space Sci. 39
(1976) 447, doi:10.1007/BF00648343.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from kansym.shared.deadline import Deadline
from kansym.symbolic.laws.law import Law, Rows, Source
from kansym.symbolic.laws.long_lots import LongLots
from kansym.symbolic.laws.rough_targets import Rough
from kansym.symbolic.laws.sums_of_parts import SumOfParts, to_digits

__all__ = ["QuickWaves"]

_FEWEST_ROWS, _MOST_INPUTS = 200, 6
_TARGETS = ("y", "1/y", "sqrt y", "log y")
_MOST_ROWS = 2000
"""That polynomials are fitted to."""
_ARGUMENTS = 400_000
"""Expressions that may be arguments."""
_QUICK = 1.5
"""Spread of an argument in radians from which on it turns."""
_SHOWN = 0.12
"""Share of what is left that a wave explains: chance comes to half of it."""
_OF_A_LOT, _FOLLOWED, _NAMED, _DIGITS = 3, 4, 2, 3
"""Arguments of a lot, and of all, that are looked into, and those beside which the rest is named;
digits of a share in which two that are one agree."""
_BETTER = 0.1
"""Error with a wave, over the one without, at which it is believed."""


class QuickWaves:
    """The source of laws that hold a wave of a long expression.

    Parameters
    ----------
    sources : that are asked for the laws of what is beside the wave.
    """

    name = "quick wave"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def propose(self, rows: Rows, until: Deadline) -> Iterator[Law]:
        """Laws with the waves that explain most; nothing for rows with noise, or smooth ones."""
        inputs = rows.varying
        if not (rows.may_be_exact(_FEWEST_ROWS) and 2 <= len(inputs) <= _MOST_INPUTS):
            return
        long = rows.once(LongLots)
        own, rough = rows.with_varying(), Rough.targets(rows, _TARGETS, long.order)
        if not all(each.is_rough for each in rough) or not long.made(until):
            return
        found = list[tuple[SumOfParts, _Wave]]()
        for wave in _likely(rough, long, until):
            if until.passed:
                return
            first = wave.beside(own)
            if first is not None and first.error < _HINT * wave.rough.error:
                found.append((first, wave))
        found.sort(key=lambda pair: pair[0].error / pair[1].rough.error)
        for first, wave in found[:_NAMED]:
            best = wave.tuned(first, own)
            if best.error < _BETTER * wave.rough.error:
                words = f"{self.name}, {wave.rough.target.name}, in {wave.argument}"
                yield from best.laws(own, words, self.sources, until)


@dataclass(frozen=True, eq=False)
class _Wave:
    """A wave that explains what is left of a target.

    Attributes
    ----------
    frequency : in radians for one unit of the argument; 1 is exact, others are about right.
    width : how far off it may be.
    """

    rough: Rough
    argument: sympy.Expr
    frequency: float = 1.0
    width: float = 0.0

    def tuned(self, first: SumOfParts, rows: Rows) -> SumOfParts:
        """With the frequency that leaves least, a short decimal if one leaves as little."""
        if not self.width:
            return first

        def error(frequency: float) -> float:
            found = self.beside(rows, frequency)
            return np.inf if found is None else found.error

        ends = (self.frequency - self.width, self.frequency + self.width)
        options = {"xatol": _DIGIT * self.width, "maxiter": _TRIALS}
        near = minimize_scalar(error, bounds=ends, method="bounded", options=options)
        frequency = float(near.x) if near.fun < first.error else self.frequency
        best = self.beside(rows, frequency) or first
        for digits in range(1, _DECIMALS + 1):
            short = to_digits(frequency, digits)
            if abs(short - frequency) < _NEAR * self.width:
                found = self.beside(rows, short, exact=True)
                if found is not None and found.error < _AS_GOOD * best.error:
                    return found
        return best

    def beside(
        self, rows: Rows, frequency: float | None = None, *, exact: bool = False
    ) -> SumOfParts | None:
        """What stands beside and before the wave at a frequency, that of the search if none.

        What stands before it may depend on what its argument depends on if that is exact: a
        frequency that is not quite right would be as good then.
        """
        frequency, exact = frequency or self.frequency, exact or not self.width
        symbol = sympy.Dummy("frequency")
        factor, start = (sympy.S.One, {}) if frequency == 1 else (symbol, {symbol: frequency})
        argument = factor * self.argument
        known = [Law(of(argument), start, "wave", 0.0) for of in (sympy.cos, sympy.sin)]
        target, every = self.rough.target, tuple(range(len(rows.names)))
        held = {symbol.name for symbol in argument.free_symbols}
        apart = tuple(k for k in every if rows.names[k] not in held)
        z = target.forward(rows.y[:_MOST_ROWS])
        found = SumOfParts.of(target, z, every, [(law, apart) for law in known], rows, exact=exact)
        if found is None or self.width or found.error < _BETTER * self.rough.error:
            return found
        return SumOfParts.of(target, z, every, [(law, every) for law in known], rows, exact=exact)


_HINT = 0.7
"""Error with a wave of about the frequency, over the one without, that is worth more."""
_DIGIT, _TRIALS = 1e-4, 20
"""Part of its width to which a frequency is sought, and trials."""
_DECIMALS, _NEAR, _AS_GOOD = 4, 0.1, 2.0
"""Digits of a short decimal, how near in widths it must be, and how much more it may leave."""


def _likely(rough: Sequence[Rough], long: LongLots, until: Deadline) -> Iterator[_Wave]:
    """The waves that explain most of what is left of the targets."""
    left = np.array([each.left for each in rough], dtype=np.float32)
    found = list[tuple[float, int, int, float, float]]()
    for first, values in long.on_more(rough[0].X, _ARGUMENTS):
        if until.passed:
            return
        quick = np.flatnonzero(np.std(values, axis=1) > _QUICK)
        for k, shares in enumerate(_shares(values[quick], left)):
            best = np.argsort(-shares)[:_OF_A_LOT]
            found += [(float(shares[b]), k, first + int(quick[b]), 1.0, 0.0) for b in best]
        plain = values[:_PLAIN]
        widths = _RESOLVED / np.maximum(np.ptp(plain, axis=1), 1e-300)
        for k, (shares, steps) in enumerate(_of_any_frequency(plain, widths, left)):
            for b in np.argsort(-shares)[:_OF_A_LOT]:
                frequency, width = float(steps[b] * widths[b]), float(widths[b])
                if abs(frequency - 1) > width:
                    found.append((float(shares[b]), k, first + int(b), frequency, width))
    shown = [
        (-round(share, _DIGITS), k, long.expr(number), frequency, width)
        for share, k, number, frequency, width in found
        if share > _SHOWN
    ]
    shown.sort(key=lambda each: (each[0], each[1], sympy.count_ops(each[2])))
    met = set[tuple[float, int]]()
    for share, k, argument, frequency, width in shown:
        if len(met) < _FOLLOWED and (share, k) not in met:
            met.add((share, k))
            yield _Wave(rough[k], argument, frequency, width)


_PLAIN, _RESOLVED, _TURNS = 400, 1.5, 150.0
"""Plainest arguments of a lot whose frequency may be any, the change of phase over their range from
one frequency to the next, and the largest."""


def _of_any_frequency(
    arguments: Float[np.ndarray, "n rows"],
    widths: Float[np.ndarray, " n"],
    left: Float[np.ndarray, "targets rows"],
) -> list[tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]]:
    """For each target the largest share that a frequency of each argument explains, and which.

    Frequencies are multiples of a width, so that waves follow from one another by multiplication.
    """
    one = np.exp(1j * arguments * widths[:, None]).astype(np.complex64)
    wave, rows = np.ones_like(one), left.shape[1]
    best = [(np.zeros(len(one)), np.zeros(len(one))) for _ in left]
    slow = _QUICK / np.maximum(np.std(arguments, axis=1) * widths, 1e-300)
    for step in range(1, int(_TURNS / _RESOLVED)):
        wave *= one
        shares = 2 * np.abs(left @ wave.T) ** 2 / rows
        for (most, steps), each in zip(best, shares, strict=True):
            better = (each > most) & (step > slow)
            most[better], steps[better] = each[better], step
    return best


def _shares(
    arguments: Float[np.ndarray, "n rows"], left: Float[np.ndarray, "targets rows"]
) -> Float[np.ndarray, "targets n"]:
    """Share of each target that the cosine and the sine of each argument explain."""
    phase = np.remainder(arguments, 2 * np.pi).astype(np.float32)
    cos, sin = np.cos(phase), np.sin(phase)
    for wave in (cos, sin):
        wave -= wave.mean(axis=1, keepdims=True)
    cc, ss, cs = (np.einsum("nr,nr->n", a, b) for a, b in ((cos, cos), (sin, sin), (cos, sin)))
    a, b = left @ cos.T, left @ sin.T
    with np.errstate(all="ignore"):
        shares = (a * a * ss - 2 * a * b * cs + b * b * cc) / (cc * ss - cs**2)
    return np.nan_to_num(shares, nan=0.0, posinf=0.0)
