"""The judge itself: each invariant that does not hold is seen, and a fault that struck nothing does not count."""

import json
from random import Random

import pytest

from tests.faults import table
from tests.faults.campaign import Campaign, Outcome, drawn, stops
from tests.faults.judge import broken_by, unfinished, wrong_numbers
from tests.faults.kinds import COMMANDS, FILES, FOLDERS, PROCESSES, SHORTAGES, SIGNALS, STREAMS, Kind
from tests.faults.session import Session

SEED = 20261126  # of the table in docs/reliability.md
KINDS = {kind.name: kind for kind in (*PROCESSES, *SIGNALS, *SHORTAGES, *FOLDERS, *STREAMS, *FILES, *COMMANDS)}


class Ended:
    """A session that has ended, as a test says."""

    def __init__(self, folder, text="", left=()):
        self.folder, self.results = folder, folder / "results" / "r" / "results.jsonl"
        self.results.parent.mkdir(parents=True, exist_ok=True)
        self._text, self._left, self.seen = text, [*left], {}
        self.document = b""

    def text(self):
        return self._text

    def left(self):
        return self._left

    def kill(self):
        self._left = []

    def run_document(self):
        return (self.results.parent / "run.json").read_bytes() if (self.results.parent / "run.json").is_file() else b""


def line(name="a", status="ok", step=1.0, metrics=("step", "forward"), **fields):
    measurements = [{"metric": metric, "value": step} for metric in metrics]
    stored = {"id": name, "repeat": 0, "status": status, "reason": None, "warnings": [], "measurements": measurements}
    return json.dumps(stored | fields).encode() + b"\n"


def invariants(session, code=0, kinds=(), *, cut_short=False):
    return {invariant for invariant, _ in broken_by(session, kinds, code, cut_short=cut_short)}


def test_what_is_well_is_not_held_against_a_fault(tmp_path):
    session = Ended(tmp_path)
    session.seen = {line(): None}
    session.results.write_bytes(line())
    assert invariants(session) == set()
    busy = Ended(tmp_path, "bench: other processes keep 1.3 of 2 cores busy\nbench: cannot write x: No space left\n")
    assert invariants(busy, 2, [Kind("disk full")]) == set()


@pytest.mark.parametrize(
    ("invariant", "text", "code"),
    [
        ("traceback", "Traceback (most recent call last)", 0),
        ("traceback", "Exception ignored in: <stdout>", 0),
        ("code", "", 1),
        ("code", "bench: one\nbench: two\n", 2),
        ("code", "", 2),
        ("hang", "", None),
    ],
)
def test_what_a_session_says_and_ends_with_is_judged(tmp_path, invariant, text, code):
    assert invariant in invariants(Ended(tmp_path, text), code, [Kind("disk full")])


def test_what_a_session_leaves_is_judged(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.faults.judge.GONE_WITHIN", 0.0)
    assert invariants(Ended(tmp_path, left=[1])) == {"orphan"}
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "bench-1-x").touch()
    assert invariants(Ended(tmp_path)) == {"litter"}


def test_lines_are_judged(tmp_path):
    session = Ended(tmp_path)
    session.seen = {line("a"): None}
    session.results.write_bytes(line("b"))
    assert invariants(session) == {"lost"}
    session.seen = {}
    for wrong in ([line(), line()], [line(), line(status="skipped")], [line(reason="x" * 10_000)]):
        session.results.write_bytes(b"".join(wrong))
        assert invariants(session) == {"record"}
    session.results.with_name("run.json").write_text('{"status": "running"}')
    session.results.write_bytes(line())
    assert invariants(session, 130, [KINDS["SIGTERM"]]) == {"record"}
    session.document = session.run_document()  # another session's, that could not write any more
    assert invariants(session, 130, [KINDS["SIGTERM"]]) == set()
    assert list(unfinished(session.results.parent, cells=1)) == []
    assert [invariant for invariant, _ in unfinished(session.results.parent, cells=2)] == ["resume"]


@pytest.mark.parametrize(
    ("odd", "breaks"),
    [
        (line(step=9.0), True),
        (line(step=9.0, warnings=[{"kind": "contended"}]), False),
        (line(metrics=["step"]), True),
        (line(metrics=["step"], warnings=[{"kind": "contended"}]), True),
        (line(metrics=["step"], warnings=[{"kind": "errors unknown"}]), False),
        (line(status="failed", metrics=[]), False),
        (line(), False),
    ],
)
def test_numbers_are_judged_beside_those_of_other_runs(tmp_path, odd, breaks):
    (tmp_path / "results.jsonl").write_bytes(line() + line() + odd)
    assert [invariant for invariant, _ in wrong_numbers([tmp_path])] == ["number"] * breaks


def test_a_fault_that_finds_nothing_to_strike_is_not_struck(tmp_path):
    session = Session(tmp_path, ["--version"])
    session.process.wait()
    for name in ("SIGKILL of a worker", "SIGSTOP of the server", "SIGTERM", "SIGKILL of all processes"):
        assert not KINDS[name].strike(session, Random(0)), name


def test_the_recorded_seed_has_every_kind():
    kinds, runs = drawn(200, SEED)
    assert len(kinds) + sum(map(len, runs)) == 200
    assert {kind.name for kind in kinds} == {*KINDS}
    assert stops([KINDS["SIGHUP"]])
    assert not stops([KINDS["SIGKILL of a worker"]])


def test_what_was_never_struck_stands_above_the_table(tmp_path):
    assert Campaign(SEED, 4, tmp_path).missed == []
    assert table.table([Outcome("SIGTERM")], 1).startswith("Seed 1, 1 faults:")
    assert "never struck, as the runs were over: Ctrl-C" in table.table([Outcome("SIGTERM")], 1, ["Ctrl-C"])
