"""Has workers of a server measure in haste, or those of errands start at once; imported as Python starts."""

import json
import os
import sys
from pathlib import Path

# A server begins twice, and imports what its workers need the second time, by the list of its tree.
if "BENCH_TREE_SERVER" in os.environ and Path(sys.orig_argv[1]).name == "tree_server.py":
    tree = json.loads(sys.orig_argv[-1])["paths"][-1]
    sys.path.insert(0, tree)
    from bench.process import worker_main

    sys.path.remove(tree)
    errands = "BENCH_TEST_LOG" in os.environ  # they need no torch
    worker_main.PRELOAD = () if errands else (*worker_main.PRELOAD, "in_haste")
