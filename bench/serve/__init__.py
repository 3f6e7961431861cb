"""Serve: all reports on this machine alone, read-only, and a run that goes on as far as it is."""
