"""Progress goes to a callback, to a bar on standard error, or nowhere."""

import logging
import sys

import pytest

from kansym.shared.progress import progress_bar


def test_a_callback_is_used_as_it_is():
    def callback(fraction: float, message: str) -> None:
        """Draw nothing."""

    with progress_bar(callback) as tell:
        assert tell is callback


@pytest.mark.parametrize("show", [False, None])
def test_nothing_is_drawn_without_a_terminal(show, capsys):
    with progress_bar(show, "training") as tell:
        tell(0.5, "half")
    assert capsys.readouterr() == ("", "")


def test_without_a_bar_what_is_done_is_logged(caplog):
    with caplog.at_level(logging.INFO, "kansym"), progress_bar(False, "training") as tell:
        tell(0.5, "half")
    assert caplog.messages == ["training, 50 %: half"]


def test_a_bar_shows_title_share_and_message_on_standard_error(capsys):
    with progress_bar(True, "training") as tell:
        tell(0.5, "grid 10")
    out, err = capsys.readouterr()
    assert out == ""
    assert "training" in err
    assert "50%" in err
    assert "grid 10" in err


def test_a_bar_never_goes_back_nor_beyond_the_end(capsys):
    with progress_bar(True) as tell:
        tell(0.6, "a")
        tell(0.2, "b")
        capsys.readouterr()
        tell(1.7, "c")
    assert "100%" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_by_default(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress_bar(None, "reading") as tell:
        tell(0.25, "a quarter")
    assert "25%" in capsys.readouterr().err
