"""
An estimator, opened
====================

A multilayer perceptron of scikit-learn that was trained elsewhere: which law does it know?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kansym

# %%
# Kinetic energy of masses and speeds, learnt by a perceptron behind a scaler.
rng = np.random.default_rng(0)
X = rng.uniform(1, 5, (1000, 2))
y = 0.5 * X[:, 0] * X[:, 1] ** 2
perceptron = MLPRegressor(
    hidden_layer_sizes=(20, 20), activation="tanh", solver="lbfgs", max_iter=3000
)
model = make_pipeline(StandardScaler(), perceptron.set_params(random_state=0)).fit(X, y / 10)

# %%
# By its function: asked from outside, wherever the reading wants to know it.
result = kansym.extract(model, X, y / 10, reading="function", budget=20)
print(result.expr)

# %%
# Formula against data, and what the formula leaves over along the speed.
result.plot()

# %%
axes = result.plot_partial("x2")
axes.plot(np.sort(X[:, 1]), 0.15 * np.sort(X[:, 1]) ** 2, "k:", label="m = 3")
axes.legend()
plt.show()
