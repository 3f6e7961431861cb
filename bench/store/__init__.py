"""Records on disk and the pandas frame of them. Knows no torch."""
