"""kansym: from a trained network, KAN or MLP, to a formula that has been checked.

The public names load when they are first used, so that ``import kansym`` is quick.

Examples
--------
>>> import kansym
>>> kansym.Status.LOW_FIDELITY.is_warning
True
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kansym.boundaries import Boundary
    from kansym.comparison import Comparison, compare
    from kansym.discovery import Discovery, discover
    from kansym.equivalence import equivalent
    from kansym.errors import KansymError
    from kansym.extraction import Extraction, extract
    from kansym.fit import EdgeFit, fit_edge
    from kansym.formula import Formula
    from kansym.kan import KAN
    from kansym.kan_form import to_kan
    from kansym.library import LIBRARY, Candidate, Library
    from kansym.mlp import MLP
    from kansym.model_files import load
    from kansym.network import Edge, Network
    from kansym.problems import Problem, list_problems, load_problem
    from kansym.reporting import report
    from kansym.rewriting import to_maxout, to_mlp
    from kansym.status import Finding, Status
    from kansym.tracing import register_reader, trace
    from kansym.training import History, train

    __version__: str

__all__ = [
    "KAN",
    "LIBRARY",
    "MLP",
    "Boundary",
    "Candidate",
    "Comparison",
    "Discovery",
    "Edge",
    "EdgeFit",
    "Extraction",
    "Finding",
    "Formula",
    "History",
    "KansymError",
    "Library",
    "Network",
    "Problem",
    "Status",
    "__version__",
    "compare",
    "discover",
    "equivalent",
    "extract",
    "fit_edge",
    "list_problems",
    "load",
    "load_problem",
    "register_reader",
    "report",
    "to_kan",
    "to_maxout",
    "to_mlp",
    "trace",
    "train",
]

_MODULES = {
    "boundaries": ("Boundary",),
    "comparison": ("Comparison", "compare"),
    "discovery": ("Discovery", "discover"),
    "equivalence": ("equivalent",),
    "errors": ("KansymError",),
    "extraction": ("Extraction", "extract"),
    "fit": ("EdgeFit", "fit_edge"),
    "formula": ("Formula",),
    "kan": ("KAN",),
    "kan_form": ("to_kan",),
    "library": ("LIBRARY", "Candidate", "Library"),
    "mlp": ("MLP",),
    "model_files": ("load",),
    "network": ("Edge", "Network"),
    "problems": ("Problem", "list_problems", "load_problem"),
    "reporting": ("report",),
    "rewriting": ("to_maxout", "to_mlp"),
    "status": ("Finding", "Status"),
    "tracing": ("register_reader", "trace"),
    "training": ("History", "train"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("kansym")
    if name not in _MODULE_OF:
        from difflib import get_close_matches

        near = get_close_matches(name, __all__, n=3)
        hint = f": did you mean {' or '.join(near)}?" if near else "; see kansym.__all__."
        raise AttributeError(f"kansym has no {name!r}{hint}", name=name, obj=None)
    value = getattr(import_module(f"kansym.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
