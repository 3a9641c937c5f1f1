"""Knots: known invariants, KnotInfo's signatures, symmetry laws, and a builder that survives."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kansym.problems import knots, load_problem
from kansym.problems.knot_tables import as_csv, knot_table, ready_knots
from kansym.problems.knots import Knot, determinant, mirror, signature
from kansym.shared.errors import InputError

EXTRA = all(map(importlib.util.find_spec, ("snappy", "spherogram", "database_knotinfo", "pyarrow")))
needs_extra = pytest.mark.skipif(not EXTRA, reason="needs the extra knots")
BY_NAME = {knot.name: knot for knot in ready_knots()}


def _torus_seifert(n: int) -> np.ndarray:
    """Seifert matrix of the torus knot T(2, n), negative: signature 1 - n, determinant n."""
    return -np.eye(n - 1, dtype=int) + np.eye(n - 1, k=1, dtype=int)


@pytest.mark.parametrize("n", [1, 3, 5, 7, 9, 11])
def test_torus_knots_have_their_known_signature_and_determinant(n: int) -> None:
    assert signature(_torus_seifert(n)) == 1 - n
    assert determinant(_torus_seifert(n)) == n
    assert signature(-_torus_seifert(n)) == n - 1


@given(st.integers(0, 10**6))
def test_signature_is_invariant_under_change_of_basis(seed: int) -> None:
    generator = np.random.default_rng(seed)
    change = np.eye(4, dtype=int) + np.triu(generator.integers(-2, 3, (4, 4)), 1)
    seifert = _torus_seifert(5)
    assert signature(change @ seifert @ change.T) == -4
    assert determinant(change @ seifert @ change.T) == 5


def test_the_ready_table_has_all_knots_to_twelve_crossings() -> None:
    counts = [sum(k.crossings == n for k in ready_knots()) for n in range(3, 13)]
    assert counts == [1, 1, 2, 3, 7, 21, 49, 165, 552, 2176]  # the census
    not_hyperbolic = {k.name for k in ready_knots() if not k.hyperbolic}
    assert not_hyperbolic == {"3_1", "5_1", "7_1", "8_19", "9_1", "10_124", "11a_367"}


def test_known_invariants_of_single_knots() -> None:
    eight = BY_NAME["4_1"]
    assert_allclose(eight.volume, 2.0298832128193, rtol=1e-8)  # twice the regular tetrahedron
    assert_allclose(eight.longitudinal_translation, 2 * np.sqrt(3), rtol=1e-8)
    assert_allclose(eight.cusp_volume, np.sqrt(3), rtol=1e-8)
    assert (eight.signature, eight.determinant, eight.symmetry_order) == (0, 5, 8)
    assert_allclose(BY_NAME["5_2"].volume, 2.8281220883, rtol=1e-8)
    assert (BY_NAME["8_19"].signature, BY_NAME["8_19"].determinant) == (-6, 3)


def test_laws_that_hold_for_every_knot() -> None:
    table = knot_table(k for k in ready_knots() if k.hyperbolic).columns
    mu = table["meridional_translation_real"] + 1j * table["meridional_translation_imag"]
    longitude = table["longitudinal_translation"]
    assert_allclose((longitude / mu).real, table["slope"], atol=1e-6)
    assert_allclose(longitude * mu.imag / 2, table["cusp_volume"], atol=1e-6)
    assert_array_equal(table["signature"] % 2, 0)
    assert_array_equal(table["determinant"] % 2, 1)
    # Murasugi: the determinant is 1 or 3 modulo 4 as the signature is 0 or 2 modulo 4.
    assert_array_equal(table["determinant"] % 4, 1 + (table["signature"] % 4))
    assert (abs(mu) >= 1 - 1e-6).all()  # the meridian of a maximal cusp is no shorter than 1


def test_half_the_slope_predicts_most_signatures() -> None:
    table = knot_table(k for k in ready_knots() if k.hyperbolic).columns
    guess = 2 * np.round(table["slope"] / 4)
    assert 0.70 < np.mean(guess == table["signature"]) < 0.85


def test_mirror_images_change_four_signs_and_nothing_else() -> None:
    for knot in ready_knots()[:200]:
        image = mirror(knot)
        assert mirror(image).name == knot.name
        assert image.signature == -(knot.signature or 0)
        if knot.hyperbolic:
            assert_allclose(
                [image.slope, image.chern_simons, image.meridional_translation_real],
                [-knot.slope, -knot.chern_simons, -knot.meridional_translation_real],
            )
            assert (image.volume, image.cusp_volume) == (knot.volume, knot.cusp_volume)


def test_the_knot_problem_keeps_mirror_images_together() -> None:
    data = load_problem("knots").data()
    assert data.groups is not None
    assert_array_equal(np.unique(data.groups, return_counts=True)[1], 2)
    for group in data.groups[:40:2]:
        rows = data.y[data.groups == group]
        assert rows.sum() == 0
    assert data.y.mean() == 0


def test_writing_the_table_again_gives_the_same_bytes() -> None:
    from kansym.problems.problem_tables import DATA_FOLDER

    path = DATA_FOLDER / "knots.csv.gz"
    assert len(path.read_bytes()) < 400_000
    assert as_csv(ready_knots()) == as_csv(ready_knots())


@needs_extra
def test_signatures_equal_knotinfo_for_every_knot_of_the_ready_table() -> None:
    diagrams = knots.knotinfo_diagrams(12)
    assert len(diagrams) >= 2000
    assert {d.name: d.signature for d in diagrams} == {k.name: k.signature for k in ready_knots()}


@needs_extra
def test_the_builder_measures_what_the_table_holds(tmp_path: Path) -> None:
    diagrams = knots.knotinfo_diagrams(9)
    built = knots.build_knots(tmp_path, diagrams=diagrams)
    assert [k.name for k in built] == [d.name for d in diagrams]
    for knot in built:
        ready = BY_NAME[knot.name]
        assert knot.signature == ready.signature
        assert knot.failure is None
        if knot.hyperbolic:
            assert_allclose(knot.slope, ready.slope, atol=1e-7)
            assert_allclose(knot.chern_simons, ready.chern_simons, atol=1e-8)
            assert_allclose(knot.volume, ready.volume, rtol=1e-8)


@needs_extra
def test_a_finished_build_is_not_computed_again(tmp_path: Path) -> None:
    diagrams = knots.knotinfo_diagrams(6)
    first = knots.build_knots(tmp_path, diagrams=diagrams)
    seen: list[float] = []

    def tell(fraction: float, message: str) -> None:
        seen.append(fraction)

    again = knots.build_knots(tmp_path, diagrams=diagrams, progress=tell)
    assert seen == []
    assert list(map(str, again)) == list(map(str, first))


@needs_extra
def test_a_knot_that_fails_is_recorded_and_the_rest_go_on(tmp_path: Path) -> None:
    good = knots.knotinfo_diagrams(6)
    broken = replace(good[0], name="broken", code=((1, 2, 3, 4),))
    built = knots.build_knots(tmp_path, diagrams=[broken, *good])
    assert built[0].failure is not None
    assert built[0].signature is None
    assert all(knot.failure is None for knot in built[1:])


@needs_extra
def test_the_knot_that_breaks_snappy_keeps_its_signature(tmp_path: Path) -> None:
    diagrams = [d for d in knots.knotinfo_diagrams(13) if d.name in {"13a_4725", "13a_4866"}]
    built = {k.name: k for k in knots.build_knots(tmp_path, diagrams=diagrams)}
    assert {d.name: d.signature for d in diagrams} == {n: k.signature for n, k in built.items()}
    assert built["13a_4725"].failure is not None
    assert built["13a_4866"].hyperbolic


BUILD = """
import sys
from kansym.problems import knots
if __name__ == "__main__":
    knots._PART_ROWS = 10
    knots.build_knots(sys.argv[1], diagrams=knots.knotinfo_diagrams(10))
"""


@needs_extra
@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_was(tmp_path: Path) -> None:
    script, cache = tmp_path / "build.py", tmp_path / "cache"
    script.write_text(BUILD)
    process = subprocess.Popen([sys.executable, str(script), str(cache)])
    deadline = time.monotonic() + 60
    while len(list(cache.glob("part-*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = set(pd.read_parquet(cache)["name"])
    assert 30 <= len(kept) < 249
    diagrams = knots.knotinfo_diagrams(10)
    built = knots.build_knots(cache, diagrams=diagrams)
    assert [k.signature for k in built] == [d.signature for d in diagrams]
    assert kept <= {k.name for k in built}


@needs_extra
def test_too_few_crossings_are_refused() -> None:
    with pytest.raises(InputError, match="max_crossings=3"):
        knots.knotinfo_diagrams(2)


def test_a_knot_prints_itself() -> None:
    assert str(Knot("3_1", 3, True, signature=-2)) == "3_1: signature -2, not hyperbolic"
