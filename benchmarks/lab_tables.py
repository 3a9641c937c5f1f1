"""Tables as a student of physics brings them from the laboratory, asked by `discover`.

6 to 40 rows, 1 to 5 % noise, some with errors on the rows, some with few levels. Printed are what
came back, whether the form is right or the right one is on the front, and the seconds.
`python benchmarks/lab_tables.py [names]` runs all tables, or those named.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from measurements import is_form

from kansym import discover

SECONDS = 10.0


@dataclass(frozen=True)
class Lab:
    """A table and the forms that a physicist would accept for it."""

    X: Mapping[str, np.ndarray]
    y: np.ndarray
    forms: tuple[str, ...]
    errors: Mapping[str, Any] = field(default_factory=dict)


def _noisy(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    return y * (1 + share * np.random.default_rng(seed).normal(size=len(y)))


def lens() -> Lab:
    """Distance of the image behind a lens of 10 cm."""
    g = np.array([12.0, 14, 16, 18, 20, 25, 30, 40, 50, 70])
    b = _noisy(1 / (1 / 10 - 1 / g), 0.01, 1)
    return Lab({"g": g}, b, ("a*g/(g + b)", "a/(b + c/g)", "1/(a - 1/g)", "a + b/(g + c)"))


def capacitor() -> Lab:
    """Discharge over a resistor, read to 0.05 V."""
    t = np.arange(0.0, 60, 5)
    u = 9 * np.exp(-t / 22) + 0.05 * np.random.default_rng(2).normal(size=12)
    return Lab({"t": t}, u, ("a*exp(b*t)",), {"sigma": 0.05})


def ohm() -> Lab:
    """Current through 470 ohm."""
    u = np.array([0.5, 1, 2, 3, 4, 5, 6.0])
    return Lab({"U": u}, _noisy(u / 470, 0.02, 3), ("a*U",))


def radiation() -> Lab:
    """Power of a filament against its temperature."""
    t = np.linspace(900, 2600, 15)
    return Lab({"T": t}, _noisy(5.67e-8 * 2e-5 * t**4, 0.03, 4), ("a*T**4",))


def arrhenius() -> Lab:
    """Rate constant of a reaction."""
    t = np.linspace(290, 360, 10)
    k = _noisy(3e9 * np.exp(-6500 / t), 0.03, 5)
    return Lab({"T": t}, k, ("a*exp(b/T)", "exp(a + b/T)"), {"sigma": 0.03 * k})


def enzyme() -> Lab:
    """Michaelis and Menten."""
    s = np.array([0.1, 0.2, 0.4, 0.7, 1, 2, 4, 7, 10.0, 15])
    return Lab({"S": s}, _noisy(2.4 * s / (1.3 + s), 0.03, 6), ("a*S/(S + b)", "a + b/(S + c)"))


def counts() -> Lab:
    """Counts of a decaying source, without background."""
    t = np.arange(0.0, 300, 15)
    n = np.random.default_rng(7).poisson(800 * np.exp(-t / 110)).astype(float)
    return Lab({"t": t}, n, ("a*exp(b*t)",), {"sigma": np.sqrt(np.maximum(n, 1))})


def spring() -> Lab:
    """Length of a spring under load."""
    m = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35])
    return Lab({"m": m}, _noisy(0.12 + 0.38 * m, 0.01, 8), ("a + b*m",))


def throw() -> Lab:
    """Height of a ball on a film."""
    t = np.arange(0.0, 1.0, 0.04)
    h = 1.2 + 4.1 * t - 4.905 * t**2 + 0.02 * np.random.default_rng(9).normal(size=len(t))
    return Lab({"t": t}, h, ("a + b*t + c*t**2", "a + b*(t + c)**2"))


def glass() -> Lab:
    """Refractive index against the wavelength in micrometres (Cauchy)."""
    w = np.array([0.4047, 0.4358, 0.4678, 0.4800, 0.5086, 0.5461, 0.5876, 0.6438, 0.6563, 0.7065])
    n = 1.5046 + 0.0042 / w**2 + 0.0001 * np.random.default_rng(10).normal(size=10)
    return Lab({"w": w}, n, ("a + b/w**2",))


def falling() -> Lab:
    """Speed of a falling paper cone."""
    t = np.linspace(0.05, 1.2, 20)
    return Lab({"t": t}, _noisy(2.1 * np.tanh(9.81 * t / 2.1), 0.02, 11), ("a*tanh(b*t)",))


def pressure() -> Lab:
    """Pressure of the air against the height."""
    h = np.linspace(0, 5000, 11)
    return Lab({"h": h}, _noisy(1013 * np.exp(-h / 8000), 0.01, 12), ("a*exp(b*h)",))


def gas() -> Lab:
    """Pressure of a gas at three volumes and six temperatures."""
    v = np.repeat([0.5, 1.0, 2.0], 6)
    t = np.tile(np.linspace(280, 380, 6), 3)
    return Lab({"V": v, "T": t}, _noisy(8.314 * t / v, 0.01, 13), ("a*T/V",))


def resonance() -> Lab:
    """Amplitude of a driven oscillator."""
    f = np.linspace(0.5, 2.5, 40)
    y = _noisy(1 / np.sqrt((1.7**2 - f**2) ** 2 + (0.3 * f) ** 2), 0.02, 14)
    forms = (
        "1/sqrt(a*f**2 + (f**2 + b)**2)",
        "a/sqrt(c*f**2 + (f**2 + b)**2)",
        "a/sqrt(b + c*f**2 + d*f**4)",
    )
    return Lab({"f": f}, y, forms)


def diode() -> Lab:
    """Characteristic of a diode."""
    u = np.linspace(0.45, 0.72, 14)
    return Lab({"U": u}, _noisy(2e-9 * np.exp(u / 0.048), 0.03, 15), ("a*exp(b*U)",))


def wire() -> Lab:
    """Resistance of wires of three diameters and four lengths."""
    d = np.repeat([0.2, 0.35, 0.5], 4)
    length = np.tile([0.5, 1.0, 1.5, 2.0], 3)
    r = _noisy(4 * 0.49 * length / (np.pi * d**2), 0.02, 16)
    return Lab({"l": length, "d": d}, r, ("a*l/d**2",))


def malus() -> Lab:
    """Light through two polarisers against their angle in radians."""
    a = np.radians(np.arange(0, 181, 10.0))
    y = 52 * np.cos(a) ** 2 + 3 + 0.8 * np.random.default_rng(17).normal(size=len(a))
    forms = ("a + b*cos(A)**2", "a + b*sin(A)**2", "a + b*cos(c*A)", "a + b*cos(c*A + d)")
    return Lab({"A": a}, y, (*forms, "a + b*sin(c*A + d)"))


def cooling() -> Lab:
    """A cup of tea in a room."""
    t = np.arange(0.0, 60, 4)
    y = 21 + 64 * np.exp(-t / 19) + 0.4 * np.random.default_rng(18).normal(size=len(t))
    return Lab({"t": t}, y, ("a + b*exp(c*t)",), {"sigma": 0.4})


def more() -> dict[str, Lab]:  # noqa: PLR0915 - a list
    """Further ones in few words: inputs, the law and its scatter, digits read, and its form."""
    draws, labs = np.random.default_rng(21), dict[str, Lab]()

    def add(
        name: str, X: Mapping[str, Any], y: np.ndarray, scatter: Any, digits: int, *forms: str
    ) -> None:
        X = {key: np.asarray(column, dtype=float) for key, column in X.items()}
        rows = np.round(y + scatter * draws.normal(size=len(y)), digits)
        labs[name] = Lab(X, rows, forms)

    def grid(first: list[float], second: list[float]) -> tuple[np.ndarray, np.ndarray]:
        return np.repeat(first, len(second)), np.tile(second, len(first))

    x = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2])
    add("pendulum", {"L": x}, y := 2.0071 * np.sqrt(x), 0.008 * y, 2, "a*sqrt(L)")
    add("fall", {"h": x}, np.sqrt(2 * x / 9.81), 0.008, 3, "a*sqrt(h)")
    x = np.array([10.0, 15, 20, 25, 30, 40, 50, 70])
    add("lamp", {"d": x}, y := 4.2e4 / x**2, 0.03 * y, 1, "a/d**2")
    add("daylight", {"d": x}, 4.2e4 / x**2 + 8, 0.7, 1, "a/d**2 + b")
    x = 273.15 + 10 * np.arange(9)
    y = 1e4 * np.exp(3950 * (1 / x - 1 / 298.15))
    add("thermistor", {"T": x}, y, 0.02 * y, 0, "a*exp(b/T)")
    x = np.arange(20.0, 91, 10)
    add("copper", {"T": x}, 1.62 * (1 + 0.0039 * (x - 20)), 0.004, 3, "a + b*T")
    x = np.geomspace(20, 20000, 13)
    y = 2 / np.sqrt(1 + (x / 480) ** 2)
    add("filter", {"f": x}, y, 0.015 * y, 4, "a/sqrt(1 + b*f**2)", "a/sqrt(b + f**2)")
    x = np.arange(0.0, 31, 3)
    add("kinetics", {"t": x}, 1 / (12.5 + 0.9 * x), 4e-4, 4, "a/(t + b)")
    x = np.arange(0.0, 25, 1.5)
    y = 9.6 / (1 + np.exp((10 - x) / 2.3))
    add("yeast", {"t": x}, y, 0.12, 2, "a/(1 + b*exp(c*t))", "a/(b + exp(c*t))")
    x = np.array([0.0033, 0.02, 0.3, 2.5, 4, 18, 65, 70, 480, 3900])
    add("kleiber", {"m": x}, y := 3.4 * x**0.75, 0.06 * y, 4, "a*m**p", "a*m**(3/4)")
    x = np.array([0.39, 0.72, 1, 1.52, 5.2, 9.54, 19.2, 30.1])
    add("planets", {"A": x}, y := 365.25 * x**1.5, 0.003 * y, 1, "k*A**(3/2)")
    x = np.array([3, 4.3, 5.4, 7, 9.8, 14, 20, 27, 41])
    add("cepheids", {"P": x}, -2.43 * np.log10(x) - 1.62, 0.09, 2, "a*log(P) + b")
    v, n = grid([1, 2, 3], [0.01, 0.02, 0.03, 0.04, 0.05])
    add("moles", {"n": n, "V": v}, y := 2437 * n / v, 0.015 * y, 1, "a*n/V")
    r, x = grid([0.5, 0.8, 1.1], [10, 20, 30, 40])
    add("pipe", {"r": r, "l": x}, y := 310 * r**4 / x, 0.03 * y, 2, "a*r**4/l")
    x = np.array([5.0, 10, 20, 40, 80, 160, 320])
    add("langmuir", {"p": x}, 3.1 * x / (45 + x), 0.03, 2, "a*p/(p + b)", "a/(1 + b/p)")
    m, k = grid([0.1, 0.2, 0.4], [3, 6, 12, 24])
    add("springs", {"m": m, "k": k}, y := 6.283 * np.sqrt(m / k), 0.01 * y, 3, "a*sqrt(m/k)")
    x = np.array([5.5, 6, 6.5, 7, 7.5, 8.2])
    add("photons", {"v": x}, 0.4136 * x - 2.05, 0.015, 2, "a*v + b")
    x, t = grid([0.1, 0.2, 0.4, 0.8], [293.15, 313.15, 333.15])
    y = 4e7 * x * np.exp(-5900 / t)
    add("rates", {"c": x, "T": t}, y, 0.03 * y, 4, "a*c*exp(b/T)")
    x = np.linspace(-6, 6, 25)
    y = 40 / (1 + ((x - 0.7) / 1.3) ** 2) + 3
    add("line", {"x": x}, y, 0.6, 1, "a/(1 + ((x - b)/c)**2) + d", "a/((x - b)**2 + c) + d")
    x = np.linspace(0, 3, 31)
    y = 8 * np.exp(-0.55 * x) * np.cos(5.1 * x)
    waves = ("a*exp(b*t)*cos(c*t)", "a*exp(b*t)*sin(c*t + d)", "a*exp(b*t)*cos(c*t + d)")
    add("swing", {"t": x}, y, 0.12, 1, *waves)
    return labs


LABS: tuple[Callable[[], Lab], ...] = (
    lens, capacitor, ohm, radiation, arrhenius, enzyme, counts, spring, throw, glass, falling,
    pressure, gas, resonance, diode, wire, malus, cooling,
)  # fmt: skip


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name != "-v"]
    right = on_front = count = 0
    for name, lab in ({make.__name__: make() for make in LABS} | more()).items():
        if wanted and name not in wanted:
            continue
        begin = time.perf_counter()
        found = discover(
            pd.DataFrame(lab.X), lab.y, seconds=SECONDS, progress=False, **lab.errors
        ).result
        seconds = time.perf_counter() - begin
        good = any(is_form(found, form) for form in lab.forms)
        listed = any(is_form(point, form) for point in found.front for form in lab.forms)
        word = "right" if good else "front" if listed else "WRONG"
        print(f"{word}  {seconds:5.1f} s  {name:10s} {str(found.expr)[:100]}", flush=True)
        if "-v" in sys.argv:
            print(found)
        count, right, on_front = count + 1, right + good, on_front + (good or listed)
    print(f"{right} of {count} right, {on_front} on the front")


if __name__ == "__main__":
    main()
