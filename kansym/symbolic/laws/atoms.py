"""Functions of x of which laws are put together, with constants from a grid.

An atom is f(u) with u = a g(x) + b, or u = a (x**2 + r x) + b; its constants are round numbers, or
such that u runs over one of the windows in which f has its different shapes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int

from kansym.programs.program import Program, evaluate, spread, substitute
from kansym.symbolic.fitting.starts import start_grid
from kansym.symbolic.laws.curve import Curve
from kansym.symbolic.library.library import LIBRARY

__all__ = ["CONSTANTS", "FAMILIES", "Atoms", "Family", "basic_atoms", "round_atoms", "window_atoms"]

CONSTANTS = ("a", "b", "r")
"""Names of an atom's constants."""
_LARGEST, _FLAT, _SAME = 1e6, 1e-7, 1e-6
"""Largest value of an atom over its median size, least variation, and difference of equal ones."""
_WINDOWS = 20
"""Windows of a function that does not repeat itself."""
_WAVES = np.arange(1.75, 24.0, 0.75)
"""Halves of the windows of waves: a wave is found from one that differs by a radian at the ends."""

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Outer:
    """An outer function f: what it is called, its values and slopes, and its constants.

    Attributes
    ----------
    program : of u.
    value, slope : f(u) and f'(u).
    factor, shift : whether a and b are no mere factor of f, or shift of the argument of exp.
    shape : the function of the library whose windows it is tried in.
    """

    program: Callable[[Program], Program]
    value: Function
    slope: Function
    factor: bool
    shift: bool
    shape: str


def _one_over(program: Program) -> Program:
    return ("div", 1.0, program)


_OUTER = {
    "identity": _Outer(lambda u: u, lambda u: u, np.ones_like, False, False, ""),
    "sin": _Outer(lambda u: ("sin", u), np.sin, np.cos, True, True, "sin"),
    "cos": _Outer(lambda u: ("cos", u), np.cos, lambda u: -np.sin(u), True, True, ""),
    "exp": _Outer(lambda u: ("exp", u), np.exp, np.exp, True, False, "exp"),
    "log": _Outer(lambda u: ("log", u), np.log, lambda u: 1 / u, True, True, "log"),
    "sqrt": _Outer(
        lambda u: ("sqrt", u), np.sqrt, lambda u: 0.5 / np.sqrt(u), False, True, "sqrt"
    ),
    "tanh": _Outer(
        lambda u: ("tanh", u), np.tanh, lambda u: 1 - np.tanh(u) ** 2, True, True, "tanh"
    ),
    "1/u": _Outer(_one_over, lambda u: 1 / u, lambda u: -1 / u**2, False, True, "1/x"),
    "u^2": _Outer(lambda u: ("pow", u, 2.0), lambda u: u * u, lambda u: 2 * u, False, True, "x^2"),
    "u^3": _Outer(
        lambda u: ("pow", u, 3.0), lambda u: u**3, lambda u: 3 * u * u, False, True, "x^3"
    ),
    "lorentzian": _Outer(
        lambda u: _one_over(("add", 1.0, ("pow", u, 2.0))),
        lambda u: 1 / (1 + u * u),
        lambda u: -2 * u / (1 + u * u) ** 2,
        True,
        True,
        "lorentzian",
    ),
    "1/sqrt": _Outer(
        lambda u: _one_over(("sqrt", u)), lambda u: u**-0.5, lambda u: -0.5 * u**-1.5,
        False, True, "1/sqrt",
    ),
    "abs": _Outer(lambda u: ("abs", u), np.abs, np.sign, False, True, "abs"),
    "atan": _Outer(
        lambda u: ("atan", u), np.arctan, lambda u: 1 / (1 + u * u), True, True, "atan"
    ),
    "tan": _Outer(lambda u: ("tan", u), np.tan, lambda u: 1 + np.tan(u) ** 2, True, True, ""),
    "1/sin": _Outer(
        lambda u: _one_over(("sin", u)), lambda u: 1 / np.sin(u),
        lambda u: -np.cos(u) / np.sin(u) ** 2, True, True, "",
    ),
    "sin^2": _Outer(
        lambda u: ("pow", ("sin", u), 2.0), lambda u: np.sin(u) ** 2, lambda u: np.sin(2 * u),
        True, True, "",
    ),
    "1/sin^2": _Outer(
        lambda u: _one_over(("pow", ("sin", u), 2.0)), lambda u: np.sin(u) ** -2.0,
        lambda u: -2 * np.cos(u) / np.sin(u) ** 3, True, True, "",
    ),
}  # fmt: skip

