"""Sources of laws: formulas that rows suggest without a network."""
