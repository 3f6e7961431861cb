"""Why one cell takes longer than another: a pure function of what runs have recorded. Knows no torch."""
