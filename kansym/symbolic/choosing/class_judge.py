"""Class labels as the judge of formulas of log-odds."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from kansym.shared.class_labels import Labels
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.choosing.symbolic_network import Refit, SymbolicNetwork

__all__ = ["LabelledRows"]


@dataclass(frozen=True)
class LabelledRows:
    """Class labels of the rows to choose by and of the rows to check on."""

    labels: Labels
    used: Int[np.ndarray, " rows"]
    check: Int[np.ndarray, " held_out"]

    def judge(self, judge: Judge, scores: Float[np.ndarray, "rows outputs"]) -> Judge:
        """Judges log-odds near given ones as the labels of its rows do."""
        y, weights = self.labels.working_responses(scores, self.used[: len(scores)])
        return replace(judge, y=y, weights=weights, kind="data")

    def likeliest(
        self, symbolic: SymbolicNetwork, refit: Refit, judge: Judge
    ) -> tuple[Refit, Judge]:
        """Constants that make the labels likeliest, by Fisher's scoring, and the judge there."""
        outputs, rows = list(symbolic.wiring.outputs), self.used[: len(judge.X)]

        def fit(refit: Refit, y: np.ndarray, weights: np.ndarray) -> tuple[Refit, np.ndarray]:
            scale = replace(judge, y=y, weights=weights).scale
            found = symbolic.refit(refit.constants, refit.biases, judge.X, y, scale=scale)
            return found, symbolic.values(found, judge.X)[:, outputs]

        scores = symbolic.values(refit, judge.X)[:, outputs]
        refit, scores, loss = self.labels.likeliest(fit, refit, scores, rows)
        if np.isfinite(loss):
            judge = self.judge(judge, scores)
        return replace(refit, error=judge.error(scores)), judge

    def right(self, scores: Float[np.ndarray, "rows outputs"], *, aside: bool) -> float:
        """Share of the rows to check on, or of the others, in the right class."""
        return self.labels.right(scores, self.check if aside else self.used[: len(scores)])
