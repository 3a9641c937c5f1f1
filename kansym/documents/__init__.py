"""A page as blocks, and its printers: HTML, LaTeX, Markdown."""
