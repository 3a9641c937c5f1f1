"""Class labels as the judge of formulas of log-odds."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from kansym.shared.class_labels import Labels
from kansym.symbolic.choosing.judge import Judge
from kansym.symbolic.choosing.symbolic_network import Refit, SymbolicNetwork

__all__ = ["LabelledRows"]

SCORING_STEPS, SETTLED = 10, 1e-6
"""Most steps of Fisher's scoring, and the relative gain at which they end."""
SCORING_SHARES = (1.0, 0.5, 0.25, 0.125)
"""Parts of a step that are tried in turn."""


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
        outputs = list(symbolic.wiring.outputs)
        scores = symbolic.values(refit, judge.X)[:, outputs]
        loss = self.labels.mean_loss(scores, self.used[: len(scores)])
        for _ in range(SCORING_STEPS if np.isfinite(loss) else 0):
            judge = self.judge(judge, scores)
            for share in SCORING_SHARES:
                y = scores + share * (judge.y - scores)
                trial = symbolic.refit(refit.constants, refit.biases, judge.X, y, scale=judge.scale)
                found = symbolic.values(trial, judge.X)[:, outputs]
                lower = self.labels.mean_loss(found, self.used[: len(scores)])
                if lower < loss:
                    break
            else:
                break
            gain, refit, scores, loss = loss - lower, trial, found, lower
            if gain < SETTLED * loss:
                break
        if np.isfinite(loss):
            judge = self.judge(judge, scores)
        return replace(refit, error=judge.error(scores)), judge

    def right(self, scores: Float[np.ndarray, "rows outputs"], *, aside: bool) -> float:
        """Share of the rows to check on, or of the others, in the right class."""
        return self.labels.right(scores, self.check if aside else self.used[: len(scores)])
