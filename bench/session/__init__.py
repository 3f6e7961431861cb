"""A plan is run: the order of cells, learning rates that are looked for, and where cells go. Knows no torch."""
