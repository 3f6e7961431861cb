"""Run: what a plan comes to, a real run with an observer, and one that goes on; nothing is printed."""

import json
import shutil
import signal
import sys
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from bench import files
from bench.errors import BenchError
from bench.machine.neighbours import Neighbours
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.estimate import around_seconds, least_seconds
from bench.plan.plan import plan_from
from bench.process import entries
from bench.process.local import Workers
from bench.process.lock import recording
from bench.process.worker import WorkerError
from bench.session import run as session
from bench.session.observer import Observer
from bench.session.resume import resumed
from bench.store.result import Result
from bench.store.run import create, load
from tests.conftest import HASTY_PATH

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

    slots, nodes, problems = 1, ("localhost",), ()

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


class Vanishing(FakeExecutor):
    """A cluster whose last node vanishes after the first cell."""

    def start(self, entry, task):
        if entry == entries.MEASURE_CELL and self.tasks:
            raise BenchError("no node is left of the cluster: go on with --resume")
        return super().start(entry, task)


def test_a_run_without_a_node_left_ends_with_what_was_measured(catalogue):
    with pytest.raises(BenchError, match="no node is left"):
        measured(Vanishing(catalogue), replace(PLAN, seeds=(0, 1, 2)))
    run = load("mine")
    assert (run.facts.status, len(run.results())) == ("interrupted", 1)


def test_what_is_to_be_known_of_the_machines_is_told_first_and_several_share_the_time(catalogue):
    one, four = FakeExecutor(catalogue), FakeExecutor(catalogue)
    four.slots, four.nodes, four.problems = 4, ("a", "b", "c", "d"), ("the nodes are unlike",)
    listener = Listener()
    alone, shared = session.prepare(PLAN, one), session.prepare(PLAN, four, listener)
    assert listener.heard[0] == ("warned", "the nodes are unlike")
    around = around_seconds(alone.grid.cells, PLAN)  # start-up, ceilings and page are not shared
    assert 0 < around < alone.seconds
    assert shared.seconds - around == pytest.approx((alone.seconds - around) / 4)
    short = replace(PLAN, budget=least_seconds(alone.grid.cells, PLAN) / 2)
    with pytest.raises(BenchError, match="too small"):
        session.prepare(short, one)
    assert session.prepare(short, four).plan.budget == short.budget


def measured(executor, plan=PLAN, observer=None, run=None, **options):
    listener = observer or Observer()
    work = session.prepare(plan, executor, listener, run=run)
    return session.measure(work, executor, listener, run=run, concurrent=True, **options)


@pytest.mark.usefixtures("in_haste")
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
def test_processes_of_one_round_share_a_server_and_those_of_two_none(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", HASTY_PATH)
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


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_look_into_nets_that_nobody_trains_is_told_of_and_stops_nothing(catalogue, epochs):
    """A suite that looks into nets may be asked for their times alone."""
    listener = Listener()
    session.prepare(replace(PLAN, insight=True, epochs=epochs), FakeExecutor(catalogue), listener)
    words = ("warned", "no net is looked into, since --epochs 0 trains none")
    assert (words in listener.heard) is (epochs == 0)


def test_preparing_writes_nothing_and_refuses_what_cannot_be(catalogue, tmp_path):
    workers = FakeExecutor(catalogue)
    assert session.prepare(PLAN, workers).seconds > 0
    for wrong, message in (
        ({"budget": 0.1}, "budget of 0.1 s is too small"),
        ({"until": 0.9}, "--until needs training"),
        ({"goal": 0.9}, "--goal needs training"),
        ({"goal": 0.9, "until": 0.9, "epochs": 1}, "--goal tests trainings of one length"),
        ({"goal": 0.9, "train_limit": 3.0, "epochs": 1}, "these end after 3 s wherever they are: give --epochs"),
        ({"checkpoint": True}, "--checkpoint needs training"),
        ({"targets": ("debug=90%",)}, "--targets needs training"),
        ({"blocks": 0}, "nothing to measure: --blocks 0 times no steps"),
        ({"world_sizes": (1, 2), "epochs": 1, "until": 0.9}, "--until is about training, and cells of several ranks"),
        (
            {"world_sizes": (2,), "epochs": 1, "checkpoint": True},
            "--checkpoint is about training, and cells of several",
        ),
        ({"world_sizes": (1, 2), "epochs": 1, "tune": 3}, "--tune is about training, and cells of several ranks"),
        ({"world_sizes": (1, 3)}, "--world-sizes 3 is more than the 2 cores usable here"),
    ):
        with pytest.raises(BenchError, match=message):
            session.prepare(replace(PLAN, **wrong), workers)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("worlds", "times"), [((2,), 1), ((1, 2), 0), ((1,), 0)])
