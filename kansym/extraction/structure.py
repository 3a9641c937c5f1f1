"""What a model has learned about its inputs, before any formula is fitted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from kansym.documents.blocks import Illustration, Items, Paragraph, Section, Tabular, line, row
from kansym.documents.html import fragment
from kansym.documents.pictures import Picture
from kansym.extraction.structure_drawing import structure_plot
from kansym.network.structure.search import find_structure
from kansym.network.structure.symmetries import Symmetry, importances, symmetries
from kansym.network.structure.trees import Tree
from kansym.neural.readers.black_box import black_box
from kansym.neural.readers.tracing import rows_of
from kansym.neural.training.student import Student, more_rows
from kansym.shared.errors import InputError
from kansym.shared.tables import output_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Structure", "structure"]

ROWS = 1000
"""At which gradients are taken."""
TOLERANCES = (3e-3, 1e-2, 3e-2, 1e-1)
"""Residuals that count as zero, tried in turn until a tree is found."""
ROUGH = "the model's own gradients are rough; those of a smooth student were used, its error is"
TAUGHT = 0.03
"""Error of a student from which on its gradients show no symmetries of the model."""
LOST = 3.0
"""Scatter of the curves of a tree over that, at which they are no functions of what they take."""


@dataclass(frozen=True)
class Structure:
    """Which inputs matter to one output, which meet first, and its symmetries.

    Attributes
    ----------
    output, inputs : names.
    importance : share of every input in the variation of the output; they add up to 1.
    tree : how the inputs meet: sums and products of unknown functions, each marked ``?``.
    tolerance : relative residual at which the tree holds; None if no tree was found.
    symmetries : the surest first.
    student : relative error of the smooth student whose gradients were used; None if the model's
        own were.
    """

    output: str
    inputs: tuple[str, ...]
    importance: Float[np.ndarray, " inputs"]
    tree: Tree
    tolerance: float | None
    symmetries: tuple[Symmetry, ...]
    student: float | None

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """The tree as a drawing on axes of matplotlib, by default new ones."""
        return structure_plot(self.tree, self.inputs, self.output, self.importance, ax)

    def section(self) -> Section:
        """The structure as a section of a report, for the ``extra`` blocks of `kansym.report`."""
        said = "No tree was found: F stands for a function that is left open."
        if self.tolerance is not None:
            said = f"The tree holds with a residual below {self.tolerance:g}."
        picture = Picture(self.plot())
        order = np.argsort(-self.importance)
        shares = tuple(row(self.inputs[i], f"{100 * self.importance[i]:.1f} %") for i in order)
        found = tuple(line(str(each)) for each in self.symmetries) or (line("none"),)
        if self.student is not None:
            said = f"{said} {ROUGH[0].upper()}{ROUGH[1:]} {self.student:.1e}."
        return Section(
            f"Structure of {self.output}",
            (
                Illustration(picture, line(said), f"Which inputs of {self.output} meet first"),
                Tabular(row("input", "share of the variation"), shares, "lr"),
                Paragraph(line("Symmetries")),
                Items(found),
            ),
        )

    def _repr_html_(self) -> str:
        return fragment((self.section(),))

    def __str__(self) -> str:
        order = np.argsort(-self.importance)
        lines = [f"{self.output} = {self.tree.text(self.inputs)}"]
        if self.tolerance is not None:
            lines[0] += f"   (residual below {self.tolerance:g})"
        lines += ["", "share of the variation:"]
        lines += [f"  {self.inputs[i]}: {100 * self.importance[i]:.1f} %" for i in order]
        lines += ["", "symmetries:", *(f"  {found}" for found in self.symmetries)]
        if not self.symmetries:
            lines.append("  none")
        if self.student is not None:
            lines += ["", f"{ROUGH} {self.student:.1e}"]
        return "\n".join(lines)


@np.errstate(all="ignore")
def structure(
    model: Any, X: Any = None, *, output: int = 0, seconds: float = 20.0, seed: int = 0
) -> Structure:
    """The structure that a model's gradients show: inputs that matter, a tree, symmetries.

    Parameters
    ----------
    model : any model that `kansym.extract` reads by its function, or a function of rows.
    X : rows of its domain (rows, inputs); a KAN and an MLP of kansym remember some.
    output : which of its outputs.
    seconds : for a smooth student, if the model is rough.
    seed : of the student and of further rows.

    Raises
    ------
    InputError
        For rows or answers that cannot be used, or an output that is not there.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(1, 2, (300, 3))
    >>> found = structure(lambda X: X[:, 0] * (X[:, 1] + X[:, 2]), X)
    >>> print(str(found).splitlines()[0])
    y = (?(?x2 + ?x3) * x1)   (residual below 0.003)
    """
    rows = rows_of(model, X)
    asked = more_rows(rows.values, ROWS, seed=seed)
    box = black_box(model, asked)
    width = box.answers(asked[:1]).shape[1]
    if not 0 <= output < width:
        raise InputError(f"output={output} is not there: the model has {width}, from 0 on.")
    student = None
    if not box.is_smooth(asked):
        box = Student(box, rows.values, seconds, seed)
        student = box.error
    values = box.finite_answers(asked)[:, output]

    def gradients(X: Float[np.ndarray, "rows inputs"]) -> Float[np.ndarray, "rows inputs"]:
        return box.gradients(X)[output]

    own = gradients(asked)
    trees = ((t, find_structure(asked, values, own, tolerance=t)) for t in TOLERANCES)
    tolerance, tree = next(
        ((t, tree) for t, tree in trees if tree.unknown() is None and tree.scatter() < LOST * t),
        (None, find_structure(asked, values, own, tolerance=TOLERANCES[1])),
    )
    found = symmetries(asked, values, gradients, rows.names)
    if student is not None:
        found = tuple(each for each in found if max(each.residual, student) < TAUGHT)
    return Structure(
        output=output_names(width, rows.names)[output],
        inputs=rows.names,
        importance=importances(asked, own),
        tree=tree,
        tolerance=tolerance,
        symmetries=found,
        student=student,
    )
