"""
Planets and the sky
===================

Kepler's third law from the six planets that he knew, and the temperature of the sky from the
spectrum that COBE measured.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import kansym

# %%
# Distances in units of the Earth's, periods in days.
planets = kansym.load_problem("kepler").data()
distance = pd.DataFrame(planets.X, columns=["a"])
found = kansym.discover(distance, pd.Series(planets.y, name="P"), seconds=5)
print(found.result.expr)

# %%
axes = found.plot()
axes.set(xscale="log", yscale="log", xlim=(0.3, 12))

# %%
# Planck's law with two open constants; B is h c/k, exact by the definition of the units.
sky = kansym.load_problem("cosmic-background").data()
nu, sigma = pd.DataFrame(sky.X, columns=["nu"]), np.asarray(sky.uncertainty)
form = "A*nu**3/(exp(1.438776877*nu/T) - 1)"
fit = kansym.fit_formula(form, nu, sky.y, sigma=sigma, start={"A": 40, "T": 3})
print(fit)

# %%
# The error bars are smaller than the line; what is left over shows them.
_, (above, below) = plt.subplots(2, 1, sharex=True)
above.plot(sky.X[:, 0], sky.y, "o", sky.X[:, 0], fit.predict(nu), "-")
below.errorbar(sky.X[:, 0], 1e3 * fit.residuals, yerr=1e3 * sigma, fmt="o")
above.set_ylabel("intensity (MJy/sr)")
below.set(xlabel="wave number (1/cm)", ylabel="left over (kJy/sr)")