def test_ranks_without_one_to_compare_them_with_are_told_of(catalogue, worlds, times):
    listener = Listener()
    session.prepare(replace(PLAN, world_sizes=worlds), FakeExecutor(catalogue), listener)
    words = "no cell of one rank is measured, so that the efficiency of several is not told: add 1 to --world-sizes"
    assert listener.heard.count(("warned", words)) == times


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
    workers = FakeExecutor(catalogue)
    with resumed("mine", {"repeats": 2}) as (run, plan):
        measured(workers, plan, run=run, command="again")
    assert [task.repeat for task in workers.tasks] == [0]  # it failed, so that there is no second
    recorded = load("mine")
    assert (recorded.facts.status, recorded.facts.resumed) == ("finished", ("again",))
    assert recorded.facts.plan["repeats"] == 2
    assert [result.status for result in recorded.results()] == ["failed"]


def test_a_run_that_is_only_looked_at_to_go_on_is_left_as_it_was(catalogue, tmp_path):
    measured(FakeExecutor(catalogue, interrupt=True))
    before = {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()}
    with resumed("mine", {"budget": 0.1}) as (run, plan), pytest.raises(BenchError, match="budget"):
        measured(FakeExecutor(catalogue), plan, run=run)
    assert {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()} == before


def test_a_run_that_is_being_measured_is_not_gone_on_with(catalogue, tmp_path):
    """Whatever it was called with: two writers would lose each other's lines."""
    measured(FakeExecutor(catalogue, interrupt=True))
    before = {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()}
    with recording(tmp_path / "results/mine"):
        with pytest.raises(BenchError, match="run 'mine' is being measured"), resumed("mine", {}):
            pass
        with resumed("mine", {}, hold=False) as (run, plan):  # to look at it
            assert session.prepare(plan, FakeExecutor(catalogue), run=run).missing.repeats != {}
    assert {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()} == before


def test_a_run_is_held_while_it_is_measured(catalogue):
    class Second(Observer):
        def began(self, work):
            with pytest.raises(BenchError, match="run 'mine' is being measured"), resumed("mine", {}):
                pass
            self.tried = True

    second = Second()
    measured(FakeExecutor(catalogue), observer=second)
    assert second.tried


def test_a_disk_that_is_full_leaves_a_run_that_is_resumed_as_it_was(catalogue, tmp_path, monkeypatch):
    measured(FakeExecutor(catalogue, interrupt=True))
    before = {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()}
    with monkeypatch.context() as patch, resumed("mine", {}) as (run, plan):
        patch.setattr(files.Path, "open", opening_fails_for("run.json.new"))
        with pytest.raises(BenchError, match="No space left"):
            measured(FakeExecutor(catalogue), plan, run=run)
    assert {path.name: path.read_bytes() for path in (tmp_path / "results/mine").iterdir()} == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("blocks", "x"),
        ("blocks", True),
        ("repeats", 0),
        ("repeats", 10**20),
        ("timeout", "soon"),
        ("timeout", -5),
        ("precision", 7.0),
        ("learning_rates", [0]),
        ("seeds", [-1]),
        ("modes", ["odd"]),
        ("architectures", None),
    ],
)
def test_a_plan_that_no_flag_could_ask_for_is_refused_in_one_line(catalogue, tmp_path, key, value):
    measured(FakeExecutor(catalogue, interrupt=True))
    path = tmp_path / "results/mine/run.json"
    stored = json.loads(path.read_text())
    stored["plan"][key] = value
    path.write_text(json.dumps(stored))
    with pytest.raises(BenchError, match=rf"run\.json: plan: key '{key}' takes "), resumed("mine", {}):
        pass


def test_a_plan_comes_back_as_it_was_stored(catalogue):
    plan = replace(PLAN, budget=90.0, learning_rates=(1e-5, 0.1), order_seed=7)
    measured(FakeExecutor(catalogue, interrupt=True), plan)
    with resumed("mine", {}, hold=False) as (_, again):
        assert again == replace(plan, run="mine")


