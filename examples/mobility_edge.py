"""
A mobility edge
===============

Which states of a quasiperiodic lattice are localised? A KAN learns it from diagonalised lattices;
its formula is held against the edge that is known exactly.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import kansym

# %%
# States of the generalised Aubry-Andre model: energy, strength of the potential, and its shape.
data = kansym.load_problem("anderson-gaam").data()
states = pd.DataFrame(data.X, columns=list(data.inputs))[::2]
localised = data.y[::2] > 0.5
print(f"{len(states)} states, {localised.mean():.0%} localised")

# %%
# Log-odds by one product of inputs and one sum.
model = kansym.KAN([3, (1, 1), 1], seed=0)
history = kansym.train(model, states, localised, loss="cross-entropy", seconds=10)
result = kansym.extract(
    model, states, localised, loss="cross-entropy", library="x,x^2,tanh", budget=10
)
print(result.expr)

# %%
# The exact edge is alpha*E + 2*lambda = 2: both sides of it, by the formula.
exact = states.alpha * states.energy + 2 * states.strength - 2
odds = result.predict(states)
right, known = np.mean((odds > 0) == localised), np.mean((exact > 0) == localised)
print(f"right: formula {right:.1%}, exact edge {known:.1%}")
figure, axes = plt.subplots()
axes.scatter(exact, odds, 4, np.where(localised, "darkred", "navy"))
axes.axhline(0, color="k", lw=0.5)
axes.axvline(0, color="k", lw=0.5)
axes.set(xlabel="alpha*E + 2*lambda - 2", ylabel="log-odds of localised, formula")
axes.set(xlim=(-3, 3), ylim=tuple(np.quantile(odds, [0.01, 0.99])))

# %%
# A form in mind: the edge is where alpha*E + b*lambda + c changes sign; exact are b = 2, c = -2.
form = kansym.KAN.from_expression(
    "k*(alpha*energy + b*strength + c)",
    list(states.columns),
    constants={"k": 5.0, "b": 1.0, "c": -1.0},
    X=states,
)
kansym.train(form, states, localised, loss="cross-entropy", seconds=5)
print({name: round(value, 3) for name, value in form.constants.items()})

# %%
# The network that was trained without a form.
result.plot_network()
plt.show()
