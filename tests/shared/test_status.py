"""Every status gives advice; a finding tells it with its place and figures."""

import dataclasses

import pytest

from kansym.shared.status import Finding, Status


def test_every_status_has_its_own_advice():
    assert len({status.advice for status in Status}) == len(Status)


@pytest.mark.parametrize("status", Status)
def test_advice_is_one_sentence(status):
    assert status.advice[0].isupper()
    assert status.advice.endswith(".")
    assert ". " not in status.advice


def test_good_news_is_no_warning():
    notes = {Status.OK, Status.BETTER_THAN_NETWORK, Status.RELATIVE_ERRORS, Status.EQUAL_GROUPS}
    notes |= {Status.COPIED_ROWS, Status.RIVAL_FORMS}
    assert {status for status in Status if not status.is_warning} == notes


@pytest.mark.parametrize("detail", ["error 2e-3", "error 2e-3.", ""])
def test_a_finding_prints_place_figures_and_advice(detail):
    text = str(Finding(Status.LOW_FIDELITY, "formula", detail))
    assert text.startswith("LOW_FIDELITY (formula)")
    assert text.endswith(Status.LOW_FIDELITY.advice)
    assert detail.rstrip(".") in text
    assert ".." not in text


def test_a_finding_is_frozen():
    finding = Finding(Status.OK, "formula")
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.where = "elsewhere"  # pyright: ignore[reportAttributeAccessIssue]
