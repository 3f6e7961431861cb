"""A cell that answers, as its worker measures it: what it sends, and what fails it in one line."""

from dataclasses import replace

import pytest

from bench.engines import ENGINES, why_not
from bench.measure.answers import PERCENTILES
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process.entries import MEASURE_CELL
from bench.process.executor import open_executor, talk
from bench.worker import cell as worker
from bench.worker import engine as module
from tests.conftest import HANG
from tests.engines.inprocess import asked_here
from tests.measure.recording import Heard

CELL = Cell("softmax_regression", dataset="synthetic", batch_size=8, engine="bfloat16")
TIMED = {"latency", *(f"latency_{share}" for share in PERCENTILES), "served_at_1", "served_at_8"}
UNTRAINED = TIMED | {"size_on_disk", "start_up", "answer_error"}


def heard_of(task):
    heard = Heard()
    with asked_here():
        worker.measure(task, heard)
    return heard


def values_of(heard):
    return {each["metric"]: each["value"] for sent in heard.of("measurements") for each in sent}


def test_a_net_that_is_not_trained_is_timed_and_not_scored(quick):
    heard = heard_of(Task(CELL))
    assert heard.of("status") == [("ok", None)]
    assert {*values_of(heard)} == UNTRAINED
    assert {block["subject"] for blocks in heard.of("blocks") for block in blocks} == {"latency", "batch 1", "batch 8"}


def test_a_trained_net_is_scored_on_all_test_images_beside_eager_float32(quick):
    known = values_of(heard_of(Task(replace(CELL, engine="eager", batch_size=64), epochs=1)))
    assert known["answers_scored"] == 1024
    assert [known[name] for name in ("accuracy_lost", "answers_differ", "answer_error")] == [0, 0, 0]


def test_all_engines_have_the_same_weights(quick, monkeypatch):
    seen = []
    for name in ("bfloat16", "eager"):
        engine = ENGINES[name]

        def kept(net, images, file, engine=engine):
            seen.append({name: number.clone() for name, number in net.state_dict().items()})
            engine.save(net, images, file)

        monkeypatch.setitem(module.ENGINES, name, replace(engine, save=kept))
        heard_of(Task(replace(CELL, engine=name, batch_size=64), epochs=1))
    first, second = seen
    assert all(first[name].equal(second[name]) for name in first)
    heard_of(Task(replace(CELL, engine="eager", batch_size=64)))
    assert not any(first[name].equal(seen[2][name]) for name in first)  # those of a net that was not trained


def test_a_wrong_engine_fails_its_cell_in_one_line(quick, monkeypatch):
    def doubled(file, build):
        answer = ENGINES["eager"].load(file, build)
        return lambda images: 2 * answer(images)

    monkeypatch.setitem(module.ENGINES, "bfloat16", replace(ENGINES["bfloat16"], load=doubled))
    ((status, reason),) = heard_of(Task(CELL)).of("status")
    assert status == "failed"
    assert "bfloat16 answers wrong: its scores lie 100 % from those of eager float32, and 10 % are allowed" in reason


@pytest.mark.parametrize(("words", "kind"), [("you tried to allocate memory", MemoryError), ("no", RuntimeError)])
def test_memory_that_runs_out_while_it_answers_is_told_by_one_kind_of_error(monkeypatch, words, kind):
    def greedy(task, ready):
        raise RuntimeError(f"DefaultCPUAllocator: {words}")

    monkeypatch.setattr(module, "_answer", greedy)
    with pytest.raises(kind, match=words):
        module._answered(Task(CELL), None)


def test_a_compiler_that_gives_up_fails_its_cell_in_one_line(quick, monkeypatch):
    def broken(file, build):
        def answer(images):
            raise RuntimeError("no such operator\nand much more")

        return answer

    monkeypatch.setitem(module.ENGINES, "compile", replace(ENGINES["compile"], load=broken))
    ((status, reason),) = heard_of(Task(replace(CELL, engine="compile"))).of("status")
    assert status == "failed"
    assert "the engine does not compile: no such operator" in reason
    assert "\n" not in reason


def test_a_profile_is_not_of_answers():
    heard = Heard()
    module.EngineTask(Task(CELL), heard).profile()
    ((warning),) = heard.of("warning")
    assert warning["kind"] == "no profile"


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_each_engine_that_can_here_answers_in_a_process_of_its_own():
    facts = DeviceFacts("cpu", on_host=True)
    able = [name for name in ENGINES if name in ("eager", "freezing", "static_int8") and not why_not(name, facts)]
    with open_executor() as executor:
        for name in able:
            task = Task(replace(CELL, architecture="mlp", engine=name))
            heard = Heard()
            for kind, payload in talk(executor, MEASURE_CELL, task, HANG):
                heard.send(kind, payload)
            assert heard.of("status") == [("ok", None)], name
            assert {*values_of(heard)} == UNTRAINED
