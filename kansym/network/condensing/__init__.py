"""Fewer nodes for the same function: parallel units merged, straight edges folded."""
