"""Laws of two or three atoms, screened all at once: sums, products, quotients.

On the rows of a curve every atom is a vector, so that the losses of all pairs are a few matrix
products, whatever linear constants stand between the atoms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kansym.programs.program import Program, evaluate, spread
from kansym.symbolic.laws.atoms import CONSTANTS, FAMILIES, Atoms
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.laws.form import Form
from kansym.symbolic.laws.projections import beside, without

__all__ = ["PRODUCT", "QUOTIENT", "SUM", "Combination", "products", "quotients", "sums"]

SUM, PRODUCT, QUOTIENT = 0, 1, 2
_PARALLEL = 1e-11
"""Least share of a column that the others do not have."""
_TRIVIAL = 1e-6
"""Share of a target left after the columns that are always there, below which it is none."""


@dataclass(frozen=True)
class Combination:
    """Two atoms f and g put together, times M, plus fixed terms with factors of their own.

    M (k0 f + k1 g + k2), M (k0 f g + k1 g + k2) or M (k0 f + k1)/(g + shift).

    Attributes
    ----------
    kind : `SUM`, `PRODUCT` or `QUOTIENT`.
    families : of the atoms.
    constants : of the atoms, six numbers.
    shift : of a quotient.
    fixed, factor : programs in x.
    loss : squared error over the variance of what was fitted.
    """

    kind: int
    families: tuple[int, int]
    constants: tuple[float, ...]
    loss: float
    shift: float = 0.0
    fixed: tuple[Program, ...] = ()
    factor: Program | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for combinations that differ in their constants only."""
        return (self.kind, self.families, self.fixed, self.factor)

    def form(self, source: str = "combination of functions") -> Form:
        """The combination as a form; its linear constants are still to be fitted."""
        start: dict[str, float] = {}
        parts: list[Program] = []
        for slot, family in enumerate(self.families):
            one, factor = FAMILIES[family], self.constants[3 * slot]
            bell = one.outer == "exp" and one.inner is None and factor < 0
            program, names = one.program(slot, bell)
            parts.append(program)
            for name in names:
                start[name] = self.constants[3 * slot + CONSTANTS.index(name[0])]
        f, g = parts
        top: dict[int, Program] = {
            SUM: ("add", ("mul", "k0", f), ("mul", "k1", g), "k2"),
            PRODUCT: ("add", ("mul", "k0", f, g), ("mul", "k1", g), "k2"),
            QUOTIENT: ("div", ("add", ("mul", "k0", f), "k1"), ("add", g, "shift")),
        }
        program = top[self.kind]
        linear = ["k0", "k1"] if self.kind == QUOTIENT else ["k0", "k1", "k2"]
        if self.kind == QUOTIENT:
            start["shift"] = self.shift
        if self.factor is not None:
            program = ("mul", self.factor, program)
        if self.fixed:
            names = [f"m{i}" for i in range(len(self.fixed))]
            linear += names
            terms = [("mul", *pair) for pair in zip(names, self.fixed, strict=True)]
            program = ("add", program, *terms)
        return Form(program, start | dict.fromkeys(linear, 1.0), source)


def sums(
    atoms: Atoms, curve: Curve, count: int, fixed: Sequence[Program] = (),
    factor: Program | None = None,
) -> list[Combination]:  # fmt: skip
    """The best sums of two atoms and a constant, times a factor, plus fixed terms."""
    root = curve.root if factor is None else curve.root * on(factor, curve)
    always = [root, *(curve.root * on(program, curve) for program in fixed)]
    basis = _orthonormal(always)
    target = without(curve.y * curve.root, basis)
    rest = np.linalg.norm(target)
    if rest < _TRIVIAL * curve.spread:
        return []
    directions, kept = beside(atoms.values * root, basis, _TRIVIAL)
    along = directions @ (target / rest)
    angle = directions @ directions.T
    left = 1 - angle**2
    share = along[:, None] ** 2 + along**2 - 2 * along[:, None] * along * angle
    share /= np.where(left > _PARALLEL, left, np.inf)
    scale = float(rest / curve.spread) ** 2
    return [
        _combination(SUM, atoms, kept[i], kept[j], loss * scale, fixed=tuple(fixed), factor=factor)
        for i, j, loss in _best(np.triu(share), atoms.family[kept], atoms.family[kept], count)
    ]


