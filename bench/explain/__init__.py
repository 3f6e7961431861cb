"""Why one cell takes longer than another, from what runs have recorded. Knows no torch."""
