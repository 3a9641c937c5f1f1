"""Random laws of two to five inputs from a grammar, the same for the same seed."""

import numpy as np
import sympy

__all__ = ["random_expression"]

_UNARY = {
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "square": lambda e: e**2,
    "cube": lambda e: e**3,
}
_ATTEMPTS = 2000
_ROWS = 200
_DEFINED = 0.9
_LARGEST = 1e4


def random_expression(
    seed: int,
) -> tuple[sympy.Expr, tuple[str, ...], tuple[tuple[float, float, bool], ...]]:
    """An expression, the names of its inputs, and their ranges.

    Every input occurs one to three times; 6 to 14 operations; functions at most two deep; some
    measured constants. It is defined and of moderate size on nearly all of its ranges, and every
    input matters.
    """
    rng = np.random.default_rng(seed)
    for _ in range(_ATTEMPTS):
        inputs = int(rng.integers(2, 6))
        names = tuple(f"x{i + 1}" for i in range(inputs))
        symbols = sympy.symbols(names)
        leaves = [
            s for s in symbols for _ in range(int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15])))
        ]
        rng.shuffle(leaves)
        expr = _tree([(leaf, 0) for leaf in leaves], rng)
        ranges = tuple((1.0, float(rng.choice([3.0, 5.0])), False) for _ in names)
        if 6 <= sympy.sympify(expr).count_ops() <= 14 and _sound(expr, names, ranges, rng):
            return expr, names, ranges
    raise RuntimeError(f"seed {seed} gives no sound expression in {_ATTEMPTS} attempts")


def _tree(parts: list[tuple[sympy.Expr, int]], rng: np.random.Generator) -> sympy.Expr:
    """Leaves joined in random pairs, functions and constants put on some of the parts."""
    parts = [_decorated(part, rng, 0.25) for part in parts]
    while len(parts) > 1:
        i, j = rng.choice(len(parts), 2, replace=False)
        (a, deep_a), (b, deep_b) = parts[i], parts[j]
        operation = rng.choice(["add", "sub", "mul", "div"], p=[0.28, 0.22, 0.3, 0.2])
        joined = {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[operation]
        parts = [p for k, p in enumerate(parts) if k not in (i, j)]
        parts.append(_decorated((joined, max(deep_a, deep_b)), rng, 0.3))
    return parts[0][0]


def _decorated(
    part: tuple[sympy.Expr, int], rng: np.random.Generator, chance: float
) -> tuple[sympy.Expr, int]:
    expr, deep = part
    if rng.random() < 0.12:
        number = sympy.Float(round(float(rng.uniform(0.3, 4)), 2))
        expr = expr * number if rng.random() < 0.5 else expr + number
    if deep < 2 and rng.random() < chance:
        return _UNARY[str(rng.choice(list(_UNARY)))](expr), deep + 1
    return expr, deep


def _sound(
    expr: sympy.Expr,
    names: tuple[str, ...],
    ranges: tuple[tuple[float, float, bool], ...],
    rng: np.random.Generator,
) -> bool:
    """Defined, moderate, and dependent on every input."""
    if {s.name for s in expr.free_symbols} != set(names) or expr.has(sympy.zoo, sympy.nan, sympy.I):
        return False
    from kansym.programs.program import evaluate
    from kansym.symbolic.formulas.sympy_programs import from_sympy

    X = np.stack([rng.uniform(low, high, _ROWS) for low, high, _ in ranges], axis=1)
    program = from_sympy(expr)
    y = np.asarray(evaluate(program, dict(zip(names, X.T, strict=True))), dtype=float)
    good = np.isfinite(y)
    if good.mean() < _DEFINED or np.abs(y[good]).max() > _LARGEST or np.std(y[good]) < 1e-3:
        return False
    for k in range(len(names)):
        moved = X.copy()
        moved[:, k] = rng.permutation(X[:, k])
        other = np.asarray(evaluate(program, dict(zip(names, moved.T, strict=True))), dtype=float)
        both = good & np.isfinite(other)
        if np.std((other - y)[both]) < 0.02 * np.std(y[good]):
            return False
    return True
