"""Imported by a server of workers when all else is: from then on they measure in haste."""

from importlib import import_module

from amounts import AMOUNTS

for place, amount in AMOUNTS.items():
    module, _, name = place.rpartition(".")
    setattr(import_module(module), name, amount)
