"""References by the name that users type: `kansym.train` leads to the file that defines it."""

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import kansym


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.Node | None:
    package, _, name = node.get("reftarget", "").partition(".")
    first, dot, rest = name.partition(".")
    if node.get("refdomain") == "py" and package == "kansym" and first in kansym.__all__:
        default = f"kansym.{kansym._MODULE_OF.get(first)}"
        target = f"{getattr(getattr(kansym, first), '__module__', default)}.{first}{dot}{rest}"
        role, document = node["reftype"], node["refdoc"]
        domain = env.domains.python_domain
        return domain.resolve_xref(env, document, app.builder, role, target, node, content)
    # Types in a signature may be of another project, whose index is not at hand, or internal.
    return content if _in_signature(node) else None


def _in_signature(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, addnodes.desc_signature):
            return True
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for references that nothing else resolves."""
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
