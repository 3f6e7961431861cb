"""The command `run --revisions A..B`: measures revisions of the past, each by its own code, into results/."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.cli.render.tables import print_table
from bench.compare.checkout import checked_out_alone, spread
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_PASS, BenchError
from bench.plan.plan import SETTINGS, default_of, flag, options_of, shape_of
from bench.store.run import RESULTS

PAGE = options_of("page")  # a run of the past writes none


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one revision: "recorded", "there already", "failed" or "interrupted"."""

    revision: str
    run: str
    status: str
    reason: str = ""


def fill(given: argparse.Namespace, wanted: Mapping[str, Any]) -> int:
    """Measure each revision; 0 when at least one has a run now, 3 when none has, 130 when interrupted.

    A revision that cannot run is told, and the others are measured all the same.

    Raises:
        BenchError: the span or the number of steps means nothing here.

    """
    if given.steps < 1:
        raise BenchError(f"--steps takes 1 or more, not {given.steps}")
    if given.resume:
        raise BenchError("--revisions makes new runs, and --resume goes on with one: give one of them")
    revisions = spread(Path(), given.revisions, given.steps)
    if given.dry_run:
        print("\n".join(revisions))
        return EXIT_PASS
    outcomes: list[Outcome] = []
    for number, revision in enumerate(revisions, 1):
        print(f"revision {revision[:10]}, {number} of {len(revisions)}", file=sys.stderr)
        outcomes.append(_measured(given, wanted, revision))
        if outcomes[-1].status == "interrupted":
            break
    _tell(outcomes, given.json)
    if outcomes[-1].status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_PASS if any(one.status != "failed" for one in outcomes) else EXIT_INCONCLUSIVE


def _measured(given: argparse.Namespace, wanted: Mapping[str, Any], revision: str) -> Outcome:
    """Run the plan by the code of the revision, in its own folder, and fetch what it recorded."""
    name = f"{wanted.get('run', 'past')}-{revision[:10]}"
    if (RESULTS / name).exists():
        return Outcome(revision, name, "there already")
    try:
        with checked_out_alone(Path(), revision) as (folder, tree):
            code, told = _ran(given, {**wanted, "run": name}, folder, tree.paths)
            recorded = folder / "results" / name
            if (recorded / "results.jsonl").exists():
                RESULTS.mkdir(parents=True, exist_ok=True)
                shutil.move(recorded, RESULTS / name)
    except BenchError as error:
        return Outcome(revision, name, "failed", str(error))
    if code == EXIT_INTERRUPTED:
        return Outcome(revision, name, "interrupted")
    if code or not (RESULTS / name).exists():
        return Outcome(revision, name, "failed", told or f"exit code {code}")
    return Outcome(revision, name, "recorded")


def _ran(
    given: argparse.Namespace, wanted: Mapping[str, Any], folder: Path, paths: tuple[Path, ...]
) -> tuple[int, str]:
    """The exit code of the run, and the last line it told; it hears Ctrl-C itself and keeps what it has."""
    command = [sys.executable, "-m", "bench", "run", *_words(wanted), "--no-report"]
    command += ["--concurrent"] if given.concurrent else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and flags that were read and checked
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    last = ""
    interrupted = False
    assert process.stderr is not None
    while True:
        try:
            for line in process.stderr:
                last = line.strip() or last
                print(f"  {line}", end="", file=sys.stderr)
            code = process.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
    return (EXIT_INTERRUPTED if interrupted else code), last.removeprefix("bench: ")


def _words(wanted: Mapping[str, Any]) -> Iterator[str]:
    """The flags of `run` that give these fields of Plan; paths hold from any folder."""
    for name, value in wanted.items():
        many, kind = shape_of(name)
        if name in PAGE:
            continue
        if kind is bool:
            if value != default_of(name):
                yield flag(name)
            continue
        texts = [f"{one:g}" if isinstance(one, float) else str(one) for one in (value if many else (value,))]
        reads = SETTINGS[name].metadata["reads"]
        if reads == "folder" or (reads == "suite" and str(value).endswith(".toml")):
            with suppress(OSError, RuntimeError):  # a `~name` of nobody here raises the second
                texts = [str(Path(value).expanduser().resolve())]
        yield from (flag(name), *texts)


def _tell(outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(one) for one in outcomes]))
        return
    print_table(
        [
            {"revision": one.revision[:10], "run": one.run, "status": one.status, "reason": one.reason or "-"}
            for one in outcomes
        ]
    )
    print("\nsee them with: python -m bench history")
