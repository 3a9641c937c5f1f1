"""The functions that an edge may turn out to be."""
