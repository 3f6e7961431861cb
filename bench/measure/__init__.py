"""The timing engine: workloads, blocks of steps, costs, noise and profiles. Imports torch."""
