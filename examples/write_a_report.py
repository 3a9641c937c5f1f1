"""
Write a report
==============

One call writes the network, the formula, its constants and how far to trust them, as a page that
needs no network access, or as Markdown or LaTeX.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import kansym

# %%
# A wave that dies out: 600 readings with a noise of 0.005. The names of the columns become names
# in the formula.
rng = np.random.default_rng(0)
table = pd.DataFrame({"time": rng.uniform(0, 4, 600), "position": rng.uniform(-1, 1, 600)})
height = 2 * np.exp(-table["time"] / 2) * np.cos(3 * table["position"])
height += rng.normal(0, 0.005, len(table))

# %%
# One product node: a width may be a pair (sum nodes, product nodes).
model = kansym.KAN([2, (0, 1)], grid=5, degree=3, seed=0)
print(kansym.train(model, table, height))
result = kansym.extract(model, table, height)
print(result.expr)

# %%
# The ending of the name decides the format.
for ending in ("html", "md", "tex"):
    path = Path(f"report.{ending}")
    kansym.report(result, path)
    print(path, path.stat().st_size, "bytes")

# %%
# Its pictures are axes of matplotlib too.
result.plot_front()
