r"""Measured nuclear masses of the Atomic Mass Evaluation, through the package masstable.

The binding energy is :math:`B = Z\,\Delta_H + N\,\Delta_n - \Delta(Z, N)`, where
:math:`\Delta` is the mass excess of the atom in MeV [1]_.

References
----------
.. [1] M. Wang et al., Chinese Physics C 36 (2012) 1603, doi:10.1088/1674-1137/36/12/003
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from kansym.shared.data_tables import DataTable
from kansym.shared.errors import require

__all__ = ["mass_table"]


def mass_table() -> DataTable:
    """Columns Z, N, A, binding_energy and binding_energy_per_nucleon (MeV) of measured nuclei.

    Needs the package ``masstable`` (extra ``nuclear``); hydrogen and the neutron are left out.
    """
    with warnings.catch_warnings():
        # Its docstrings hold escapes that newer Pythons warn about when they compile it.
        warnings.simplefilter("ignore")
        package = require("masstable", "nuclear")
    # masstable 0.4.1 reads its files by an option that pandas 3 no longer has: read them here.
    path = Path(package.__path__[0]) / "data" / "AME2012.txt"
    Z, N, excess = np.loadtxt(path, skiprows=1, unpack=True)
    neutron, hydrogen = excess[(Z == 0) & (N == 1)][0], excess[(Z == 1) & (N == 0)][0]
    bound = Z + N > 1
    Z, N, excess = Z[bound], N[bound], excess[bound]
    energy = Z * hydrogen + N * neutron - excess
    columns = {"Z": Z, "N": N, "A": Z + N, "binding_energy": energy}
    columns["binding_energy_per_nucleon"] = energy / (Z + N)
    return DataTable("AME2012", pd.DataFrame(columns))
