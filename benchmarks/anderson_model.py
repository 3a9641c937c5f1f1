r"""Anderson localisation in one-dimensional quasiperiodic lattices with exact mobility edges.

Two tight-binding models with :math:`V_n = \cos(2\pi b n + \varphi)`, b the golden mean
:math:`(\sqrt 5 - 1)/2`:

- GAAM, the generalised Aubry-Andre model [1]_: nearest-neighbour hopping 1 and the potential
  :math:`2\lambda V_n/(1 - \alpha V_n)`; states are localised where
  :math:`\alpha E > 2(1 - \lambda)` (:math:`\lambda > 0`);
- MAAM, the modified model with hopping :math:`e^{-p(|n-m|-1)}` and the potential
  :math:`\lambda V_n` [2]_: states are localised where :math:`\lambda\cosh p > E + e^p`.

A state :math:`\psi` has the inverse participation ratio
:math:`\mathrm{IPR} = \sum|\psi|^4/(\sum|\psi|^2)^2` and the fractal dimension
:math:`D = -\log \mathrm{IPR}/\log N`: 1 if extended, 0 if localised, for long lattices.

References
----------
.. [1] S. Ganeshan, J. H. Pixley, S. Das Sarma, Phys. Rev. Lett. 114 (2015) 146601,
   doi:10.1103/PhysRevLett.114.146601
.. [2] J. Biddle, S. Das Sarma, Phys. Rev. Lett. 104 (2010) 070601,
   doi:10.1103/PhysRevLett.104.070601
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact
from scipy.linalg import eigh, eigh_tridiagonal

from kansym.shared.errors import InputError

__all__ = [
    "MODELS",
    "Spectrum",
    "fractal_dimension",
    "gaam_edge",
    "gaam_spectrum",
    "inverse_participation_ratio",
    "maam_edge",
    "maam_spectrum",
    "sample_states",
]

GOLDEN_MEAN = (np.sqrt(5.0) - 1.0) / 2.0
THRESHOLD = 0.5


@dataclass(frozen=True)
class Spectrum:
    """Energies and normalised states (in columns) of one Hamiltonian."""

    energies: Float[np.ndarray, "sites"]
    states: Float[np.ndarray, "sites sites"]

    @property
    def dimension(self) -> Float[np.ndarray, "sites"]:
        """Fractal dimension of each state."""
        return fractal_dimension(self.states)

    @property
    def localised(self) -> np.ndarray:
        """Whether each state is localised: fractal dimension below one half."""
        return self.dimension < THRESHOLD

    def __str__(self) -> str:
        return f"{len(self.energies)} states, {int(self.localised.sum())} localised"


def inverse_participation_ratio(states: Inexact[np.ndarray, "sites n"]) -> Float[np.ndarray, "n"]:
    r""":math:`\sum|\psi|^4/(\sum|\psi|^2)^2` of each column, between 1/sites and 1.

    Examples
    --------
    >>> inverse_participation_ratio(np.array([[1.0, 0.5], [0.0, 0.5]]))
    array([1. , 0.5])
    """
    weight = np.abs(states) ** 2
    return np.sum(weight**2, axis=0) / np.sum(weight, axis=0) ** 2


def fractal_dimension(states: Inexact[np.ndarray, "sites n"]) -> Float[np.ndarray, "n"]:
    r""":math:`-\log\mathrm{IPR}/\log N` of each column: 0 on one site, 1 if evenly spread.

    Examples
    --------
    >>> fractal_dimension(np.full((8, 1), 1 / np.sqrt(8))).round(12)
    array([1.])
    """
    return -np.log(inverse_participation_ratio(states)) / np.log(len(states))


def gaam_spectrum(strength: float, alpha: float, *, sites: int, phase: float = 0.0) -> Spectrum:
    r"""Diagonalise the generalised Aubry-Andre model, hopping 1.

    Parameters
    ----------
    strength : :math:`\lambda`, half the potential's amplitude.
    alpha : deformation of the potential, between -1 and 1.
    sites : length of the lattice, open ends.
    phase : :math:`\varphi`.

    Raises
    ------
    InputError
        If alpha is not inside (-1, 1) or there are fewer than two sites.

    Examples
    --------
    >>> bool(gaam_spectrum(0.5, 0.0, sites=144).localised.mean() < 0.05)  # few, at the ends
    True
    >>> print(gaam_spectrum(2.0, 0.0, sites=144))
    144 states, 144 localised
    """
    if not -1 < alpha < 1:
        raise InputError(f"alpha is {alpha}, but the potential is finite only for -1 < alpha < 1.")
    wave = _wave(sites, phase)
    energies, states = eigh_tridiagonal(
        2.0 * strength * wave / (1.0 - alpha * wave), np.ones(sites - 1)
    )
    return Spectrum(energies, states)


def maam_spectrum(strength: float, p: float, *, sites: int, phase: float = 0.0) -> Spectrum:
    r"""Diagonalise the model with exponentially decaying hopping, nearest-neighbour hopping 1.

    Parameters
    ----------
    strength : :math:`\lambda`, the potential's amplitude.
    p : decay of the hopping, positive: :math:`t_{nm} = e^{-p(|n-m|-1)}`.
    sites : length of the lattice, open ends.
    phase : :math:`\varphi`.

    Raises
    ------
    InputError
        If p is not positive or there are fewer than two sites.

    Examples
    --------
    >>> print(maam_spectrum(4.0, 2.0, sites=144))
    144 states, 144 localised
    """
    if p <= 0:
        raise InputError(f"p is {p}, but the hopping decays only for p > 0.")
    wave = _wave(sites, phase)
    n = np.arange(sites)
    matrix = np.exp(-p * (np.abs(n[:, None] - n[None, :]) - 1.0))
    matrix[n, n] = strength * wave
    energies, states = eigh(matrix, overwrite_a=True, check_finite=False)
    return Spectrum(energies, states)


def _wave(sites: int, phase: float) -> Float[np.ndarray, "sites"]:
    if sites < 2:
        raise InputError(f"A lattice of {sites} sites was asked for: give 2 or more.")
    return np.cos(2.0 * np.pi * GOLDEN_MEAN * np.arange(sites) + phase)


def gaam_edge(
    energy: Float[np.ndarray, "..."],
    strength: Float[np.ndarray, "..."],
    alpha: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "..."]:
    r""":math:`\alpha E + 2\lambda - 2`: positive where states are localised, zero at the edge.

    Examples
    --------
    >>> float(gaam_edge(np.array(0.0), np.array(1.0), np.array(0.3)))
    0.0
    """
    return alpha * energy + 2.0 * strength - 2.0


def maam_edge(
    energy: Float[np.ndarray, "..."],
    strength: Float[np.ndarray, "..."],
    p: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "..."]:
    r""":math:`\lambda\cosh p - E - e^p`: positive where localised, zero at the edge.

    Examples
    --------
    >>> bool(maam_edge(np.array(0.0), np.array(4.0), np.array(2.0)) > 0)
    True
    """
    return strength * np.cosh(p) - energy - np.exp(p)


@dataclass(frozen=True)
class _Model:
    spectrum: Callable[..., Spectrum]
    edge: Callable[..., np.ndarray]
    strength: tuple[float, float]
    other: tuple[float, float]
    name: str


MODELS: Mapping[str, _Model] = {
    "GAAM": _Model(gaam_spectrum, gaam_edge, (0.3, 1.7), (-0.8, 0.8), "alpha"),
    "MAAM": _Model(maam_spectrum, maam_edge, (1.0, 4.0), (0.8, 3.5), "p"),
}


def sample_states(
    model: str, *, lattices: int, states: int, sites: int = 1597, seed: int = 0
) -> dict[str, Float[np.ndarray, "rows"]]:
    """States drawn at random from lattices with random parameters and phases.

    Parameters
    ----------
    model : ``"GAAM"`` or ``"MAAM"``.
    lattices : number of Hamiltonians to diagonalise.
    states : number of states to draw from each, at most `sites`.
    sites : length of each lattice; the longer, the sharper the edge.
    seed : of parameters, phases and choice.

    Returns
    -------
    Columns: energy, strength, alpha or p, dimension (fractal dimension), localised (0 or 1) and
    lattice (its number).

    Raises
    ------
    InputError
        If the model is unknown.

    Examples
    --------
    >>> columns = sample_states("GAAM", lattices=2, states=5, sites=144)
    >>> list(columns)
    ['energy', 'strength', 'alpha', 'dimension', 'localised', 'lattice']
    """
    if model not in MODELS:
        raise InputError(f"There is no model {model!r}: choose {' or '.join(MODELS)}.")
    kind, generator = MODELS[model], np.random.default_rng(seed)
    parts = [_states_of(kind, number, states, sites, generator) for number in range(lattices)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _states_of(
    kind: _Model, number: int, states: int, sites: int, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    strength, other = generator.uniform(*kind.strength), generator.uniform(*kind.other)
    found = kind.spectrum(strength, other, sites=sites, phase=generator.uniform(0.0, 2.0 * np.pi))
    chosen = np.sort(generator.choice(sites, states, replace=False))
    return {
        "energy": found.energies[chosen],
        "strength": np.full(states, strength),
        kind.name: np.full(states, other),
        "dimension": found.dimension[chosen],
        "localised": found.localised[chosen].astype(np.float64),
        "lattice": np.full(states, float(number)),
    }
