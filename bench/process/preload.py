"""Preload: imported by the process that workers are forked from, and by nothing else; it imports what workers need."""

import atexit
import gc
import importlib
import os

from bench.process.worker_main import PRELOAD

gc.disable()  # each of its looks at a growing million of objects finds nothing: a seventh of the time goes there
for name in PRELOAD:
    importlib.import_module(name)
gc.enable()

# Taking torch down takes the better part of a second, and whoever reads the run's output waits for it: the server
# holds the same pipe. It has nothing to tidy up. Handlers run last in, first out; workers never come here.
atexit.register(os._exit, 0)
