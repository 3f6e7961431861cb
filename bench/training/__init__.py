"""Training: epochs, evaluation, learning-rate schedules, checkpoints. Imports torch."""
