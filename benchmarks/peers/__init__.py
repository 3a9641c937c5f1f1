"""Other programs that find formulas, judged by the same rule on the same rows."""
