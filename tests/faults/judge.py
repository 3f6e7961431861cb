"""Judge: what must hold after every fault, whatever it was; each invariant gives a sentence where it does not."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from bench.errors import LONGEST_REASON
from tests.faults.kinds import Kind
from tests.faults.session import Session, command_of, is_skipped, lines_of

INVARIANTS = {
    "lost": "no cell that was measured is lost",
    "record": "results.jsonl and run.json say what is so",
    "number": "no wrong number is stored as ok",
    "hang": "nothing waits beyond its limit",
    "orphan": "no process is left",
    "litter": "no temporary file is left",
    "traceback": "no traceback is printed",
    "code": "the exit code is right, and a refusal is one line",
    "outcome": "each cell has the status and the words of its fault",
    "resume": "--resume completes the plan",
}
GONE_WITHIN = 20.0  # seconds until nothing that a session started may be left
OWN_FILES = ("python-m-bench.lock", "torchinductor_")  # what may stay in the temporary folder
NOTICES = ("bench: other processes keep ",)  # lines beside a refusal that are none, as other runs are under way
FACTOR = 4.0  # a time so many times another of the same cell, without a warning, is wrong

NOISE = ("contended", "not steady", "faulting", "reference disturbed")  # warnings that say nothing of what is missing

Broken = tuple[str, str]  # an invariant and what is wrong


def broken_by(session: Session, kinds: Sequence[Kind], code: int | None, *, cut_short: bool) -> Iterator[Broken]:
    """What does not hold after a session in which faults of these kinds were struck.

    `cut_short` says that its end was our own Ctrl-C, as nothing else was left to be seen.
    """
    text = session.text()
    if code is None:
        yield "hang", f"the session went on; {[command_of(pid) for pid in session.left()]}"
        session.kill()
    for sign in ("Traceback (most recent call last)", "Exception ignored"):
        if sign in text:
            yield "traceback", text[text.index(sign) :][:2000]
    yield from _code(session, kinds, code, text, cut_short=cut_short)
    if left := _left(session):
        yield "orphan", f"left: {left}"
        session.kill()
    if files := litter(session.folder):
        yield "litter", f"left: {files}"
    if not any(kind.loses for kind in kinds):
        there = set(lines_of(session.results))
        if missing := [line for line in session.seen if line not in there]:
            yield "lost", f"{len(missing)} lines, such as {missing[0][:200]!r}"
    # what ended the session before it wrote its own left what stood there, as a full disk may have kept it
    began = session.run_document() != session.document
    yield from record_of(session.results.parent, kinds if began else ())


def _code(session: Session, kinds: Sequence[Kind], code: int | None, text: str, *, cut_short: bool) -> Iterator[Broken]:
    if code is None:
        return
    right = {code for kind in kinds if kind.ends for code in kind.codes}
    if cut_short or not right:
        right |= {130, 0} if cut_short else {0}
    if code not in right:
        yield "code", f"exit code {code} and not one of {sorted(right)}; it says {text[-600:]!r}"
    streams = any("stderr" in kind.name or "both" in kind.name for kind in kinds)
    refusals = [line for line in text.splitlines() if line.startswith("bench: ") and not line.startswith(NOTICES)]
    if code in (2, 70) and not streams and len(refusals) != 1:
        yield "code", f"exit code {code} with {text[-600:]!r}"


def _left(session: Session) -> list[str]:
    end = time.monotonic() + GONE_WITHIN
    while (left := session.left()) and time.monotonic() < end:
        time.sleep(0.05)
    return [command_of(pid) for pid in left]


def litter(folder: Path) -> list[str]:
    """Temporary files that are left."""
    temporary = [path for path in (folder / "tmp").glob("*") if not path.name.startswith(OWN_FILES)]
    return [str(path.relative_to(folder)) for path in [*temporary, *folder.glob("results/**/*.new")]]


def record_of(folder: Path, kinds: Sequence[Kind] = ()) -> Iterator[Broken]:
    """What a run's files say that is not so."""
    lines = []
    for line in lines_of(folder / "results.jsonl"):
        with suppress(ValueError):
            lines.append(json.loads(line))
    measured = Counter((line["id"], line["repeat"]) for line in lines if line["status"] != "skipped")
    skipped = {line["id"] for line in lines if line["status"] == "skipped"}
    if twice := [key for key, count in measured.items() if count > 1]:
        yield "record", f"measured twice: {twice}"
    if both := skipped & {name for name, _ in measured}:
        yield "record", f"measured and skipped: {sorted(both)}"
    if long := [line["id"] for line in lines if len(line["reason"] or "") > LONGEST_REASON + 200]:
        yield "record", f"reasons without end: {long}"
    wanted = {status for kind in kinds for status in kind.statuses}
    with suppress(FileNotFoundError, ValueError):
        status = json.loads((folder / "run.json").read_bytes())["status"]
        if wanted and status not in wanted:
            yield "record", f"run.json says {status}"


def unfinished(folder: Path, cells: int) -> Iterator[Broken]:
    """Whether some of the plan's cells have no line of their own after all."""
    measured = {json.loads(line)["id"] for line in lines_of(folder / "results.jsonl") if not is_skipped(line)}
    if len(measured) != cells:
        yield "resume", f"{len(measured)} of {cells} cells are measured"


def wrong_numbers(folders: Sequence[Path]) -> Iterator[Broken]:
    """What is wrong of lines that are ok, of all runs together: a step that takes much longer or shorter than others
    of its cell, or a number that others have and it lacks, without a word.
    """
    steps: dict[str, list[tuple[float, bool]]] = {}
    metrics: dict[str, list[tuple[frozenset[str], bool]]] = {}
    for folder in folders:
        for line in lines_of(folder / "results.jsonl"):
            with suppress(ValueError):
                stored = json.loads(line)
                values = [each["value"] for each in stored["measurements"] if each["metric"] == "step"]
                if stored["status"] == "ok":
                    names = frozenset(each["metric"] for each in stored["measurements"])
                    warned = any(each["kind"] not in NOISE for each in stored["warnings"])
                    metrics.setdefault(stored["id"], []).append((names, warned))
                    steps.setdefault(stored["id"], []).extend((value, bool(stored["warnings"])) for value in values[:1])
    for name, seen in steps.items():
        usual = median(value for value, _ in seen)
        odd = [value for value, warned in seen if not warned and not usual / FACTOR < value < usual * FACTOR]
        if odd:
            yield "number", f"{name}: {odd} s beside a median of {usual:.2g} s, and not a word"
    for name, lines in metrics.items():
        every = frozenset[str]().union(*(names for names, _ in lines))
        if lacking := [sorted(every - names) for names, warned in lines if not warned and names != every]:
            yield "number", f"{name}: ok without {lacking}, and not a word"
