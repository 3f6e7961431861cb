"""The command `import`: a file of pytest-benchmark becomes a recorded run."""

import argparse
import json
import re
from pathlib import Path

from bench.cli.render.columns import print_table
from bench.store import run as store
from bench.store.provenance import command_line
from bench.store.pytest_benchmark import read
from bench.text import plural, quantity


def execute(args: argparse.Namespace) -> int:
    """Record it, and print what it holds."""
    path = Path(args.file)
    facts, results = read(path)
    name = args.run or re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:100] or "imported"
    run = store.create(name, {**facts, "command": command_line()})
    for result in results:
        run.append(result)
    if args.json:
        print(
            json.dumps({"run": run.name, "results": str(run.folder), "cells": [result.cell.id for result in results]})
        )
        return 0
    rows = [
        {
            "benchmark": result.cell.id,
            "metric": measurement.metric,
            "median": quantity(measurement.value, "s"),
            "blocks": str(measurement.samples.size or "-"),
        }
        for result in results
        for measurement in result.measurements
        if measurement.unit == "s"
    ]
    print_table(rows)
    print(f"\nimported {path}: {plural(len(results), 'cell')}; results in {run.folder}")
    print(f"see it with: python -m bench report {run.name}")
    return 0
