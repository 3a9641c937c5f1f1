"""Computations that are ended when their time is up."""

import gc
import os
import signal
import threading
import time

import pytest

from kansym.shared.bounded_time import _Run, _TimeUpError, within


class _EndlesslyDestroyed:
    """What takes for ever to be destroyed, and swallows what is raised in it then."""

    def __del__(self) -> None:
        for _ in iter(int, 1):
            pass


def _destroy() -> None:
    for _ in range(2):
        _EndlesslyDestroyed()


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
    run.gone.wait()
    assert not run.ended
    assert capfd.readouterr().err == ""


class _Endless:
    """A computation without an end, and whether it has ended all the same."""

    def __init__(self, *, interrupts: bool = False) -> None:
        self.interrupts, self.gone = interrupts, threading.Event()

    def __call__(self) -> None:
        try:
            if self.interrupts:
                time.sleep(0.1)  # until the caller waits
                os.kill(os.getpid(), signal.SIGINT)
            for _ in iter(int, 1):
                pass
        finally:
            self.gone.set()


def test_an_interrupt_of_the_caller_ends_the_computation():
    endless = _Endless(interrupts=True)
    # A shell's background jobs begin with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            within(60.0, endless, None)
    finally:
        signal.signal(signal.SIGINT, before)
    assert endless.gone.wait(30)


def test_what_waits_for_another_computation_ends_with_it():
    endless = _Endless()
    assert within(0.1, lambda: within(1e9, endless, None), "late") == "late"
    assert endless.gone.wait(30)


def test_a_computation_that_swallows_its_order_leaves_no_thread_behind():
    def stubborn() -> str:
        try:
            while True:
                time.sleep(0.001)
        except BaseException:  # noqa: BLE001 - as a destructor does it
            return "swallowed"

    before = set(threading.enumerate())
    within(0.05, stubborn, "late")
    until = time.monotonic() + 10
    while set(threading.enumerate()) - before and time.monotonic() < until:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


def test_a_thread_that_has_not_told_that_it_began_is_ended_without_an_order(monkeypatch):
    """An order there would end it before it tells, and whoever starts it would wait for ever."""
    called, run = [], _Run(lambda: called.append(1))
    tell = threading.Event.set

    def told(event: threading.Event) -> None:
        if threading.get_ident() == run.thread.ident:
            run.stop()
        tell(event)

    monkeypatch.setattr(threading.Event, "set", told)
    starter = threading.Thread(target=run.thread.start, daemon=True)
    starter.start()
    starter.join(20)
    assert not starter.is_alive()
    assert run.gone.wait(20)
    assert not called
