"""A recorded run against what was accepted. Imports no torch."""