_SQUARE: Program = ("pow", "x", 2.0)
_POWERS: tuple[Program, ...] = (
    "x", _SQUARE, ("pow", "x", 3.0), ("pow", "x", 4.0), _one_over("x"), _one_over(_SQUARE),
    ("sqrt", "x"), ("mul", "x", ("sqrt", "x")), ("pow", "x", 1 / 3),
)  # fmt: skip
_INNER: tuple[Program, ...] = (
    "x", _SQUARE, ("pow", "x", 3.0), _one_over("x"), ("sqrt", "x"), ("log", "x"),
)  # fmt: skip
_DEEP: tuple[Program, ...] = (
    ("sin", "x"), ("cos", "x"), ("exp", "x"), ("exp", ("neg", "x")), ("sin", _SQUARE),
    ("cos", _SQUARE), ("exp", ("neg", _SQUARE)), ("pow", "x", 4.0), ("tanh", "x"),
    ("log", ("add", _SQUARE, 1.0)), ("log", ("add", "x", 1.0)), ("sqrt", ("add", _SQUARE, 1.0)),
)  # fmt: skip
"""Inner functions; the deep ones take round numbers only."""
_FACTORS, _SHIFTS, _ROOTS = (1.0, 2.0, 3.0, 0.5), (0.0, 1.0, 2.0), (1.0, -1.0, 2.0, -2.0, 3.0)


