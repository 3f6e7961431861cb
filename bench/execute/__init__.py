"""Where cells run: one fresh process a visit, and the order they are visited in. Knows no torch."""
