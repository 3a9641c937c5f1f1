"""The neural side: models, training, readers, rewriting. It never loads sympy."""
