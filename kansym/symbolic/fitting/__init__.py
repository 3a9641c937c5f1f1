"""Functions of the library fitted to the curves of edges."""
