"""Traces of torch.profiler: read, sorted by meaning and summed up. Knows no torch."""
