"""A step of the user's own in a worker: tried out, served as a side of a pair, and timed by itself."""

import os
from textwrap import dedent

import pytest
import torch

from bench.measure.threads import longest_wait, waiting
from bench.origins import handed as taken
from bench.plan.step import source_of
from bench.plan.task import HandedObject
from bench.process import entries
from bench.process.entries import MESSAGES
from bench.process.handed import with_objects
from bench.worker import step_side, step_times
from bench.worker.handed import go_on
from tests.process.fitting import fits

pytestmark = pytest.mark.usefixtures("quick")

SCRIPT = """
    import contextlib
    from pathlib import Path

    import bench
    import neighbour  # in the same folder

    print("imported")


    @contextlib.contextmanager
    def make_step():
        numbers = neighbour.numbers()

        def step():
            with bench.phase("fill"):
                numbers.fill_(1.0)
            with bench.phase("add"):
                numbers.add_(1.0)

        yield step
        Path("closed").write_text("yes")


    @contextlib.contextmanager
    def unclosed():
        yield lambda: None
        raise ValueError("no\\nlock")


    @contextlib.contextmanager
    def twice():
        try:
            yield raises
        finally:
            raise KeyError("never heard of")


    def scaled(size=10):
        return lambda: [0] * size


    def raises():
        with bench.phase("add"):
            raise ValueError("no\\nnumbers")


    def misnames():
        with bench.phase("my phase"):
            pass


    def takes(batch):
        pass
    """


class Talk:
    """A channel whose parent says these words."""

    def __init__(self, *words):
        self.words, self.sent = [*words], []

    def send(self, kind, payload):
        self.sent.append((kind, payload))

    def receive(self):
        return self.words.pop(0)


@pytest.fixture
def task(tmp_path, monkeypatch):
    """Makes the task of a step of the script."""
    (tmp_path / "their_train.py").write_text(dedent(SCRIPT))
    (tmp_path / "neighbour.py").write_text("import torch\n\ndef numbers():\n    return torch.zeros(1000)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_BASE", "")
    threads = torch.get_num_threads()

    def make(name="make_step", **more):
        text = f"their_train.py:{name}"
        return {
            "label": text,
            "text": text,
            "base": str(tmp_path),
            "path": [],
            "shared": "",
            "device": "",
            "threads": 1,
            "inject": 0.0,
            **more,
        }

    yield make
    torch.set_num_threads(threads)


def answer(entry, function, task, *words):
    """What it sends, each as its row of messages says."""
    talk = Talk(*words)
    function(task, talk)
    for kind, payload in talk.sent:
        assert fits(payload, MESSAGES[entry].sends[kind]), (kind, payload)
    return talk.sent


def test_a_step_that_is_tried_out_says_what_it_is(task, tmp_path):
    ((kind, facts),) = answer(entries.AB_STEP_FACTS, step_side.try_out, task())
    assert kind == "facts"
    assert (facts["device"], facts["threads"]) == ("cpu", 1)
    assert facts["origin"]["file"] == str(tmp_path / "their_train.py")
    assert len(facts["origin"]["sha256"]) == 64
    assert facts["system"]["torch"] == str(torch.__version__)
    assert (tmp_path / "closed").read_text() == "yes"
    assert os.environ["BENCH_BASE"] == str(tmp_path)


def test_a_device_that_is_not_there_is_refused(task):
    ((kind, reason),) = answer(entries.AB_STEP_FACTS, step_side.try_out, task(device="cuda:77"))
    assert kind == "refused"
    assert reason.startswith("no device 'cuda:77' here: there is cpu")


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("make_stepp", "refused", ["their_train.py has no 'make_stepp'", "did you mean 'make_step'?"]),
        ("takes", "refused", ["their_train.py:takes(batch) takes arguments"]),
        ("raises", "failed", ["their_train.py:raises: ValueError: no numbers (their_train.py, line "]),
        ("misnames", "failed", ["a phase is called by an identifier such as forward, not 'my phase' (their_train.py,"]),
        ("twice", "failed", ["their_train.py:twice: ValueError: no numbers (their_train.py, line "]),
        ("scaled(size='x')", "failed", ["TypeError", "their_train.py"]),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(task, name, kind, words):
    ((heard, reason),) = answer(entries.AB_STEP_FACTS, step_side.try_out, task(name))
    assert heard == kind, reason
    assert "\n" not in reason
    for word in words:
        assert word in reason


