"""Insight: what a trained net has learnt and how it can be fooled, one module a kind. Imports torch."""
