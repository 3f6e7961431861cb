"""Intervals and comparisons: numpy and scipy only."""