@pytest.mark.slow
def test_what_its_context_raises_on_closing_is_told_after_what_was_measured(task):
    for entry, function, words, measured in (
        (entries.AB_STEP_FACTS, step_side.try_out, (), ["facts"]),
        (entries.AB_STEP_BLOCKS, step_side.serve, (2, None), ["ready", "block"]),
        (entries.STEP_TIMES, step_times.measure, (), ["facts", "times"]),
    ):
        *first, (kind, reason) = answer(entry, function, task("unclosed", blocks=2), *words)
        assert [heard for heard, _ in first] == measured
        assert kind == "failed"
        assert reason.startswith(
            "their_train.py:unclosed, as it was closed: ValueError: no lock (their_train.py, line "
        )


def test_a_step_by_value_is_handed_over_before_its_task(task, monkeypatch):
    pytest.importorskip("cloudpickle")
    monkeypatch.setattr(taken, "_objects", {})
    source = source_of(lambda: None)
    damaged = {"python:lambda#00000000": HandedObject(b"no pickle", {})}
    for objects, expected in (
        (source.handed, ("facts", ["pickle", "file", "sha256", "text"])),
        (damaged, ("refused", ["'lambda' cannot be made again here: UnpicklingError: "])),
    ):
        (text,) = objects
        order = with_objects(objects, entries.AB_STEP_FACTS, {**task(), "text": text})
        assert order[0] == entries.HANDED
        ((kind, told_of),) = answer(entries.AB_STEP_FACTS, lambda _, talk, order=order: go_on(order[1], talk), None)
        assert kind == expected[0], told_of
        assert all(word in (told_of["origin"] if kind == "facts" else told_of) for word in expected[1])


def test_a_side_answers_blocks_with_the_times_of_steps_and_of_the_phases_they_mark(task, tmp_path):
    (ready, facts), *answers = answer(
        entries.AB_STEP_BLOCKS, step_side.serve, task("make_step", inject=0.25), 4, 8, None
    )
    assert ready == "ready"
    assert facts["statistic"] == "p10"  # one thread of the host
    assert facts["steps"] >= 1
    assert [len(block["seconds"]) for _, block in answers] == [4, 8]
    for _, block in answers:
        assert min(block["seconds"]) > 0
        assert list(block["phases"]) == ["fill", "add"]
        assert all(len(times) == len(block["seconds"]) for times in block["phases"].values())
        assert sum(map(sum, block["phases"].values())) < sum(block["seconds"])
        assert ("cpu" in block) == (longest_wait(waiting()) is not None)
    assert (tmp_path / "closed").exists()


def test_a_step_that_is_timed_by_itself(task):
    (_, facts), (kind, times) = answer(entries.STEP_TIMES, step_times.measure, task(blocks=2))
    assert kind == "times"
    assert facts["device"] == "cpu"
    assert list(times["phases"]) == ["fill", "add"]
    assert len(times["seconds"]) == len(times["outside"]) == len(times["phases"]["add"]) >= 2
    whole = [sum(parts) for parts in zip(times["outside"], *times["phases"].values(), strict=True)]
    assert whole == pytest.approx(times["seconds"])


def test_threads_that_a_step_sets_itself_hold(task, tmp_path, monkeypatch):
    (tmp_path / "their_train.py").write_text("import torch\n\ndef step():\n    torch.set_num_threads(2)\n")
    ((_, facts),) = answer(entries.AB_STEP_FACTS, step_side.try_out, task("step"))
    assert facts["threads"] == 2
