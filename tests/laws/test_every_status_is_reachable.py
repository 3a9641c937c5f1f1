"""Law 10: every status is given somewhere in the package, and its text names a next step."""

from pathlib import Path

import pytest

import kansym
from kansym.shared.status import Status

PACKAGE = Path(kansym.__file__).parent
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "status.py"
)
STEPS = (
    "give", "choose", "add", "train", "widen", "use", "restrict", "raise", "compare", "collect",
    "drop", "hand", "call",
)  # fmt: skip


@pytest.mark.parametrize("status", Status)
def test_it_is_given_somewhere(status):
    assert f"Status.{status.name}" in SOURCE


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_its_text_names_a_next_step(status):
    words = status.advice.lower().replace(",", " ").replace(":", " ").replace(".", " ").split()
    assert set(words) & set(STEPS), status.advice
