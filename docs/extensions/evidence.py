"""Parts of the pages on the evidence, computed from its rows while the pages are built."""

from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kansym.documents.blocks import Document, Illustration
from kansym.documents.markdown import to_markdown
from kansym.studies.evidence.blocks import BLOCKS
from kansym.studies.evidence.evidence import Evidence

ROWS = Path(__file__).parents[1] / "evidence"


@cache
def _evidence() -> Evidence:
    """The rows, read once for all pages."""
    return Evidence.read(ROWS)


class EvidencePart(SphinxDirective):
    """A table, a list or a picture: `{evidence} recovery`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the part as Markdown and let the page's parser read it; pictures stay pictures."""
        found: list[nodes.Node] = []
        for block in BLOCKS[self.arguments[0]](_evidence()):
            if isinstance(block, Illustration):
                drawn = block.picture.svg(block.description)
                found.append(nodes.raw("", f'<div class="figure">{drawn}</div>', format="html"))
                continue
            text = to_markdown(Document("", (block,))).splitlines()[1:]
            holder = nodes.container()
            self.state.nested_parse(StringList(text, source=self.env.docname), 0, holder)
            found += holder.children
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("evidence", EvidencePart)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
