"""Cells on the nodes of a Ray cluster, one at a time on each; Ray is imported where it is first needed."""
