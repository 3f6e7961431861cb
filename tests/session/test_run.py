"""Run: what a plan comes to, a real run with an observer, and one that goes on; nothing is printed."""

import json
import sys
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.machine.neighbours import Neighbours
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.plan import plan_from
from bench.process import entries
from bench.process.local import Workers
from bench.process.worker import WorkerError
from bench.session import run as session
from bench.session.observer import Observer
from bench.session.resume import resumed
from bench.store.run import create, load

GRID = {"architectures": ("debug",), "datasets": ("synthetic",), "optimizers": ("sgd",), "threads": (1,)}
AS_USUAL = {"implementations": ("default",), "denormals": ("keep",)}
NO_FLUSH = {"flush": "this CPU cannot flush denormals"}
PLAN = plan_from({**GRID, **AS_USUAL, "epochs": 0, "repeats": 1, "again": 0, "blocks": 2, "run": "mine"})


class Listener(Observer):
    """Writes down what it hears."""

    def __init__(self):
        self.heard = []

    def warned(self, text):
        self.heard.append(("warned", text))

    def began(self, work):
        self.heard.append(("began", len(work.grid.cells)))

    def advanced(self, progress, result):
        self.heard.append(("result", result.status) if result else ("stage", progress.stage))

    def ended(self):
        self.heard.append(("ended",))


class Seen:
    """A look at the machine that saw these neighbours."""

    def __init__(self, neighbours):
        self._neighbours = neighbours

    def end(self):
        return self._neighbours


class FakeExecutor:
    """Answers what there is, and measures nothing: each task fails, or the person at the keyboard ends it."""

    slots, nodes = 1, ("here",)

    def __init__(self, catalogue, interrupt=False):
        self._catalogue = catalogue
        self._interrupt = interrupt
        self.tasks = []

    def renew(self):
        pass

    @contextmanager
    def start(self, entry, task):
        if entry == entries.MEASURE_CELL:
            if self._interrupt:
                raise KeyboardInterrupt
            self.tasks.append(task)
        yield Answers([("catalogue", self._catalogue)] if entry == entries.CATALOGUE else [])


class Answers:
    """A process that says this, and then ends as it should where it said anything."""

    def __init__(self, parts):
        self._parts = parts
        self._silent = not parts

    def receive(self, _):
        if self._silent:
            raise WorkerError("failed", "there is nobody")
        return self._parts.pop(0) if self._parts else None


@pytest.fixture
def catalogue():
    return Catalogue(
        architectures={
            "debug": {"incompatible": {}, "flops_forward": 1e3, "parameters": 10, "input_shape": (1, 28, 28)},
        },
        optimizers={
            "sgd": {
                "learning_rate": 0.1,
                "implementations": ["default"],
                "needs_closure": False,
                "unsupported": {"cpu": {}},
            },
        },
        datasets={"synthetic": {"input_shape": (1, 28, 28), "num_classes": 10, "train": 1000, "test": 100}},
        normalizations=("unit",),
        devices={"cpu": DeviceFacts("cpu", on_host=True, slow_denormals=True, unsupported=NO_FLUSH)},
        usable_cores=2,
        problems=("nets of far-away is left out: no such module",),
    )


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "Look", lambda: Seen(None))  # whatever else runs beside the tests


def measured(executor, plan=PLAN, observer=None, **options):
    listener = observer or Observer()
    return session.measure(session.prepare(plan, executor, listener), executor, listener, concurrent=True, **options)


