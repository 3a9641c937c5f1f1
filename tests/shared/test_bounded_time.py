"""Computations that are ended when their time is up."""

import gc

from kansym.shared.bounded_time import _Run, _TimeUpError, within


class _Endless:
    """What takes for ever to be destroyed, and swallows what is raised in it then."""

    def __del__(self) -> None:
        for _ in iter(int, 1):
            pass


def _destroy() -> None:
    for _ in range(2):
        _Endless()


def test_an_order_that_a_destructor_swallows_is_not_spoken_of(capfd):
    within(0.1, _destroy, "late")
    gc.collect()
    assert "Exception ignored" not in capfd.readouterr().err


class _OrderedOnTheWayOut:
    """A context in which an order comes when the computation has ended by the one before."""

    def run(self, work) -> None:
        work()
        raise _TimeUpError


def test_an_order_on_the_way_out_is_not_spoken_of(capfd):
    run = _Run(lambda: 1)
    run.context = _OrderedOnTheWayOut()
    run.thread.start()
    run.thread.join()
    assert not run.ended
    assert capfd.readouterr().err == ""
