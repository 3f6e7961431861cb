"""Verdicts and decisions, and the files that CI reads of them. Imports no torch."""
