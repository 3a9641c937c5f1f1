"""Work with a limit: crashes, hangs and errors cost their own item only."""

import os
import signal
import time

import pytest

from kansym.shared.errors import InputError
from kansym.shared.limited_work import limited_map


def _treacherous(item: int) -> int:
    """Fails in a way of its own for some items."""
    if item == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == 5:
        time.sleep(600)
    if item == 7:
        raise ValueError("seven is not wanted")
    return item * item


def test_one_bad_item_never_stops_the_others() -> None:
    start = time.monotonic()  # of waiting, not of work
    outcomes = {o.index: o for o in limited_map(_treacherous, range(12), limit=1.5)}
    assert time.monotonic() - start < 300
    assert sorted(outcomes) == list(range(12))
    good = set(range(12)) - {3, 5, 7}
    assert all(outcomes[i].value == i * i and outcomes[i].failure is None for i in good)
    assert outcomes[3].failure == "the process was ended by SIGSEGV"
    assert outcomes[5].failure == "no result within 1.5 s"
    assert (outcomes[7].failure or "").startswith("ValueError: seven is not wanted (test_limited")


def test_no_items_give_no_outcomes() -> None:
    assert list(limited_map(_treacherous, [])) == []


def test_stopping_early_leaves_no_process_behind() -> None:
    outcomes = limited_map(_where, range(50), processes=2)
    process = next(outcomes).value
    outcomes.close()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def _where(item: int) -> int:
    """The process that does the work."""
    return os.getpid()


def _steps(item: int):
    """Tells two things, then fails."""
    yield item
    yield item + 1
    raise ValueError("no more")


def test_what_was_told_before_a_failure_is_kept() -> None:
    (outcome,) = limited_map(_steps, [4], processes=1)
    assert outcome.told == (4, 5)
    assert (outcome.failure or "").startswith("ValueError: no more")


def test_processes_do_many_items_and_have_one_thread() -> None:
    pairs = [outcome.value for outcome in limited_map(_threads, range(12), processes=2)]
    assert 1 <= len({process for process, _ in pairs}) <= 2
    assert {threads for _, threads in pairs} == {"1"}


def _threads(item: int) -> tuple[int, str]:
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def test_what_cannot_be_loaded_gets_one_sentence() -> None:
    def local(item: int) -> int:
        return item

    with pytest.raises(InputError, match="top level of a module"):
        list(limited_map(local, [1]))


@pytest.mark.parametrize("settings", [{"processes": 0}, {"limit": 0.0}])
def test_bad_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be positive"):
        list(limited_map(_treacherous, [1], **settings))  # pyright: ignore[reportArgumentType]
