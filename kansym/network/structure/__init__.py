"""What the gradients of a function show: which inputs meet first, and how."""
