"""Fuzzing as a program: `python -m tests.fuzz --seed 1 --mutants 10000 [--reader trace ...] [--engine atheris]`.

Each reader gets its share of mutants, and gives for each a result or one line. What does not is shown with the smallest
such mutant that was found, and the exit code is 1. The table of counts is printed at the end.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.engines import ENGINES, Tally

SEED = 14  # the one that is run where none is named: a new one might find something in a change that is none of it


def main() -> int:
    """Fuzz the readers; 1 where one of them did what it must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="hypothesis")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--mutants", type=int, default=10_000, help="of all readers together")
    parser.add_argument("--reader", action="append", help="only readers whose names hold this")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-fuzz-") as folder:
        os.chdir(folder)
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        sys.dont_write_bytecode = True  # what is imported late would be written outside of the folder
        print(f"{'reader':<28}{'mutants':>8}{'read':>8}{'refused':>9}{'seconds':>9}")
        tallies = _fuzzed(args, Path(folder))
        os.chdir("/")
    whole = sum(tally.mutants for tally in tallies)
    print(f"{'in all':<28}{whole:>8,}  seed {args.seed}, {args.engine}")
    return 1 if any(tally.failure for tally in tallies) else 0


def _fuzzed(args: argparse.Namespace, folder: Path) -> list[Tally]:
    from tests.fuzz.readers import readers, scaled
    from tests.fuzz.watch import Watch

    watch = Watch(folder)
    every = scaled(readers(folder), args.mutants)
    chosen = [reader for reader in every if not args.reader or any(word in reader.name for word in args.reader)]
    tallies = []
    for reader in chosen:
        watch.warm(reader.read, reader.genuine)
    watch.bound_memory()
    for reader in chosen:
        start = time.process_time()
        tally = ENGINES[args.engine](reader, watch, args.seed)
        spent = time.process_time() - start
        row = f"{tally.reader:<28}{tally.mutants:>8,}{tally.read:>8,}{tally.refused:>9,}{spent:>9.1f}"
        print(row + (f"\n{tally.failure}" if tally.failure else ""), flush=True)
        tallies.append(tally)
    return tallies


if __name__ == "__main__":
    sys.exit(main())
