"""Collector: whatever becomes of a worker, its task becomes a result with what was measured until then."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process.worker import WorkerError
from bench.session import collector as module
from bench.session.collector import MOST_LOST, Collector, folder_of
from bench.store.result import Measurement
from bench.store.warning import Warning
from tests.process.scripted import Scripted

TASK = Task(Cell("mlp"), repeat=2, timeout=7.0)
NOWHERE = Path("nowhere")
CODE = {"nets.py:Net": "a" * 64}
NOT_STEADY = Warning("phases", "not steady", None, "still warming up")
MEMORY = "memory not known"
STEP = Measurement("step", "s", "lower", 0.001, "p25", 2)
PARTS = [
    ("system", {"cpu": "made up"}),
    ("stage", "phases"),
    ("measurements", [STEP.to_dict()]),
    ("blocks", [{"subject": "train"}]),
    ("warning", NOT_STEADY.to_dict()),
    ("stage", "epoch 1 of 2"),
    ("training", {"epochs": []}),
    ("measurements", [Measurement("accuracy", "1", "higher", 0.9, "final").to_dict()]),
]


class Fake(Scripted):
    """An executor whose only task sends the parts, and then ends as it is told to."""

    slots, nodes = 1, ("nowhere",)

    def __init__(self, parts, error=None):
        super().__init__(parts, error)
        self.asked, self.waits = None, []

    def start(self, entry, task):
        self.asked = (entry, task)
        return self

    def receive(self, timeout):
        self.waits.append(timeout)
        return super().receive(timeout)


def measured(parts, error=None, folder=NOWHERE):
    stages = []
    return Collector(Fake(parts, error), folder, CODE).measure(TASK, stages.append), stages


def test_the_worker_is_asked_for_the_cell_within_its_timeout():
    executor = Fake([("status", ("ok", None))])
    Collector(executor, NOWHERE).measure(TASK, print)
    assert executor.asked == ("bench.worker.cell:measure", TASK)
    assert executor.waits == sorted(executor.waits, reverse=True)
    assert 0 < executor.waits[-1] <= executor.waits[0] <= 7.0


@pytest.mark.parametrize(("digest", "status"), [("a" * 64, "ok"), ("b" * 64, "failed")])
def test_numbers_of_a_file_that_was_edited_meanwhile_are_none_of_the_run(digest, status):
    result, _ = measured([*PARTS, ("code", {"nets.py:Net": digest}), ("status", ("ok", None))])
    assert result.status == status
    assert bool(result.measurements) == (status == "ok")
    assert (result.reason is None) == (status == "ok")
    if status == "failed":
        assert result.reason == "nets.py:Net has changed since the run began: start a new run"


def test_all_parts_become_one_result():
    result, stages = measured([*PARTS, ("status", ("ok", None))])
    assert (result.cell, result.repeat, result.status, result.reason) == (TASK.cell, 2, "ok", None)
    assert [one.metric for one in result.measurements] == ["step", "accuracy"]
    assert result.blocks == ({"subject": "train"},)
    assert (result.system, result.training, result.warnings) == ({"cpu": "made up"}, {"epochs": []}, (NOT_STEADY,))
    assert stages == ["phases", "epoch 1 of 2"]
    assert result.started.endswith("+00:00")
    assert result.seconds >= 0


@pytest.mark.parametrize("status", ["diverged", "oom", "failed", "skipped"])
def test_what_the_worker_says_of_itself_is_the_status(status):
    result, _ = measured([*PARTS, ("status", (status, "for a reason"))])
    assert (result.status, result.reason) == (status, "for a reason")
    assert len(result.measurements) == 2


@pytest.mark.parametrize("status", ["timeout", "failed", "oom"])
@pytest.mark.parametrize("until", range(len(PARTS) + 1))
def test_what_was_measured_before_the_end_is_kept(status, until):
    result, _ = measured(PARTS[:until], WorkerError(status, "it ended"))
    kept = [kind for kind, _ in PARTS[:until]]
    assert result.status == status
    assert result.reason.startswith("it ended (while measuring: ")
    assert len(result.measurements) == kept.count("measurements")
    assert len(result.blocks) == kept.count("blocks")
    assert (result.training is not None) == ("training" in kept)
    assert bool(result.system) == ("system" in kept)


@pytest.mark.parametrize(("until", "stage"), [(0, "start"), (2, "phases"), (7, "epoch 1 of 2")])
def test_the_reason_says_where_it_ended(until, stage):
    result, _ = measured(PARTS[:until], WorkerError("failed", "it ended"))
    assert result.reason == f"it ended (while measuring: {stage})"


def test_a_worker_that_ended_well_but_said_nothing_has_failed():
    result, _ = measured(PARTS)
    assert result.status == "failed"
    assert result.reason


def test_ctrl_c_passes_through():
    with pytest.raises(KeyboardInterrupt):
        measured(PARTS, KeyboardInterrupt())


def test_what_is_lost_after_the_status_costs_a_warning_and_nothing_else():
    crash = WorkerError("failed", "the worker was ended by SIGSEGV")
    result, _ = measured([*PARTS, ("status", ("ok", None)), ("stage", "profile")], crash)
    assert (result.status, result.reason, result.profile) == ("ok", None, None)
    assert result.warnings == (NOT_STEADY, Warning("profile", "no profile", None, "the worker was ended by SIGSEGV"))
    assert [one.metric for one in result.measurements] == ["step", "accuracy"]


def test_a_look_into_the_net_that_is_lost_is_a_warning_and_one_that_came_is_kept():
    crash = WorkerError("timeout", "no answer within 9 s")
    parts = [*PARTS, ("status", ("ok", None)), ("stage", "insight")]
    lost, _ = measured(parts, crash)
    assert (lost.status, lost.insight) == ("ok", None)
    assert lost.warnings == (NOT_STEADY, Warning("insight", "no insight", None, "no answer within 9 s"))
    kept, _ = measured([*parts, ("insight", {"seconds": 1.0}), ("stage", "profile")], crash)
    assert kept.insight == {"seconds": 1.0}
    assert [warning.kind for warning in kept.warnings] == ["not steady", "no profile"]


@pytest.mark.parametrize("sent", [False, True])
def test_so_does_what_a_step_holds_where_it_had_not_come(sent):
    parts = [("status", ("ok", None)), ("stage", "profile"), ("profile", {"rows": []}), ("stage", "memory over a step")]
    result, _ = measured([*parts, *[("memory", {"end": 1.0})] * sent], WorkerError("failed", "it was ended"))
    lost = Warning("profile", "memory not known", None, "it was ended")
    assert (result.status, result.warnings) == ("ok", () if sent else (lost,))
    assert (result.profile, result.memory) == ({"rows": []}, {"end": 1.0} if sent else None)


@pytest.mark.parametrize(("profile", "kinds"), [(False, ["no insight"]), (True, ["no insight", "no profile", MEMORY])])
def test_what_would_have_come_after_a_stage_that_ended_the_worker_is_told_too(profile, kinds):
    task = replace(TASK, insight=True, profile=profile)
    parts = [("status", ("ok", None)), ("stage", "insight")]
    result = Collector(Fake(parts, WorkerError("failed", "it was ended")), NOWHERE, CODE).measure(task, print)
    assert [warning.kind for warning in result.warnings] == kinds


def test_a_profile_and_counts_become_part_of_the_result():
    parts = [("operators", {"forward": {"aten.mm": 3}}), ("status", ("ok", None)), ("profile", {"rows": []})]
    result, _ = measured(parts)
    assert (result.operators, result.profile) == ({"forward": {"aten.mm": 3}}, {"rows": []})


def test_files_come_as_bytes_and_lie_in_the_run_s_folder(tmp_path):
    files = [
        ("file", ("checkpoint", "best.pt", b"early")),
        ("file", ("checkpoint", "best.pt", b"late")),
        ("file", ("trace", "bench_1.pt.trace.json.gz", b"a trace")),
    ]
    cell = Cell("mlp", dataset="synthetic:3x32x32")
    executor = Fake([*files, ("status", ("ok", None))])
    result = Collector(executor, tmp_path).measure(replace(TASK, cell=cell), print)
    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    own = folder_of(cell)
    assert written == {f"checkpoints/{own}.pt": b"late", f"traces/{own}/bench_1.pt.trace.json.gz": b"a trace"}
    assert (result.status, result.warnings) == ("ok", ())


def test_a_name_from_elsewhere_never_leaves_the_folder(tmp_path):
    measured([("file", ("trace", "../../../escaped.json", b"x"))], folder=tmp_path / "run")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path == tmp_path / "run" / "traces" / folder_of(TASK.cell) / "escaped.json"


def test_a_file_that_cannot_be_written_is_one_warning_and_costs_nothing_else(tmp_path):
    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    file = ("file", ("checkpoint", "best.pt", b"weights"))
    result, _ = measured([*PARTS, file, file, ("status", ("ok", None))], folder=tmp_path)
    assert (result.status, len(result.measurements)) == ("ok", 2)
    (warning,) = (warning for warning in result.warnings if warning != NOT_STEADY)
    assert (warning.part, warning.kind, warning.amount) == ("training", "not kept", None)
    assert warning.text.startswith("the checkpoint is lost: cannot write")
    assert "leave out --checkpoint" in warning.text


def test_a_cell_s_folder_bears_its_id_as_far_as_a_folder_can():
    odd = folder_of(Cell("mlp", dataset="synthetic:3x32x32"))
    assert re.fullmatch(r"mlp-sgd-synthetic_3x32x32-b64-cpu-t1-[0-9a-f]{8}", odd)
    assert folder_of(Cell("mlp")) == Cell("mlp").id
    assert folder_of(Cell("../..")) != folder_of(Cell(".._.."))
    assert "/" not in folder_of(Cell("../../" * 50))


class Several(Fake):
    """An executor whose tasks each have their own parts and error."""

    def __init__(self, *scripts):
        super().__init__([])
        self.scripts = list(scripts)

    def start(self, entry, task):
        parts, self.error = self.scripts.pop(0)
        self.parts = list(parts)
        return self


LOST = WorkerError("failed", "its server ended", outside=True)


def test_what_something_else_may_have_ended_is_measured_again_once():
    well = [*PARTS, ("status", ("ok", None))]
    result = Collector(Several((PARTS[:3], LOST), (well, None)), NOWHERE).measure(TASK, print)
    assert (result.status, len(result.measurements)) == ("ok", 2)
    result = Collector(Several((PARTS, LOST), (PARTS[:3], LOST)), NOWHERE).measure(TASK, print)
    assert (result.status, len(result.measurements)) == ("failed", 1)
    assert result.reason == "its server ended (while measuring: phases)"
    result = Collector(Several((well, LOST)), NOWHERE).measure(TASK, print)
    assert (result.status, result.warnings) == ("ok", (NOT_STEADY,))


GONE = WorkerError("failed", "node box vanished", outside=True, lost="box")
ON_BOX, ON_OTHER = ("node", "box"), ("node", "other")


def test_a_repeat_whose_node_vanished_begins_anew_and_is_of_one_node():
    well = [ON_OTHER, *PARTS[:3], ("status", ("ok", None))]
    result = Collector(Several(([ON_BOX, *PARTS], GONE), (well, None)), NOWHERE).measure(TASK, print)
    assert (result.status, result.system["node"], len(result.measurements)) == ("ok", "other", 1)
    assert [(warning.kind, warning.amount) for warning in result.warnings] == [("node lost", 1.0)]


def test_nodes_that_vanish_take_no_turn_from_a_worker_that_something_killed():
    well = [ON_OTHER, *PARTS, ("status", ("ok", None))]
    scripts = [([ON_BOX], GONE), ([ON_BOX], LOST), ([ON_BOX], GONE), (well, None)]
    result = Collector(Several(*scripts), NOWHERE).measure(TASK, print)
    assert result.status == "ok"
    scripts = [([ON_BOX], GONE)] * MOST_LOST
    result = Collector(Several(*scripts), NOWHERE).measure(TASK, print)
    assert (result.status, result.system) == ("failed", {})


def test_the_wait_for_a_node_is_no_part_of_the_process(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow(Fake):
        def start(self, entry, task):
            now[0] += 1000.0
            return super().start(entry, task)

        def receive(self, timeout):
            now[0] += 1.0
            return super().receive(timeout)

    result = Collector(Slow([ON_BOX, *PARTS, ("status", ("ok", None))]), NOWHERE).measure(TASK, print)
    assert result.seconds == len(PARTS) + 2  # the status, and that there is no more
    assert Collector(Slow([("status", ("ok", None))]), NOWHERE).measure(TASK, print).seconds == 1002


def test_processes_that_were_left_are_a_warning():
    result, _ = measured([*PARTS, ("status", ("ok", None)), ("left", 2)])
    warning = result.warnings[-1]
    assert (warning.part, warning.kind, warning.amount) == ("timing", "left running", 2.0)
    assert "2 processes" in warning.text


def test_a_reason_is_no_longer_than_a_person_reads():
    result, _ = measured([("status", ("failed", "x" * 5_000_000))])
    assert len(result.reason) == 500


def test_no_profile_is_missed_that_was_not_asked_for():
    result, _ = measured([*PARTS, ("status", ("ok", None))], WorkerError("timeout", "no end in time"))
    assert result.warnings == (NOT_STEADY,)
