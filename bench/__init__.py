"""Benchmark and compare PyTorch architectures: numbers that repeat, and one offline page."""

__version__ = "0.1.0"
