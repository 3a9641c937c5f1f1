"""The symbolic side: formulas, the library, fitting, choosing. It never loads torch."""
