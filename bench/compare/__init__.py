"""A against B: pairs of processes, the sequential test, the comparison log, its calibration. Imports no torch."""