def opening_fails_for(name):
    """`Path.open` on a disk that has no room for that file."""
    opened = files.Path.open

    def fail(path, *arguments, **options):
        if path.name == name:
            raise OSError(28, "No space left on device")
        return opened(path, *arguments, **options)

    return fail


def test_what_was_measured_is_not_counted_again(catalogue):
    plan = replace(PLAN, seeds=(0, 1), repeats=2)
    run = measured(FakeExecutor(catalogue, interrupt=True), plan)
    first, second = (result.cell for result in run.results())
    work = session.prepare(replace(plan, order_seed=run.facts.order_seed), FakeExecutor(catalogue))
    for repeat in (0, 1):
        run.append(Result(first, "ok", repeat=repeat))
    run.append(Result(second, "ok", repeat=1))
    with resumed("mine", {"budget": work.seconds / 4}, hold=False) as (run, plan):  # which all would not fit in
        left = session.prepare(plan, FakeExecutor(catalogue), run=run)
    assert left.missing.repeats == {second: 1}
    assert left.missing.untrained == {second}
    around = around_seconds([second], plan)
    assert 0 < left.seconds - around < (work.seconds - around) / 3
    assert set(left.past) == {(first, 0), (first, 1), (second, 1)}


def test_a_line_that_is_damaged_ends_it_before_anything_is_written(catalogue, tmp_path):
    run = measured(FakeExecutor(catalogue, interrupt=True))
    line = (run.folder / "results.jsonl").read_bytes()
    (run.folder / "results.jsonl").write_bytes(line.replace(b'"system":{}', b'"system":[]'))
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    with resumed("mine", {}) as (run, plan), pytest.raises(BenchError, match="line 1 is damaged"):
        measured(FakeExecutor(catalogue), plan, run=run)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def test_a_disk_that_is_full_ends_a_run_as_an_interrupt_does(catalogue, tmp_path, monkeypatch):
    def full(path, *_, **__):
        raise BenchError(f"cannot write {path}: No space left on device; the lines before are kept")

    monkeypatch.setattr(files, "append_line", full)
    with pytest.raises(BenchError, match="No space left"):
        measured(FakeExecutor(catalogue))
    assert load("mine").facts.status == "interrupted"


@pytest.mark.parametrize("removed", ["results.jsonl", "run.json", "."])
def test_a_folder_that_is_removed_while_it_is_measured_ends_it_in_one_line(catalogue, tmp_path, removed):
    class Remover(Observer):
        def began(self, work):
            place = tmp_path / "results" / "mine" / removed
            place.unlink() if place.is_file() else shutil.rmtree(place)

    if removed == "run.json":  # which is written anew as it is noted how the run ended
        assert measured(FakeExecutor(catalogue), observer=Remover()).facts.status == "finished"
        return
    with pytest.raises(BenchError, match=r"results\.jsonl was removed while the run went on|run\.json was removed"):
        measured(FakeExecutor(catalogue), observer=Remover())


def test_an_interrupt_while_a_line_is_written_never_leaves_out_what_was_measured(catalogue, monkeypatch):
    appended, lines = files.append_line, []

    def append(path, *arguments, **options):
        appended(path, *arguments, **options)
        lines.append(path.name)
        if lines.count("results.jsonl") == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(files, "append_line", append)
    run = measured(FakeExecutor(catalogue), replace(PLAN, seeds=(0, 1)))
    assert run.facts.status == "interrupted"
    assert sorted(result.status for result in run.results()) == ["failed", "skipped"]
    assert len({result.cell for result in run.results()}) == 2


def test_a_run_without_a_name_is_never_another_s(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "time_name", lambda: "20260131-120000")
    names = []
    for _ in range(3):
        names.append(session.named("quick"))
        create(names[-1], {})
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]
    assert json.loads((tmp_path / "results" / names[2] / "run.json").read_text())["run"] == names[2]


def test_an_interrupt_before_the_first_cell_leaves_no_run_that_seems_to_go_on(catalogue, monkeypatch):
    class Interrupter(Observer):
        def began(self, work):
            raise KeyboardInterrupt

    made = []
    create_really = session.store.create
    monkeypatch.setattr(session.store, "create", lambda *words: made.append(create_really(*words)) or made[0])
    with pytest.raises(KeyboardInterrupt):
        measured(FakeExecutor(catalogue), observer=Interrupter())
    assert json.loads((made[0].folder / "run.json").read_text())["status"] == "interrupted"
