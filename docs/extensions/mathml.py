"""Formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def _mathml(self: HTML5Translator, node: nodes.Element, *, as_block: bool) -> None:
    source = node.astext().strip()
    if as_block and "\\begin{" not in source and "\\\\" in source:
        source = f"\\begin{{aligned}}{source}\\end{{aligned}}"
    try:
        markup = tex2mathml(source, as_block=as_block)
    except MathError as error:
        logger.warning("formula not understood: %s", error, location=node)
        markup = self.encode(source)
    tag = "div" if as_block else "span"
    self.body.append(f'<{tag} class="math">{markup}</{tag}>')
    raise nodes.SkipNode


def _inline(self: HTML5Translator, node: nodes.Element) -> None:
    _mathml(self, node, as_block=False)


def _block(self: HTML5Translator, node: nodes.Element) -> None:
    _mathml(self, node, as_block=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