def products(atoms: Atoms, curve: Curve, count: int) -> list[Combination]:
    """The best b f(x) g(x) + c g(x) + d of all pairs of atoms."""
    weight, values = curve.root**2, atoms.values
    y = (curve.y - weight @ curve.y) / curve.spread
    squares = values**2
    mean, square, own = values @ weight, squares @ weight, values @ (weight * y)
    both = (values * weight) @ values.T
    pp = (squares * weight) @ squares.T - both**2
    pq = (values * weight) @ squares.T - both * mean
    qq = square - mean**2
    py = (values * (weight * y)) @ values.T
    determinant = pp * qq - pq**2
    share = py**2 * qq - 2 * py * own * pq + own**2 * pp
    share /= np.where(determinant > _PARALLEL * pp * qq, determinant, np.inf)
    best = _best(share, atoms.family, atoms.family, count)
    return [_combination(PRODUCT, atoms, i, j, loss) for i, j, loss in best]


def quotients(atoms: Atoms, curve: Curve, count: int) -> list[Combination]:
    """The best (b f(x) + c)/(g(x) + d) of all pairs of atoms, by y g = b f + c - d y."""
    basis = _orthonormal([curve.root, curve.root * curve.y])
    directions, kept = beside(atoms.values * curve.root, basis, _TRIVIAL)
    targets, wanted = beside(atoms.values * curve.root * curve.y, basis, _TRIVIAL)
    share = (directions @ targets.T) ** 2
    found = []
    for i, j, loss in _best(share, atoms.family[kept], atoms.family[wanted], count):
        f, g = atoms.values[kept[i]], atoms.values[wanted[j]]
        design = np.stack([f, np.ones_like(f), -curve.y], axis=1) * curve.root[:, None]
        *_, shift = np.linalg.lstsq(design, g * curve.y * curve.root)[0]
        if np.ptp(np.sign(g + shift)) == 0:
            shift *= atoms.sizes[wanted[j]]
            found.append(
                _combination(QUOTIENT, atoms, kept[i], wanted[j], loss, shift=float(shift))
            )
    return found


def on(program: Program, curve: Curve) -> np.ndarray:
    """Values of a program on the rows of a curve."""
    return spread(evaluate(program, {"x": curve.x}), curve.x.shape)


def _combination(
    kind: int, atoms: Atoms, i: int, j: int, loss: float, **more: object
) -> Combination:
    families = int(atoms.family[i]), int(atoms.family[j])
    constants = (*atoms.constants[i].tolist(), *atoms.constants[j].tolist())
    return Combination(kind, families, constants, float(loss), **more)  # pyright: ignore


def _best(
    share: Float[np.ndarray, "n m"], first: np.ndarray, second: np.ndarray, count: int
) -> Iterator[tuple[int, int, float]]:
    """Places of the largest shares, one per pair of families, and what they leave."""
    share = np.fmin(np.fmax(share, 0.0, out=share), 1.0, out=share)
    starts, others = (np.flatnonzero(np.diff(f, prepend=-1)) for f in (first, second))
    blocks = np.maximum.reduceat(np.maximum.reduceat(share, starts, axis=0), others, axis=1)
    ahead = np.argsort(-blocks, axis=None, kind="stable")[:count]
    ends, lasts = np.append(starts[1:], len(first)), np.append(others[1:], len(second))
    for k, m in zip(*np.unravel_index(ahead, blocks.shape), strict=True):
        block = share[starts[k] : ends[k], others[m] : lasts[m]]
        i, j = np.unravel_index(block.argmax(), block.shape)
        yield int(starts[k] + i), int(others[m] + j), max(0.0, 1.0 - float(block[i, j]))


def _orthonormal(columns: Sequence[np.ndarray]) -> np.ndarray:
    """An orthonormal basis of some columns (rows, columns)."""
    return np.linalg.qr(np.stack(columns, axis=1))[0]
