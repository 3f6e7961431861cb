"""Mutants: how many small faults, put into a module one at a time, the quick tests of its room notice.

    python .ci/mutants [PATH ...] [--tests PATH ...] [--draw N] [--seed N] [--out FILE] [--again FILE]

What is mutated, by which operators and against which tests stands in pyproject.toml, under tool.mutants.
"""

import argparse
import json
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from draw import Mutant, drawn
from warm import Baseline, Warm

NOTICED = ("killed", "timeout")


def main() -> None:
    """Go through the modules and tell, of each, what no test noticed."""
    config = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
    args = _arguments(config)
    again = {line["key"] for line in _lines(args.again) if line["outcome"] != "killed"} if args.again else None
    log = Path(tempfile.gettempdir()) / "mutants.log"
    for room, tests in config["rooms"].items():
        modules = [path for path in _modules(room) if not args.paths or path.startswith(tuple(args.paths))]
        if again is not None:
            modules = [path for path in modules if any(key.startswith(f"{path}:") for key in again)]
        if not modules:
            continue
        warm = Warm(log)
        try:
            baseline = warm.baseline(args.tests or tests)
            _tell_room(room, baseline)
            for path in modules:
                mutants, total = drawn(path, config["operators"], 0 if again else args.draw, args.seed)
                chosen = [mutant for mutant in mutants if again is None or mutant.key in again]
                _look(chosen, total, partial(warm.outcome, baseline=baseline, budget=config["neighbours"]), args.out)
        finally:
            warm.close()


def _look(mutants: list[Mutant], total: int, attempt: Callable[[Mutant], str], out: Path | None) -> None:
    """The outcome of each mutant of one module."""
    outcomes: Counter[str] = Counter()
    for mutant in mutants:
        outcome = attempt(mutant)
        outcomes[outcome] += 1
        if outcome not in NOTICED:
            print(f"  {mutant.path}:{mutant.line} {outcome}, {mutant.operator}: {mutant.change()}", flush=True)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": mutant.key, "outcome": outcome, "change": mutant.change()}) + "\n")
    if mutants:
        noticed = sum(outcomes[word] for word in NOTICED)
        share = f"{100 * noticed / len(mutants):.0f} %"
        late = f", {outcomes['timeout']} by a timeout" if outcomes["timeout"] else ""
        print(f"{mutants[0].path}: {noticed} of {len(mutants)} noticed{late} ({share}; {total} in all)", flush=True)


def _tell_room(room: str, baseline: Baseline) -> None:
    print(f"{room}: {len(baseline.seconds)} tests, {sum(baseline.seconds.values()):.0f} s", flush=True)
    for name in baseline.failed:
        print(f"  fails as it is, and is left out: {name}", flush=True)


def _arguments(config: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python .ci/mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", help="modules or rooms; all that are configured by default")
    parser.add_argument("--tests", nargs="+", help="these alone instead of the room's, which notice more")
    parser.add_argument("--draw", type=int, default=config["draw"], help="mutants a module at most; 0 for all")
    parser.add_argument("--seed", type=int, default=config["seed"], help="of the draw")
    parser.add_argument("--out", type=Path, help="add a line of JSON for each mutant to this file")
    parser.add_argument("--again", type=Path, help="try those alone that no test of such a file killed")
    return parser.parse_args()


def _modules(room: str) -> Iterator[str]:
    path = Path(room)
    yield from [room] if path.is_file() else sorted(str(module) for module in path.glob("*.py"))


def _lines(path: Path) -> list[dict[str, Any]]:
    latest = {line["key"]: line for line in map(json.loads, path.read_text("utf-8").splitlines())}
    return list(latest.values())


if __name__ == "__main__":
    main()