@dataclass(frozen=True)
class Family:
    """Atoms that differ in their constants only.

    Attributes
    ----------
    outer : name of f.
    inner : g, or None for x**2 + r x.
    """

    outer: str
    inner: Program | None

    @property
    def free(self) -> tuple[bool, bool, bool]:
        """Which constants matter beside a factor of the atom."""
        outer = _OUTER[self.outer]
        return outer.factor, outer.shift, self.inner is None

    def program(self, slot: int, bell: bool = False) -> tuple[Program, tuple[str, ...]]:
        """The atom, and names of its constants, for a place in a law; a bell by its centre."""
        a, b, r = (f"{name}{slot}" for name in CONSTANTS)
        u: Program = ("add", _SQUARE, ("mul", r, "x")) if self.inner is None else self.inner
        if bell:
            u = ("pow", ("add", "x", ("mul", 0.5, r)), 2.0)
        names: list[str] = [r] if self.inner is None else []
        outer = _OUTER[self.outer]
        if outer.factor:
            u, names = ("mul", a, u), [a, *names]
        if outer.shift:
            u, names = ("add", u, b), [*names, b]
        return outer.program(u), tuple(names)


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms on a curve.

    Attributes
    ----------
    family : index of each in `FAMILIES` (atoms,).
    constants : a, b, r of each (atoms, 3).
    values : on the rows of the curve, of root-mean-square 1 (atoms, rows).
    sizes : what they were divided by (atoms,).
    """

    family: Int[np.ndarray, " atoms"]
    constants: Float[np.ndarray, "atoms 3"]
    values: Float[np.ndarray, "atoms rows"]
    sizes: Float[np.ndarray, " atoms"]

    def __len__(self) -> int:
        return len(self.family)

    def take(self, rows: np.ndarray) -> "Atoms":
        """Some of them."""
        return Atoms(self.family[rows], self.constants[rows], self.values[rows], self.sizes[rows])

    def shallow(self) -> "Atoms":
        """Those of inner powers, with a shift of 0 or 1."""
        inner = np.array([f.inner is None or f.inner not in _DEEP for f in FAMILIES])
        return self.take(np.flatnonzero(inner[self.family] & (self.constants[:, 1] < 1.5)))

    def program(self, atom: int) -> Program:
        """One of them, with its constants."""
        program, names = FAMILIES[self.family[atom]].program(0)
        values = dict(zip(CONSTANTS, self.constants[atom].tolist(), strict=True))
        return substitute(program, {name: values[name[0]] for name in names})


FAMILIES: tuple[Family, ...] = (
    *(Family("identity", power) for power in _POWERS),
    *(
        Family(outer, inner)
        for inner in (*_INNER, None, *_DEEP)
        for outer in _OUTER
        if outer != "identity"
    ),
)
_NUMBER = {family: i for i, family in enumerate(FAMILIES)}


def evaluated(
    family: Int[np.ndarray, " n"], constants: Float[np.ndarray, "n 3"], x: np.ndarray, slopes: bool
) -> tuple[Float[np.ndarray, "n rows"], Float[np.ndarray, "n 3 rows"]]:
    """Values of atoms on x and, if wanted, their derivatives by a, b and r."""
    values = np.empty((len(family), len(x)))
    derivatives = np.zeros((len(family), 3 if slopes else 0, len(x)))
    for number in np.unique(family).tolist():
        rows = np.flatnonzero(family == number)
        a, b, r = constants[rows].T[..., None]
        one, outer = FAMILIES[number], _OUTER[FAMILIES[number].outer]
        g = x * x + r * x if one.inner is None else spread(evaluate(one.inner, {"x": x}), x.shape)
        u = a * g + b
        values[rows] = outer.value(u)
        if slopes and any(one.free):
            slope = outer.slope(u)
            by_factor, by_shift, by_root = one.free
            if by_factor:
                derivatives[rows, 0] = slope * g
            if by_shift:
                derivatives[rows, 1] = slope
            if by_root:
                derivatives[rows, 2] = slope * a * x
    return values, derivatives


def basic_atoms(curve: Curve) -> Atoms:
    """Powers, and plain functions of x alone."""
    families = [Family("identity", power) for power in _POWERS]
    families += [Family(name, "x") for name in ("exp", "log", "sin", "cos", "tanh")]
    grid = [(family, (1.0, 0.0, 0.0)) for family in families]
    return _made([*grid, (Family("exp", "x"), (-1.0, 0.0, 0.0))], curve)


def round_atoms(curve: Curve) -> Atoms:
    """Functions of functions with round numbers, the basic ones first."""
    return _made(_round_grid(), curve)


@cache
def _round_grid() -> list[tuple[Family, tuple[float, float, float]]]:
    """Families with their constants."""
    grid = [(Family("identity", power), (1.0, 0.0, 0.0)) for power in _POWERS]
    for family in FAMILIES:
        outer = _OUTER[family.outer]
        if family.outer == "identity":
            continue
        if family.inner is None:
            grid += [(family, c) for c in product((1.0, -1.0), (0.0, 1.0), _ROOTS)]
            continue
        factors: tuple[float, ...] = _FACTORS if family.inner in _INNER else (1.0,)
        if family.outer in ("sin", "cos") and family.inner in _INNER:
            factors = (*factors, np.pi, 2 * np.pi)
        if family.outer in ("exp", "sqrt", "log", "1/sqrt") or family.inner in _DEEP:
            factors = (*factors, *(-factor for factor in factors))
        shifts = _SHIFTS if outer.shift else (0.0,)
        grid += [(family, (a, b, 0.0)) for a in factors for b in shifts]
    return grid


def window_atoms(curve: Curve) -> Atoms:
    """Functions of plain functions in windows of their arguments, and powers."""
    grid = [(Family("identity", power), (1.0, 0.0, 0.0)) for power in _POWERS]
    for inner in _INNER:
        with np.errstate(all="ignore"):
            g = spread(evaluate(inner, {"x": curve.x}), curve.x.shape)
        if not np.isfinite(g).all() or np.ptp(g) == 0:
            continue
        middle, half = 0.5 * (g.max() + g.min()), 0.5 * np.ptp(g)
        for name, outer in _OUTER.items():
            if outer.shape:
                p, q = _windows(outer.shape)
                a, b = p / half, q - p * middle / half
                if not outer.factor:
                    a, b = np.sign(a), b / np.abs(a)
                family = Family(name, inner)
                grid += [(family, (c, d, 0.0)) for c, d in zip(a.tolist(), b.tolist(), strict=True)]
    grid += [(Family("exp", None), constants) for constants in _bells(curve)]
    return _made(grid, curve)


def _bells(curve: Curve) -> list[tuple[float, float, float]]:
    """Constants of Gaussians exp(-((x - c)/w)**2) at some places with some widths."""
    extent = curve.high - curve.low
    places = curve.low + extent * np.linspace(0.0, 1.0, 13)
    widths = extent * np.array([0.04, 0.1, 0.2, 0.4])
    return [(float(-(w**-2)), 0.0, float(-2 * c)) for c in places for w in widths]


@cache
def _windows(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Some windows of a function of the library, of waves the slow ones in both phases."""
    if LIBRARY[name].periodic:
        p = np.repeat(np.concatenate([[0.25, 0.5, 1.0], _WAVES]), 2)
        return p, np.tile([0.0, np.pi / 2], len(p) // 2)
    grid = start_grid(LIBRARY[name])
    starts = grid.groups[~grid.straddling[grid.groups]]
    rows = starts[np.linspace(0, len(starts) - 1, min(_WINDOWS, len(starts))).astype(int)]
    return grid.p[rows], grid.q[rows]


def _made(grid: list[tuple[Family, tuple[float, float, float]]], curve: Curve) -> Atoms:
    """Atoms that are finite and vary, none an affine image of one before it."""
    family = np.array([_NUMBER[each] for each, _ in grid])
    constants = np.array([c for _, c in grid])
    with np.errstate(all="ignore"):
        values, _ = evaluated(family, constants, curve.x, slopes=False)
        middle = np.median(np.abs(values), axis=1)
        good = np.isfinite(values).all(axis=1) & (np.abs(values).max(axis=1) < _LARGEST * middle)
    whole = Atoms(family, constants, values, np.ones(len(family))).take(np.flatnonzero(good))
    size = np.linalg.norm(whole.values * curve.root, axis=1)
    values = whole.values / size[:, None]
    centred = (values - (values @ curve.root**2)[:, None]) * curve.root
    norm = np.linalg.norm(centred, axis=1)
    kept = np.flatnonzero(norm > _FLAT)
    kept = kept[_first_of_like(centred[kept] / norm[kept, None])]
    return replace(whole.take(kept), values=values[kept], sizes=size[kept])


def _first_of_like(directions: Float[np.ndarray, "n rows"]) -> Bool[np.ndarray, " n"]:
    """Which directions are no multiple of an earlier one."""
    probes = np.random.default_rng(0).normal(size=(directions.shape[1], 3))
    marks = directions @ probes
    marks *= np.sign(marks[:, :1])
    _, first = np.unique((marks / _SAME).round(), axis=0, return_index=True)
    found = np.zeros(len(directions), dtype=bool)
    found[first] = True
    return found
