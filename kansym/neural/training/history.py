"""What a training did, step by step, and how well it ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kansym.documents.blocks import Block, Illustration, Paragraph, line
from kansym.documents.charts import history_plot
from kansym.documents.html import fragment
from kansym.documents.pictures import Picture, on_screen
from kansym.neural.models.kan_layer import Width
from kansym.neural.training.training_run import TrainingStep
from kansym.shared.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["History", "uninterrupted"]


@dataclass(frozen=True)
class History:
    """What training did and how well it ended.

    Attributes
    ----------
    error, validation : root-mean-square error over the spread of the target (dimensionless), on
        the rows trained on and on those held out; for classes, the root of the cross-entropy over
        the entropy of their shares.
    stopped : why it ended: ``converged``, ``steps``, ``time`` or ``interrupted``.
    """

    records: tuple[TrainingStep, ...]
    error: float
    validation: float
    seconds: float
    stopped: str
    optimiser: str
    seed: int
    widths: tuple[Width, ...]
    rows: int
    held_out_rows: int
    classes: tuple[str, ...] = ()
    """Names of the classes in order, if the labels of classes were learnt."""

    def __repr__(self) -> str:
        return (
            f"History({self.optimiser}, {len(self.records)} steps, {self.stopped}, "
            f"error={self.error:.2g}, validation={self.validation:.2g})"
        )

    def __str__(self) -> str:
        return (
            f"trained {list(self.widths)} in {self.seconds:.1f} s ({self.optimiser}, "
            f"{len(self.records)} steps, {self.stopped}): relative error {self.error:.2g}, "
            f"{self.validation:.2g} on {self.held_out_rows} held-out rows"
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Errors step by step, on the rows trained on and on those held out.

        Parameters
        ----------
        ax : axes of matplotlib to draw on; new ones of pyplot unless given.
        """
        with on_screen():
            return self._picture(ax)

    def _picture(self, ax: "Axes | None" = None) -> "Axes":
        """The drawing, on axes of its own unless some are given."""
        if not self.records:
            raise InputError("There is nothing to draw: training made no step.")
        columns = zip(*((r.phase, r.error, r.validation) for r in self.records), strict=True)
        phases, errors, held_out = map(list, columns)
        return history_plot(phases, np.array(errors), np.array(held_out), ax)

    def _repr_html_(self) -> str:
        """For a notebook: how it ended, and the errors step by step."""
        blocks: list[Block] = [Paragraph(line(str(self)))]
        if self.records:
            caption = line("Relative errors of training, step by step.")
            blocks.append(Illustration(Picture(self._picture()), caption, "Errors by step"))
        return fragment(tuple(blocks))


def uninterrupted(history: History) -> History:
    """The history of a training that is one step of longer work, which an interrupt ends too.

    Raises
    ------
    KeyboardInterrupt
        If the training was interrupted.
    """
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return history
