"""Computations that are ended when their time is up."""

import gc

from kansym.shared.bounded_time import within


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
