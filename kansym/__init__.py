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
    from kansym.estimators.classifier import SymbolicClassifier
    from kansym.estimators.kan_regressor import KANRegressor
    from kansym.estimators.regressor import SymbolicRegressor
    from kansym.extraction import extract
    from kansym.extraction.discovery import Discovery, discover
    from kansym.extraction.seeds import discover_over_seeds
    from kansym.extraction.structure import Structure, structure
    from kansym.network.network import Edge, Network
    from kansym.neural.models.kan import KAN
    from kansym.neural.models.loading import load
    from kansym.neural.models.mlp import MLP
    from kansym.neural.readers.tracing import register_reader, trace
    from kansym.neural.rewriting.kan_as_maxout import to_maxout
    from kansym.neural.rewriting.kan_as_mlp import to_mlp
    from kansym.neural.rewriting.network_as_kan import to_kan
    from kansym.neural.training.history import History
    from kansym.neural.training.training import train
    from kansym.problems import Problem, list_problems, load_problem
    from kansym.results.report import report
    from kansym.results.result import Extraction
    from kansym.shared.errors import KansymError
    from kansym.shared.status import Finding, Status
    from kansym.studies.comparison.comparison import Comparison, compare
    from kansym.symbolic.fitting.fit import EdgeFit, fit_edge
    from kansym.symbolic.formulas.class_boundaries import Boundary
    from kansym.symbolic.formulas.equivalence import equivalent
    from kansym.symbolic.formulas.formula import Formula
    from kansym.symbolic.library.candidate import Candidate
    from kansym.symbolic.library.library import LIBRARY, Library
    from kansym.symbolic.measurements.formula_fit import FormulaFit
    from kansym.symbolic.measurements.formula_fitting import fit_formula

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
    "FormulaFit",
    "History",
    "KANRegressor",
    "KansymError",
    "Library",
    "Network",
    "Problem",
    "Status",
    "Structure",
    "SymbolicClassifier",
    "SymbolicRegressor",
    "__version__",
    "compare",
    "discover",
    "discover_over_seeds",
    "equivalent",
    "extract",
    "fit_edge",
    "fit_formula",
    "list_problems",
    "load",
    "load_problem",
    "register_reader",
    "report",
    "structure",
    "to_kan",
    "to_maxout",
    "to_mlp",
    "trace",
    "train",
]

_MODULES = {
    "estimators.classifier": ("SymbolicClassifier",),
    "estimators.kan_regressor": ("KANRegressor",),
    "estimators.regressor": ("SymbolicRegressor",),
    "extraction": ("extract",),
    "extraction.discovery": ("Discovery", "discover"),
    "extraction.seeds": ("discover_over_seeds",),
    "extraction.structure": ("Structure", "structure"),
    "network.network": ("Edge", "Network"),
    "neural.models.kan": ("KAN",),
    "neural.models.loading": ("load",),
    "neural.models.mlp": ("MLP",),
    "neural.readers.tracing": ("register_reader", "trace"),
    "neural.rewriting.kan_as_maxout": ("to_maxout",),
    "neural.rewriting.kan_as_mlp": ("to_mlp",),
    "neural.rewriting.network_as_kan": ("to_kan",),
    "neural.training.history": ("History",),
    "neural.training.training": ("train",),
    "problems": ("Problem", "list_problems", "load_problem"),
    "results.report": ("report",),
    "results.result": ("Extraction",),
    "shared.errors": ("KansymError",),
    "shared.status": ("Finding", "Status"),
    "studies.comparison.comparison": ("Comparison", "compare"),
    "symbolic.fitting.fit": ("EdgeFit", "fit_edge"),
    "symbolic.formulas.class_boundaries": ("Boundary",),
    "symbolic.formulas.equivalence": ("equivalent",),
    "symbolic.formulas.formula": ("Formula",),
    "symbolic.library.candidate": ("Candidate",),
    "symbolic.library.library": ("LIBRARY", "Library"),
    "symbolic.measurements.formula_fit": ("FormulaFit",),
    "symbolic.measurements.formula_fitting": ("fit_formula",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("kansym")
    if name not in _MODULE_OF:
        from kansym.shared.nearest_names import hint

        words = hint(name, __all__, "see kansym.__all__")
        raise AttributeError(f"kansym has no {name!r}: {words}.", name=name, obj=None)
    value = getattr(import_module(f"kansym.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
