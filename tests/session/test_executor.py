"""Executor: whatever becomes of a worker, its visit becomes a result with what was measured until then."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.plan.cell import Cell
from bench.plan.task import Visit
from bench.process import entries
from bench.process.worker import WorkerError
from bench.session.executor import LocalExecutor, folder_of
from bench.store.result import Measurement
from bench.store.warning import Warning

TASK = Visit(Cell("mlp"), Cell("mlp"), reference_threads=1, generation=2, timeout=7.0)
NOTED = Warning("phases", "contended", 0.5, "the process had 50% of its core")
STEP = Measurement("step", "s", "lower", 0.001, "p25", 2)
PARTS = [
    ("system", {"cpu": "made up"}),
    ("stage", "phases"),
    ("measurements", [STEP.to_dict()]),
    ("blocks", [{"subject": "train"}]),
    ("warning", NOTED.to_dict()),
    ("stage", "epoch 1 of 2"),
    ("training", {"epochs": []}),
    ("measurements", [Measurement("accuracy", "1", "higher", 0.9, "final").to_dict()]),
]


class FakeWorkers:
    """Sends the parts, and then ends as it is told to."""

    def __init__(self, parts, error=None):
        self.parts, self.error, self.asked = parts, error, None

    def talk(self, entry, task, timeout):
        self.asked = (entry, task, timeout)
        yield from self.parts
        if self.error:
            raise self.error


def visited(parts, error=None):
    stages = []
    return LocalExecutor(FakeWorkers(parts, error)).visit(TASK, stages.append), stages


def test_the_worker_is_asked_for_the_visit_within_its_timeout():
    workers = FakeWorkers([("status", ("ok", None))])
    LocalExecutor(workers).visit(TASK, print)
    assert workers.asked == (entries.MEASURE_CELL, TASK, 7.0)


def test_all_parts_become_one_result():
    result, stages = visited([*PARTS, ("status", ("ok", None))])
    assert (result.cell, result.generation, result.status, result.reason) == (TASK.cell, 2, "ok", None)
    assert [one.metric for one in result.measurements] == ["step", "accuracy"]
    assert result.blocks == ({"subject": "train"},)
    assert (result.system, result.training, result.warnings) == ({"cpu": "made up"}, {"epochs": []}, (NOTED,))
    assert stages == ["phases", "epoch 1 of 2"]
    assert result.started.endswith("+00:00")
    assert result.seconds >= 0


@pytest.mark.parametrize("status", ["diverged", "oom", "failed", "skipped"])
def test_what_the_worker_says_of_itself_is_the_status(status):
    result, _ = visited([*PARTS, ("status", (status, "for a reason"))])
    assert (result.status, result.reason) == (status, "for a reason")
    assert len(result.measurements) == 2


@pytest.mark.parametrize("status", ["timeout", "failed", "oom"])
@pytest.mark.parametrize("until", range(len(PARTS) + 1))
def test_what_was_measured_before_the_end_is_kept(status, until):
    result, _ = visited(PARTS[:until], WorkerError(status, "it ended"))
    kept = [kind for kind, _ in PARTS[:until]]
    assert result.status == status
    assert result.reason.startswith("it ended (while measuring: ")
    assert len(result.measurements) == kept.count("measurements")
    assert len(result.blocks) == kept.count("blocks")
    assert (result.training is not None) == ("training" in kept)
    assert bool(result.system) == ("system" in kept)


@pytest.mark.parametrize(("until", "stage"), [(0, "start"), (2, "phases"), (7, "epoch 1 of 2")])
def test_the_reason_says_where_it_ended(until, stage):
    result, _ = visited(PARTS[:until], WorkerError("failed", "it ended"))
    assert result.reason == f"it ended (while measuring: {stage})"


def test_a_worker_that_ended_well_but_said_nothing_has_failed():
    result, _ = visited(PARTS)
    assert result.status == "failed"
    assert result.reason


def test_ctrl_c_passes_through():
    with pytest.raises(KeyboardInterrupt):
        visited(PARTS, KeyboardInterrupt())


def test_what_is_lost_after_the_status_costs_a_warning_and_nothing_else():
    crash = WorkerError("failed", "the worker was ended by SIGSEGV")
    result, _ = visited([*PARTS, ("status", ("ok", None)), ("stage", "profile")], crash)
    assert (result.status, result.reason, result.profile) == ("ok", None, None)
    assert result.warnings == (
        NOTED,
        Warning("profile", "no profile", None, "the worker was ended by SIGSEGV"),
    )
    assert [one.metric for one in result.measurements] == ["step", "accuracy"]


def test_a_profile_and_counts_become_part_of_the_result():
    parts = [("operators", {"forward": {"aten.mm": 3}}), ("status", ("ok", None)), ("profile", {"rows": []})]
    result, _ = visited(parts)
    assert (result.operators, result.profile) == ({"forward": {"aten.mm": 3}}, {"rows": []})


def test_a_cell_that_is_profiled_has_a_folder_of_its_own(tmp_path):
    workers = FakeWorkers([("status", ("ok", None))])
    cell = Cell("mlp", dataset="synthetic:3x32x32")
    LocalExecutor(workers, tmp_path).visit(replace(TASK, cell=cell, profile=True), print)
    folder = Path(workers.asked[1].traces)
    assert folder.parent == tmp_path
    assert re.fullmatch(r"mlp-sgd-synthetic_3x32x32-b64-cpu-t1-[0-9a-f]{8}", folder.name)
    assert folder_of(Cell("mlp")) == Cell("mlp").id
    assert folder_of(Cell("../..")) != folder_of(Cell(".._.."))
    assert "/" not in folder_of(Cell("../../" * 50))
