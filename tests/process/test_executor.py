"""Executors by name, and that another one than the local runs a whole plan."""

import gzip
import json
from importlib import import_module

import pytest

from bench.cli import run_command_line
from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.process.executor import EXECUTORS, RAY, open_executor
from bench.process.local import Workers
from bench.store.run import load
from tests.process.elsewhere import Elsewhere


@pytest.fixture
def elsewhere(monkeypatch):
    """The executor `elsewhere`, registered; it is the one that is opened."""
    executor = Elsewhere()
    monkeypatch.setitem(EXECUTORS, "elsewhere", lambda plan: executor)
    return executor


@pytest.mark.parametrize("name", [name for name in EXECUTORS if name != "ray"])  # which needs a cluster
def test_every_executor_has_slots_and_nodes(name):
    with open_executor(Plan(executor=name)) as executor:
        assert executor.slots >= 1
        assert executor.nodes
        assert executor.problems == ()


def test_the_room_of_the_cluster_has_what_is_named_of_it():
    assert callable(import_module(RAY).open_cluster)


def test_the_local_one_never_runs_two_tasks_at_once():
    with open_executor() as executor:
        assert executor.slots == 1


def test_a_name_that_is_not_registered_is_refused_with_the_nearest():
    with pytest.raises(BenchError, match=r"unknown executor 'locale'.*local"), open_executor(Plan(executor="locale")):
        pass


def test_the_address_of_a_cluster_is_refused_without_its_executor():
    with (
        pytest.raises(BenchError, match=r"--address 127\.0\.0\.1:6379 is of a Ray cluster: add --executor ray"),
        open_executor(Plan(address="127.0.0.1:6379")),
    ):
        pass


class Closable(Workers):
    """The local executor, which remembers whether it was closed."""

    def __init__(self):
        super().__init__()
        self.closed = False

    def close(self):
        super().close()
        self.closed = True


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The local executors that are opened, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    executors = []

    def create(plan):
        executors.append(Closable())
        return executors[-1]

    monkeypatch.setitem(EXECUTORS, "local", create)
    return executors


def test_it_is_closed_at_the_end_of_the_block_even_where_that_fails(opened):
    with pytest.raises(BenchError, match="some mistake"), open_executor():
        raise BenchError("some mistake")
    assert [executor.closed for executor in opened] == [True]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("list optimizers sgd", 0),
        ("show architecture debug", 0),
        ("show architecture nothing", 2),
        ("show checkpoint nothing.pt", 2),
    ],
)
def test_a_command_closes_the_executor_that_it_asks(opened, command, code, capsys):
    assert run_command_line(command.split()) == code, capsys.readouterr().err
    assert [executor.closed for executor in opened] == [True]


def test_a_plan_that_names_none_ends_before_anything_is_started(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["run", "--executor", "locale", "--architectures", "debug"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "unknown executor 'locale'" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_another_executor_runs_a_plan_from_its_catalogue_to_its_files(elsewhere, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = "run --executor elsewhere --architectures debug softmax_regression --datasets synthetic --threads 1"
    more = "--blocks 2 --seeds 0 --repeats 1 --again 0 --epochs 1 --checkpoint --profile --run far --no-report"
    code = run_command_line([*words.split(), *more.split(), "--concurrent"])
    assert code == 0, capsys.readouterr().err

    run = load("far", tmp_path / "results")
    assert json.loads((run.folder / "run.json").read_text("utf-8"))["nodes"] == ["left", "right"]
    assert len(run.facts.ceilings) == 1
    results = run.results()
    assert sorted((one.cell.architecture, one.status) for one in results) == [
        ("debug", "ok"),
        ("softmax_regression", "ok"),
    ]
    assert len(list((run.folder / "checkpoints").glob("*.pt"))) == 2
    assert {path.name for path in run.traces()} == {one.profile["trace"] for one in results}
    assert all(json.loads(gzip.decompress(path.read_bytes()))["traceEvents"] for path in run.traces())

    entries = [entry.partition(":")[2] for entry, _ in elsewhere.started]
    assert entries == ["describe", "measure_ceilings", "measure", "measure"]
    assert (elsewhere.most, elsewhere.closed, elsewhere.running, elsewhere.renewed) == (2, True, set(), 1)


@pytest.mark.slow
def test_another_executor_profiles_a_cell(elsewhere, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = "profile debug --executor elsewhere --datasets synthetic --threads 1 --blocks 2 --run far --concurrent"
    assert run_command_line(words.split()) == 0, capsys.readouterr().err
    assert "measure" in {entry.partition(":")[2] for entry, _ in elsewhere.started}
    assert len(load("far", tmp_path / "results").traces()) == 1
