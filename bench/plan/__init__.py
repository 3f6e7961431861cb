"""What to run: the nouns Cell, Plan and Catalogue, and the grid that joins them. Knows no torch and no numpy."""
