"""Training: differentiable twins of the golden layers, and their export to a program."""
