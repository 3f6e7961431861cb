"""Counters: what the hardware counts beside a measurement: energy, and a GPU's clocks. Nothing here needs torch."""
