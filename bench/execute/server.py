"""Server: imported by the process that workers are forked from, as its last module, and by nothing else."""

import atexit
import os

# Taking torch down takes the better part of a second, and whoever reads the run's output waits for it: the server
# holds the same pipe. It has nothing to tidy up. Handlers run last in, first out; workers never come here.
atexit.register(os._exit, 0)
