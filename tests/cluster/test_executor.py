"""The executor of a cluster: who may be measured on, what is told of a node that vanished, and that none is kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cluster import executor as module
from bench.cluster.executor import RayExecutor, gpus_of, open_cluster, survey
from bench.cluster.nodes import RESOURCE, software
from bench.cluster.on_node import ENDED
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.task import HandedTask, Task
from bench.process.executor import talk
from bench.process.worker import WorkerError
from bench.session.collector import Collector
from tests.cluster.fakes import CRASH, HANG, FakeGateway

PLAN = Plan(architectures=("mlp",), executor="ray")
TASK = Task(Cell("mlp"))
WELL = [("system", {"cpu": "made up"}), ("stage", "phases"), ("status", ("ok", None))]


def opened(gateway, plan=PLAN):
    nodes, problems = survey(gateway, plan)
    return RayExecutor(gateway, plan, nodes, problems)


def sent(executor, task=TASK):
    return list(talk(executor, "room:measure", task, 5.0))


def test_there_are_as_many_slots_as_nodes_and_each_has_a_name():
    executor = opened(FakeGateway())
    assert (executor.slots, executor.nodes, executor.problems) == (2, ("host-a1", "host-b2"), ())


def test_the_name_of_the_node_comes_before_what_the_worker_sends():
    gateway = FakeGateway(scripts=[WELL])
    assert sent(opened(gateway)) == [("node", "host-a1"), *WELL]
    ((_, order, gpus, parts),) = gateway.begun
    assert (order.entry, order.task, order.round, gpus) == ("room:measure", TASK, 0, 0)
    assert parts.cancelled == 0


def test_a_node_takes_the_next_task_once_it_has_ended_the_one_before():
    gateway = FakeGateway({"a1": {RESOURCE: 1.0}}, scripts=[WELL, [("stage", "phases"), HANG], WELL])
    executor = opened(gateway)
    sent(executor)
    with pytest.raises(WorkerError) as error:
        sent(executor)
    assert (error.value.status, error.value.outside) == ("timeout", False)
    assert gateway.begun[-1][-1].cancelled == 1  # and what hung there has ended
    assert sent(executor)[-1] == WELL[-1]


def test_a_round_later_the_nodes_renew_their_servers():
    gateway = FakeGateway(scripts=[WELL, WELL])
    executor = opened(gateway)
    sent(executor)
    executor.renew()
    sent(executor)
    assert [order.round for _, order, *_ in gateway.begun] == [0, 1]


def test_to_prepare_warms_every_node():
    gateway = FakeGateway()
    opened(gateway, replace(PLAN, devices=("cpu",))).prepare()
    assert gateway.warmed == [("host-a1", "", 0), ("host-b2", "", 0)]


def test_the_threads_that_ray_sets_are_no_worker_s(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    gateway = FakeGateway(scripts=[WELL, WELL])
    executor = opened(gateway)
    sent(executor)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    sent(executor)
    assert [order.environment["OMP_NUM_THREADS"] for _, order, *_ in gateway.begun] == ["", "2"]


def test_how_a_worker_ended_on_its_node_is_raised_here():
    gateway = FakeGateway(scripts=[[(ENDED, ("oom", "no memory", True))]])
    with pytest.raises(WorkerError) as error:
        sent(opened(gateway))
    assert (error.value.status, error.value.reason, error.value.outside) == ("oom", "no memory", True)


def test_a_process_of_ray_that_ended_is_no_fault_of_its_node():
    gateway = FakeGateway(scripts=[[CRASH]])
    with pytest.raises(WorkerError, match="Ray's process on node host-a1 ended") as error:
        sent(opened(gateway))
    assert (error.value.outside, error.value.lost) == (True, "")


def test_a_cell_whose_node_vanished_is_measured_anew_on_another_and_says_so():
    gateway = FakeGateway(scripts=[[*WELL[:2], CRASH], WELL])
    gateway.gone = {"a1"}
    executor, stages = opened(gateway), []
    result = Collector(executor, Path("nowhere")).measure(TASK, stages.append)
    assert (result.status, result.system) == ("ok", {"cpu": "made up", "node": "host-b2"})
    assert stages == ["phases on host-a1", "phases on host-b2"]
    (warning,) = result.warnings
    assert (warning.kind, warning.amount) == ("node lost", 1.0)
    assert "host-a1 vanished" in warning.text
    assert [name for name, *_ in gateway.begun] == ["host-a1", "host-b2"]


def test_a_cell_that_takes_node_after_node_along_fails_before_it_has_taken_all():
    nodes = {f"{number}": {RESOURCE: 1.0} for number in range(5)}
    gateway = FakeGateway(nodes, scripts=[[*WELL[:2], CRASH]] * 5)
    gateway.gone = set(nodes)
    result = Collector(opened(gateway), Path("nowhere")).measure(TASK, print)
    assert (result.status, len(gateway.begun)) == ("failed", 3)
    assert "vanished" in result.reason
    assert [warning.amount for warning in result.warnings] == [3.0]


def test_the_last_node_that_vanishes_ends_the_run_with_one_line():
    gateway = FakeGateway({"a1": {RESOURCE: 1.0}}, scripts=[[CRASH]])
    gateway.gone = {"a1"}
    with pytest.raises(BenchError, match=r"no node is left of the cluster: host-a1 vanished.*--resume") as error:
        Collector(opened(gateway), Path("nowhere")).measure(TASK, print)
    assert error.value.exit_code == 2


def test_what_cannot_be_begun_gives_its_node_back(monkeypatch):
    gateway = FakeGateway({"a1": {RESOURCE: 1.0}}, scripts=[[], WELL])
    executor = opened(gateway)
    monkeypatch.setattr(gateway, "begin", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        executor.start("room:measure", TASK)
    monkeypatch.undo()
    executor.start("room:measure", TASK).__exit__()
    assert sent(executor)[-1] == WELL[-1]


def test_all_repeats_of_a_configuration_go_to_like_machines():
    facts = {"b2": {"cpu": "other"}, "d4": {"cpu": "other"}}
    nodes = {name: {RESOURCE: 1.0} for name in ("a1", "b2", "c3", "d4")}
    gateway = FakeGateway(nodes, facts, scripts=[WELL] * 40)
    executor = opened(gateway)
    assert "unlike" in executor.problems[0]
    used = {}
    for repeat in range(4):
        for name in ("mlp", "lenet5", "vgg4"):
            for seed in (0, 1):
                task = Task(Cell(name, seed=seed), repeat=repeat)
                held = executor.start("other:task", None)  # so that not always the first is free
                node = sent(executor, HandedTask({}, "room:measure", task) if seed else task)[0][1]
                held.__exit__()
                used.setdefault(name, set()).add(gateway.facts.get(node[-2:], {}).get("cpu", "Xeon"))
    assert all(len(kinds) == 1 for kinds in used.values())


def test_several_ranks_go_where_the_single_one_went():
    gateway = FakeGateway({"a1": {RESOURCE: 1.0}, "b2": {RESOURCE: 1.0}}, {"b2": {"cpu": "other"}}, [WELL] * 2)
    executor = opened(gateway, Plan(world_sizes=(1, 2)))
    held = executor.start("room:measure", Task(Cell("mlp"), repeat=0))
    held.__exit__()
    executor.start("room:measure", Task(Cell("mlp", batch_size=128, world_size=2), repeat=0))
    assert len({name for name, *_ in gateway.begun}) == 1


def test_to_close_ends_what_still_runs_and_leaves():
    gateway = FakeGateway(scripts=[WELL])
    executor = opened(gateway)
    executor.start("room:measure", TASK)
    executor.close()
    assert (gateway.begun[0][-1].cancelled, gateway.closed) == (1, 1)


@pytest.mark.parametrize(
    ("devices", "gpus"), [(("cpu",), 0), (("cuda",), 1), (("cpu", "cuda:0", "cuda:3"), 4), (("cuda:x",), 0)]
)
def test_a_node_needs_the_gpus_up_to_the_last_that_is_named(devices, gpus):
    assert gpus_of(Plan(devices=devices)) == gpus
    assert gpus_of(Plan(devices=devices, world_sizes=(1, 3))) == (gpus + 2 if gpus else 0)


@pytest.mark.parametrize(
    ("nodes", "plan", "words"),
    [
        ({"a1": {"CPU": 8.0}}, PLAN, r"no node of the cluster at auto offers bench_node: .*\{\"bench_node\": 1\}"),
        ({"a1": {RESOURCE: 4.0}}, PLAN, "node a1 offers 4 bench_node: cells would share it"),
        ({"a1": {RESOURCE: 1.0, "GPU": 1.0}}, Plan(devices=("cuda:1",)), "no node .* has 2 GPUs"),
    ],
)
def test_a_cluster_without_a_node_to_measure_on_is_refused(nodes, plan, words):
    with pytest.raises(BenchError, match=words) as error:
        survey(FakeGateway(nodes), plan)
    assert error.value.exit_code == 2


def test_another_version_on_a_node_is_refused():
    facts = {"b2": {"software": {**software(), "torch": "1.0"}}}
    with pytest.raises(BenchError, match=r"node host-b2 has torch 1\.0"):
        survey(FakeGateway(facts=facts), PLAN)


def test_nodes_without_the_gpus_are_left_out_and_counted():
    nodes = {"a1": {RESOURCE: 1.0}, "b2": {RESOURCE: 1.0, "GPU": 2.0}}
    executor = opened(FakeGateway(nodes), Plan(devices=("cuda",)))
    assert executor.nodes == ("host-b2",)
    assert executor.problems == ("1 node left out for want of 1 GPU",)


def test_a_cluster_that_cannot_be_used_is_left_again(monkeypatch):
    gateway = FakeGateway({"a1": {"CPU": 8.0}})
    monkeypatch.setattr(module, "Gateway", lambda address: gateway)
    with pytest.raises(BenchError, match="offers bench_node"):
        open_cluster(PLAN)
    assert gateway.closed == 1


def test_data_is_downloaded_before_not_onto_one_node_of_many():
    with pytest.raises(BenchError, match="--executor local before"):
        open_cluster(Plan(download=True))