def test_a_plan_is_really_run_and_its_observer_hears_of_it(capfd):
    listener = Listener()
    with closing(Workers()) as workers:
        run = measured(workers, observer=listener, command="by hand")
    assert (run.name, run.facts.status, run.facts.command) == ("mine", "finished", "by hand")
    assert run.facts.order_seed == run.facts.plan["order_seed"] is not None
    assert [result.status for result in run.results()] == ["ok"]
    assert listener.heard[0] == ("began", 1)
    assert ("stage", "phases") in listener.heard
    assert listener.heard[-2:] == [("result", "ok"), ("ended",)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system tells where memory lies on Linux alone")
def test_processes_of_one_round_share_a_server_and_those_of_two_none():
    nets = ("debug", "softmax_regression")
    plan = replace(PLAN, architectures=nets, seeds=(0, 1), repeats=2)
    with closing(Workers()) as workers:
        results = measured(workers, plan).results()
    assert Counter(result.status for result in results) == {"ok": 8}
    rounds = {}
    for result in results:
        layout = result.system["layout"]
        server = tuple(layout[name] for name in ("code", "heap", "stack", "environment"))
        rounds.setdefault((result.repeat, result.cell.seed), set()).add(server)
    assert [len(servers) for servers in rounds.values()] == [1, 1, 1, 1]
    assert len(set.union(*rounds.values())) == 4


def test_the_seed_of_the_order_is_drawn_and_kept_unless_one_is_asked_for(catalogue):
    """With the same one in all runs, what the order does would never average out between them."""
    seeds = {session.prepare(PLAN, FakeExecutor(catalogue)).plan.order_seed for _ in range(5)}
    assert len(seeds) == 5
    assert None not in seeds
    asked = replace(PLAN, order_seed=7)  # as the plan of a run that is resumed has it
    assert session.prepare(asked, FakeExecutor(catalogue)).plan.order_seed == 7


def test_what_is_not_as_it_was_asked_for_is_told(catalogue):
    listener = Listener()
    work = session.prepare(replace(PLAN, denormals=("flush",)), FakeExecutor(catalogue), listener)
    assert listener.heard == [
        ("warned", "nets of far-away is left out: no such module"),
        ("warned", "this CPU cannot flush denormals: they are kept"),
    ]
    assert [cell.architecture for cell in work.grid.cells] == ["debug"]


def test_preparing_writes_nothing_and_refuses_what_cannot_be(catalogue, tmp_path):
    workers = FakeExecutor(catalogue)
    assert session.prepare(PLAN, workers).seconds > 0
    for wrong, message in (
        ({"budget": 0.1}, "budget of 0.1 s is too small"),
        ({"until": 0.9}, "--until needs training"),
        ({"checkpoint": True}, "--checkpoint needs training"),
    ):
        with pytest.raises(BenchError, match=message):
            session.prepare(replace(PLAN, **wrong), workers)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_keeps_the_run_and_a_line_of_every_cell(catalogue):
    listener = Listener()
    run = measured(FakeExecutor(catalogue, interrupt=True), observer=listener)
    assert run.facts.status == load("mine").facts.status == "interrupted"
    assert [result.status for result in run.results()] == ["skipped"]
    assert listener.heard[-1] == ("ended",)


@pytest.mark.parametrize(("cores", "told"), [(1.0, True), (0.3, False)])
def test_neighbours_are_told_before_the_first_cell(catalogue, monkeypatch, cores, told):
    monkeypatch.setattr(session, "Look", lambda: Seen(Neighbours(cores, ("python (7) 100 %",))))
    listener = Listener()
    measured(FakeExecutor(catalogue, interrupt=True), observer=listener)
    warned = [text for kind, *text in listener.heard if kind == "warned" and "other processes" in text[0]]
    line = "other processes keep 1.00 of 2 cores busy: python (7) 100 %: times will be too long, so stop them first "
    assert warned == [[f"{line}(python -m bench doctor)"]] * told


def test_a_run_goes_on_where_it_was_interrupted(catalogue):
    measured(FakeExecutor(catalogue, interrupt=True))
    run, plan = resumed("mine", {"repeats": 2})
    workers = FakeExecutor(catalogue)
    measured(workers, plan, run=run, command="again")
    assert [task.repeat for task in workers.tasks] == [0]  # it failed, so that there is no second
    recorded = load("mine")
    assert (recorded.facts.status, recorded.facts.resumed) == ("finished", ("again",))
    assert recorded.facts.plan["repeats"] == 2
    assert [result.status for result in recorded.results()] == ["failed"]


def test_a_run_that_is_only_looked_at_to_go_on_is_left_as_it_was(catalogue, tmp_path):
    measured(FakeExecutor(catalogue, interrupt=True))
    before = {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()}
    run, plan = resumed("mine", {"budget": 0.1})
    with pytest.raises(BenchError, match="budget"):
        measured(FakeExecutor(catalogue), plan, run=run)
    assert {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()} == before


def test_a_run_without_a_name_is_never_another_s(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "time_name", lambda: "20260131-120000")
    names = []
    for _ in range(3):
        names.append(session.named("quick"))
        create(names[-1], {})
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]
    assert json.loads((tmp_path / "results" / names[2] / "run.json").read_text())["run"] == names[2]
