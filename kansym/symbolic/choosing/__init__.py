"""The functions of all edges chosen together, by the error of the whole formula."""
