"""Random curves c*f(a*x + b) + d that tell f from simpler functions, for tests and benchmarks."""

from dataclasses import dataclass

import numpy as np

from kansym.symbolic.library.candidate import Candidate

POINTS = 128


@dataclass(frozen=True)
class Draw:
    """One curve and the candidate and constants that made it."""

    candidate: Candidate
    x: np.ndarray
    y: np.ndarray
    constants: tuple[float, float, float, float]


def draw_curve(candidate: Candidate, rng: np.random.Generator) -> Draw:
    """A curve of the candidate over a window of its own argument where it looks like itself."""
    for _ in range(2000):
        low, high = _window(candidate, rng)
        if not _typical(candidate, low, high):
            continue
        a = float(rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-1.0, 1.3))
        b = 0.0 if rng.random() < 0.5 else float(rng.normal(scale=3.0))
        first, last = sorted([(low - b) / a, (high - b) / a])
        x = np.linspace(first, last, POINTS)
        if rng.random() < 0.3:
            x = np.sort(rng.uniform(first, last, POINTS))
        f = candidate.numpy(a * x + b)
        if not np.isfinite(f).all():
            continue
        c = float(rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-3.0, 3.0))
        d = float(rng.normal() * abs(c) * f.std())
        return Draw(candidate, x, c * f + d, (a, b, c, d))
    raise AssertionError(f"no typical window of {candidate.name} was found")


def _window(candidate: Candidate, rng: np.random.Generator) -> tuple[float, float]:
    if candidate.scale_free:
        # Only the ratio of the two ends matters: the pole inside, near or far.
        low = rng.uniform(-1.0, 0.6) if rng.random() < 0.5 else 10.0 ** rng.uniform(-2.0, -0.3)
        return (low, 1.0) if rng.random() < 0.7 else (-1.0, -low)
    width = 10.0 ** rng.uniform(-0.1, 0.7)
    low = rng.uniform(-4.0, 4.0 - 0.5 * width)
    if candidate.name == "sin":
        width = 10.0 ** rng.uniform(0.0, 1.8)
    return low, low + width


def _typical(candidate: Candidate, low: float, high: float) -> bool:
    """Defined throughout, without a pole that dwarfs the rest, and far from a parabola."""
    if not candidate.domain.covers(low, high):
        return False
    f = candidate.numpy(np.linspace(low, high, 2001))
    spread = np.ptp(f)
    if not np.isfinite(f).all() or spread == 0.0:
        return False
    if candidate.name != "sign" and np.abs(np.diff(f)).max() > 0.1 * spread:
        return False
    if candidate.name in {"x", "x^2"}:
        return True
    t = np.linspace(-1.0, 1.0, f.size)
    parabola = np.polynomial.polynomial.polyval(t, np.polynomial.polynomial.polyfit(t, f, 2))
    return bool((f - parabola).std() > 3e-3 * f.std())
