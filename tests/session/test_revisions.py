"""Revisions of the past: each run by its own program, which says what it likes; what failed is told."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.cli.render.revisions import print_revisions
from bench.errors import EXIT_INCONCLUSIVE, BenchError
from bench.session import revisions as module
from bench.session.observer import Observer
from bench.session.revisions import flags, measure_past, revisions
from bench.store.result import SCHEMA

PROGRAM = """
import os, sys
from pathlib import Path
name = sys.argv[sys.argv.index("--run") + 1]
print("no document of ours")
print("measuring", *sys.argv[1:], file=sys.stderr)
print("names start from", os.environ["BENCH_BASE"], file=sys.stderr)
if Path("broken").exists():
    print("bench: the suite is broken", file=sys.stderr)
    sys.exit(2)
folder = Path("results", name)
folder.mkdir(parents=True)
(folder / "results.jsonl").touch()
schema = 1 if Path("old").exists() else SCHEMA
(folder / "run.json").write_text('{"schema": %d}' % schema)
""".replace("SCHEMA", str(SCHEMA))

UNREADABLE = (
    f"results/past-4444444444/run.json has schema 1, this version reads {SCHEMA}: read it with the version it is of, "
    "or measure again"
)


class Listener(Observer):
    def __init__(self):
        self.revisions, self.lines = [], []

    def turned_to(self, revision, number, count):
        self.revisions.append((revision, number, count))

    def relayed(self, line):
        self.lines.append(line)


@pytest.fixture
def past(tmp_path, monkeypatch):
    """A folder in which each revision is a program of its own.

    The second is broken, the third cannot be had, and the fourth writes a run that this version does not read.
    """
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def checked_out_alone(_, revision):
        if revision == "3" * 40:
            raise BenchError("it cannot be installed")
        folder = tmp_path / "trees" / revision
        (folder / "bench").mkdir(parents=True)
        (folder / "bench" / "__main__.py").write_text(PROGRAM)
        if revision == "2" * 40:
            (folder / "broken").touch()
        if revision == "4" * 40:
            (folder / "old").touch()
        yield folder, SimpleNamespace(paths=(folder,), base=folder)

    monkeypatch.setattr(module, "checked_out_alone", checked_out_alone)
    return [str(number) * 40 for number in (1, 2, 3, 4)]


def test_each_is_measured_by_its_own_program_and_what_failed_says_why(past, capfd):
    listener = Listener()
    outcomes = measure_past({"epochs": 0, "report": True}, past, listener, concurrent=True)
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [
        ("recorded", ""),
        ("failed", "the suite is broken"),
        ("failed", "it cannot be installed"),
        ("failed", UNREADABLE),
    ]
    assert Path("results/past-1111111111/results.jsonl").exists()
    assert listener.revisions == [(revision, number, 4) for number, revision in enumerate(past, 1)]
    assert listener.lines[0] == "measuring run --epochs 0 --run past-1111111111 --no-report --concurrent"
    assert listener.lines[1] == f"names start from {Path.cwd() / 'trees' / ('1' * 40)}"
    assert capfd.readouterr() == ("", "")


def test_a_run_that_this_version_does_not_read_stays_failed_when_it_is_there_already(past):
    for _ in range(2):
        (outcome,) = measure_past({}, past[3:])
        assert (outcome.status, outcome.reason) == ("failed", UNREADABLE)
    assert Path("results/past-4444444444/run.json").exists()  # what it measured is not lost


def test_where_every_run_is_refused_nothing_was_measured(past, capsys):
    assert print_revisions(measure_past({}, past[3:]), as_json=False) == EXIT_INCONCLUSIVE
    assert UNREADABLE in capsys.readouterr().out


def test_one_that_is_there_already_is_not_measured_again(past):
    measure_past({"run": "mine"}, past[:1])
    listener = Listener()
    (outcome,) = measure_past({"run": "mine"}, past[:1], listener)
    assert (outcome.run, outcome.status, listener.lines) == ("mine-1111111111", "there already", [])


def test_an_interrupt_ends_it_after_the_program_has_ended(past, monkeypatch):
    class Interrupt(Listener):
        def relayed(self, line):
            super().relayed(line)
            raise KeyboardInterrupt

    (outcome,) = measure_past({}, past, Interrupt())
    assert outcome.status == "interrupted"


def test_no_steps_are_refused():
    with pytest.raises(BenchError, match="--steps takes 1 or more, not 0"):
        revisions("a..b", 0)


def test_fields_become_flags():
    fields = {"architectures": ("a", "b"), "until": 0.99, "checkpoint": True, "download": False, "report": False}
    assert list(flags(fields)) == ["--architectures", "a", "b", "--until", "0.99", "--checkpoint"]


def test_files_of_data_hold_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = ("mnist", "npz:own.npz", "folder:my photos:3x8x8", "npz:/a/b.npz", "own.py:load")
    whole = ["mnist", f"npz:{tmp_path}/own.npz", f"folder:{tmp_path}/my photos:3x8x8", "npz:/a/b.npz", "own.py:load"]
    assert list(flags({"datasets": named})) == ["--datasets", *whole]
