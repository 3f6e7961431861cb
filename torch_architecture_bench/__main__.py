"""`python -m torch_architecture_bench`: as `python -m bench`, also in a folder that has a `bench` of its own."""

import sys

from torch_architecture_bench import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder one stands in
    sys.exit(main())
