"""
A formula from data
===================

Rows of inputs and a noisy output go in, a formula comes out whose constants have standard errors.
"""

import numpy as np

import kansym

# %%
# An oscillation in time on top of a square, read 400 times with a noise of 0.01.
rng = np.random.default_rng(0)
t = rng.uniform(0, 3, 400)
strength = rng.uniform(1, 2, 400)
y = strength**2 + 1.537 * np.sin(2.413 * t) + rng.normal(0, 0.01, 400)
X = np.column_stack([strength, t])

# %%
# Train a network. It has one node, so that a function of each input is added up.
model = kansym.KAN([2, 1], grid=5, degree=3, seed=0)
history = kansym.train(model, X, y)
print(history)

# %%
# Extract the formula, with the data as the judge of functions and constants.
# A constant that the noise leaves open stays a number with a standard error; the others are exact.
result = kansym.extract(model, X, y)
print(result)

# %%
# The constants, and a prediction at a new point.
print(result.formulas[0].table())
print("predicted", result.predict(np.array([[1.5, 1.0]])))
print("expected ", 1.5**2 + 1.537 * np.sin(2.413))

# %%
# What each input does by the formula, among the readings; then what is left over.
result.plot()
result.plot_residuals()
