"""Anderson localisation: dense diagonalisation and the exact mobility edge are the oracles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.anderson_model import (
    MODELS,
    fractal_dimension,
    gaam_spectrum,
    inverse_participation_ratio,
    maam_spectrum,
    sample_states,
)
from kansym.problems.catalogue import load_problem
from kansym.shared.errors import InputError


def test_gaam_states_are_eigenvectors_of_the_dense_matrix() -> None:
    strength, alpha, sites, phase = 0.8, -0.4, 60, 1.1
    wave = np.cos(2 * np.pi * (np.sqrt(5) - 1) / 2 * np.arange(sites) + phase)
    matrix = np.diag(2 * strength * wave / (1 - alpha * wave))
    matrix += np.diag(np.ones(sites - 1), 1) + np.diag(np.ones(sites - 1), -1)
    found = gaam_spectrum(strength, alpha, sites=sites, phase=phase)
    assert_allclose(matrix @ found.states, found.states * found.energies, atol=1e-12)


def test_maam_states_are_eigenvectors_of_the_matrix_written_out() -> None:
    strength, p, sites, phase = 2.0, 1.3, 40, 0.2
    matrix = np.empty((sites, sites))
    for n in range(sites):
        for m in range(sites):
            matrix[n, m] = np.exp(p) * np.exp(-p * abs(n - m))
        matrix[n, n] = strength * np.cos(np.pi * (np.sqrt(5) - 1) * n + phase)
    found = maam_spectrum(strength, p, sites=sites, phase=phase)
    assert_allclose(matrix @ found.states, found.states * found.energies, atol=1e-11)


def test_participation_of_plane_and_single_site_states() -> None:
    sites = 64
    waves = np.exp(2j * np.pi * np.outer(np.arange(sites), [1, 5]) / sites)
    assert_allclose(inverse_participation_ratio(waves), 1 / sites)
    assert_allclose(fractal_dimension(waves), 1.0)
    assert_allclose(fractal_dimension(np.eye(sites)), 0.0, atol=1e-15)


def test_dimension_ignores_the_scale_of_a_state() -> None:
    states = np.random.default_rng(0).standard_normal((50, 4))
    assert_allclose(fractal_dimension(7.0 * states), fractal_dimension(states))


@pytest.mark.parametrize(("name", "model"), [("anderson-gaam", "GAAM"), ("anderson-maam", "MAAM")])
def test_the_exact_edge_classifies_the_ready_table(name: str, model: str) -> None:
    problem = load_problem(name)
    data = problem.data()
    edge = MODELS[model].edge(*data.X.T)
    right = np.mean((edge > 0) == (data.y > 0.5))
    assert len(data) == 4000
    assert 0.2 < data.y.mean() < 0.8
    assert right >= 0.99
    assert_allclose(problem.value(data.X), edge > 0)


def test_the_ready_table_is_what_the_code_computes() -> None:
    columns = sample_states("GAAM", lattices=1, states=20, sites=1597, seed=0)
    data = load_problem("anderson-gaam").data()
    assert_allclose(data.X[:20, 0], columns["energy"], rtol=1e-6, atol=1e-6)
    assert_allclose(data.y[:20], columns["localised"])


@pytest.mark.parametrize("model", ["GAAM", "MAAM"])
def test_longer_lattices_sharpen_the_edge(model: str) -> None:
    kind = MODELS[model]

    def right(sites: int) -> float:
        c = sample_states(model, lattices=8, states=sites, sites=sites, seed=3)
        edge = kind.edge(c["energy"], c["strength"], c[kind.name])
        return float(np.mean((edge > 0) == (c["localised"] > 0.5)))

    assert right(55) < right(610)


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(InputError, match="alpha is 1"):
        gaam_spectrum(1.0, 1.0, sites=10)
    with pytest.raises(InputError, match="p is 0"):
        maam_spectrum(1.0, 0.0, sites=10)
    with pytest.raises(InputError, match="1 sites"):
        gaam_spectrum(1.0, 0.0, sites=1)
    with pytest.raises(InputError, match="GAAM or MAAM"):
        sample_states("AAH", lattices=1, states=1)
