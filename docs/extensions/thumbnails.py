"""No two examples of the gallery look alike: a warning names those with the same thumbnail."""

from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger


def _compare(app: Sphinx, failure: Exception | None) -> None:
    seen: dict[str, str] = {}
    for picture in sorted(Path(app.srcdir, "gallery").rglob("images/thumb/*.png")):
        digest = sha256(picture.read_bytes()).hexdigest()
        if digest in seen:
            getLogger(__name__).warning("%s looks like %s", picture.name, seen[digest])
        seen.setdefault(digest, picture.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Compare once everything is built."""
    app.connect("build-finished", _compare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
