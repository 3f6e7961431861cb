"""Regression checks: pairs of revisions, rehearsals, verdicts and exit codes. Imports no torch."""
