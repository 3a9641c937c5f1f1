"""
Where two classes meet
======================

Points inside and outside an ellipse, one in twenty with the wrong label: the boundary as an
equation.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import kansym

# %%
# 400 points with labels.
rng = np.random.default_rng(0)
points = pd.DataFrame(rng.uniform(-2, 2, (400, 2)), columns=["x", "y"])
inside = points.x**2 / 2 + points.y**2 < 1
label = np.where(inside ^ (rng.uniform(size=400) < 0.05), "in", "out")

# %%
# The formula gives the log-odds of "out" against "in"; it is zero on the boundary.
model = kansym.SymbolicClassifier(seconds=10, library="x,x^2,tanh", random_state=0).fit(
    points, label
)
print(model.expr_)
(boundary,) = model.boundaries_
print("boundary:", boundary.equation)
print(f"right: {model.score(points, label):.1%}")

# %%
# Probabilities of "out", the boundary that was found (black) and the true one (dotted).
side = np.linspace(-2, 2, 200)
x, y = np.meshgrid(side, side)
grid = pd.DataFrame({"x": x.ravel(), "y": y.ravel()})
odds = model.decision_function(grid).reshape(x.shape)
figure, axes = plt.subplots()
share = axes.pcolormesh(x, y, 1 / (1 + np.exp(-odds)), cmap="RdBu", vmin=0, vmax=1)
figure.colorbar(share, label="probability of out")
axes.contour(x, y, odds, [0], colors="k")
axes.contour(x, y, x**2 / 2 + y**2, [1], colors="k", linestyles=":")
axes.scatter(points.x, points.y, 6, np.where(label == "out", "navy", "darkred"))
axes.set(xlabel="x", ylabel="y", aspect="equal")

# %%
# The network whose edges were read.
model.result_.plot_network()
plt.show()
