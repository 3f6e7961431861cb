"""A run of two machines against a baseline of such runs: times by machine, what was learnt once."""

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.regression.check import CheckRules, check
from bench.store import baseline
from bench.store.result import Result
from bench.store.summary import summaries
from tests.store.planted import measured, recorded

COSTS = {"xeon": 1.0, "epyc": 2.0}  # logarithms
LEARNT = (0.980, 0.982, 0.981)
PLAN = Plan(architectures=("lenet5",), epochs=3)


@pytest.fixture
def record(tmp_path):
    """Writes a run of lenet5 with three seeds on each of the hosts; `more` is added to the logarithm of a cost."""
    number = iter(range(100))

    def write(hosts=tuple(COSTS), more=None, learnt=LEARNT, noise=0.0):
        at = next(number)
        results = [
            measured(
                Cell("lenet5", threads=2, seed=seed),
                host,
                step=0.004,
                relative_cost=float(np.exp(COSTS[host] + (more or {}).get(host, 0.0) + noise)),
                parameters=61706.0,
                accuracy=accuracy,
            )
            for host in hosts
            for seed, accuracy in enumerate(learnt)
        ]
        return recorded(tmp_path, f"run{at}", results, plan=PLAN, started=f"2026-01-01T00:00:{at:02}+00:00")

    return write


@pytest.fixture
def accepted(record, tmp_path):
    random = np.random.default_rng(5)
    for _ in range(8):
        baseline.save("main", summaries(record(noise=random.normal(0, 0.02))), tmp_path / "baselines")
    return baseline.load("main", tmp_path / "baselines")


def costs(checked):
    return {verdict.reason[:12]: verdict for verdict in checked.decision.verdicts if verdict.metric == "relative_cost"}


def test_what_stood_still_is_unchanged_on_each_machine_and_learnt_once(record, accepted):
    checked = check(record(), accepted, CheckRules())
    assert {name.split()[1]: verdict.verdict for name, verdict in costs(checked).items()} == {
        "Xeon": "unchanged",
        "EPYC": "unchanged",
    }
    metrics = [verdict.metric for verdict in checked.decision.verdicts]
    assert metrics.count("accuracy") == 1
    assert checked.suspects == {}


def test_a_rise_on_one_machine_is_a_suspect_of_that_machine_alone(record, accepted):
    checked = check(record(more={"epyc": 0.3}), accepted, CheckRules())
    suspects = [verdict.reason for verdict in checked.decision.verdicts if verdict.suspect]
    assert len(suspects) == 1
    assert suspects[0].startswith("on EPYC 7B13: suspect: ")
    assert checked.suspects == {}  # this machine cannot clear what was slow on another
    assert any("not measured again" in note and "lenet5" in note for note in checked.decision.notes)


def test_a_rise_that_the_average_would_hide_is_seen(record, accepted):
    """Faster on one machine by as much as slower on the other."""
    checked = check(record(more={"epyc": 0.3, "xeon": -0.3}), accepted, CheckRules())
    assert [verdict.reason[:7] for verdict in checked.decision.verdicts if verdict.suspect] == ["on EPYC"]


def test_a_fall_of_accuracy_is_trained_again_once(record, accepted):
    checked = check(record(learnt=(0.90, 0.902, 0.901)), accepted, CheckRules())
    assert [learnt.new.id for learnt in checked.falls] == ["lenet5-sgd-mnist-b64-cpu-t2"]


def test_one_machine_of_the_baseline_is_judged_by_its_own_readings(record, accepted):
    checked = check(record(hosts=("epyc",)), accepted, CheckRules())
    (cost,) = (verdict for verdict in checked.decision.verdicts if verdict.metric == "relative_cost")
    assert (cost.verdict, cost.before) == ("unchanged", pytest.approx(np.exp(2.0), rel=0.05))
    assert not any(verdict.verdict == "missing" for verdict in checked.decision.verdicts)


def test_a_cell_that_told_no_system_makes_no_machine_of_its_own(record, accepted):
    run = record(hosts=("xeon",))
    run.append(Result(Cell("vgg4"), "timeout", "it took too long"))
    checked = check(run, accepted, CheckRules())
    assert {verdict.cell.partition("-")[0] for verdict in checked.decision.verdicts} == {"lenet5", "vgg4"}
    assert not any(verdict.reason.startswith("on ") for verdict in checked.decision.verdicts)


def test_a_suspect_beside_such_a_cell_is_still_measured_again(record, accepted):
    run = record(hosts=("xeon",), more={"xeon": 0.3})
    run.append(Result(Cell("vgg4"), "skipped", "not here"))
    assert [*check(run, accepted, CheckRules()).suspects] == ["lenet5-sgd-mnist-b64-cpu-t2"]
