"""Make the two Anderson tables that come with kansym, and check the exact mobility edge on them.

Run ``python benchmarks/anderson_tables.py`` from the repository; about five minutes on one core.
"""

import csv
import gzip
import io
import sys
from pathlib import Path

import numpy as np

from benchmarks.anderson_model import MODELS, sample_states

LATTICES, STATES, SITES = 200, 20, 1597
FOLDER = Path(__file__).parent.parent / "kansym" / "problems" / "data"


def main() -> None:
    """Write one compressed CSV table per model."""
    for model, kind in MODELS.items():
        columns = sample_states(model, lattices=LATTICES, states=STATES, sites=SITES, seed=0)
        edge = kind.edge(columns["energy"], columns["strength"], columns[kind.name])
        right = np.mean((edge > 0) == (columns["localised"] > 0.5))
        sys.stdout.write(
            f"{model}: {len(edge)} states, {np.mean(columns['localised']):.3f} localised, "
            f"exact edge right for {right:.4f}\n"
        )
        path = FOLDER / f"anderson_{model.lower()}.csv.gz"
        path.write_bytes(gzip.compress(_text(model, columns).encode(), 9, mtime=0))


def _text(model: str, columns: dict[str, np.ndarray]) -> str:
    text = io.StringIO()
    text.write(
        f"# title: states of the {model} lattice, {LATTICES} lattices of {SITES} sites\n"
        "# source: computed by benchmarks.anderson_model.sample_states(seed=0)\n"
        "# output: localised\n"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [f"{value:.7g}" for value in row] for row in zip(*columns.values(), strict=True)
    )
    return text.getvalue()


if __name__ == "__main__":
    main()
