"""Isolated work: crashes, hangs and errors cost their own item only."""

import os
import signal
import time

import pytest

from kansym.problems.isolation import isolated_map
from kansym.shared.errors import InputError


def _treacherous(item: int) -> int:
    """Fails in a way of its own for some items."""
    if item == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == 5:
        time.sleep(60)
    if item == 7:
        raise ValueError("seven is not wanted")
    return item * item


def test_one_bad_item_never_stops_the_others() -> None:
    start = time.monotonic()
    outcomes = {o.index: o for o in isolated_map(_treacherous, range(12), limit=4.0)}
    assert time.monotonic() - start < 40
    assert sorted(outcomes) == list(range(12))
    good = set(range(12)) - {3, 5, 7}
    assert all(outcomes[i].value == i * i and outcomes[i].failure is None for i in good)
    assert outcomes[3].failure == "the process ended with code -11"
    assert outcomes[5].failure == "no result within 4 s"
    assert outcomes[7].failure == "ValueError: seven is not wanted"


def test_no_items_give_no_outcomes() -> None:
    assert list(isolated_map(_treacherous, [])) == []


def test_stopping_early_leaves_no_process_behind() -> None:
    import multiprocessing

    outcomes = isolated_map(_treacherous, range(50), processes=2)
    assert next(outcomes).failure is None
    outcomes.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("settings", [{"processes": 0}, {"limit": 0.0}])
def test_bad_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be positive"):
        list(isolated_map(_treacherous, [1], **settings))  # pyright: ignore[reportArgumentType]
