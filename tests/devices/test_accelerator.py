"""Accelerator: the class of CUDA, ROCm and XPU on a GPU that is pretended: what it asks of torch, in which order."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.devices import accelerator as module
from bench.devices import available, device_in_use, is_out_of_memory, open_device, random_numbers_kept, unsupported_on
from bench.devices.interface import EAGER_FIRST
from bench.measure import blocks
from bench.measure.blocks import run_block, run_untimed
from bench.measure.costs import measure_memory
from bench.measure.noise import of_marks
from bench.measure.reference import references
from bench.measure.speed import MARKED, measure_copy, measure_inference, measure_phases, measure_relative
from bench.plan.cell import Cell
from bench.vocabulary import PHASES
from tests.devices.pretended import OnHost


def test_events_are_made_before_the_block_and_used_again(pretended):
    device = open_device("cuda")
    for first in (True, False):
        with pretended.logged() as log:
            block = run_block("train", device, lambda mark: (mark(), mark()), 3, marks=2)
        made, timed = log[: log.index("synchronize")], log[log.index("synchronize") :]
        assert made == ["ask for the stream", *(["make"] * 7 if first else [])]
        assert timed == ["synchronize", *["record"] * 7, "synchronize"]
        assert block.intervals.shape == (3, 2)
        assert 0 <= block.launched <= block.wall


def test_more_marks_than_were_foreseen_get_events_of_their_own(pretended):
    clock = open_device("cuda").clock(1)
    for _ in range(3):
        clock.mark()
    assert len(clock.seconds()) == 2


def test_a_device_that_is_queued_for_is_waited_for_seldom(pretended, monkeypatch):
    """The first step by itself tells how long one takes; as many follow at once as last a hundredth of a second."""
    device, steps_made = open_device("cuda"), []
    monkeypatch.setattr(blocks, "time", SimpleNamespace(perf_counter=lambda: len(steps_made) / 2**13))
    with pretended.logged() as log:
        steps = run_untimed(device, steps_made.append, 0.1)
    assert steps == len(steps_made) == 1 + 11 * 81
    assert log.count("synchronize") == 1 + 11


def test_the_step_is_timed_with_no_mark_within_and_its_phases_apart(pretended, workload, quick):
    work = workload(device=open_device("cuda"))
    timed, measurements, _ = measure_phases(work, 3, 1)
    assert [block.subject for block in timed] == ["train", MARKED] * 3
    assert {block.intervals.shape[1] for block in timed if block.subject == "train"} == {3}
    found = {one.metric: one for one in measurements}
    assert found.keys() >= {*PHASES, "step", "mark_overhead", "launching"}
    assert [one.metric for one in measurements].count("fetch") == 1
    assert found["mark_overhead"].value > -1
    assert 0 < found["launching"].value <= found["step_wall"].value * 1.01


def test_the_cost_of_marks_is_said_where_it_counts():
    assert of_marks("phases", 0.02) == []
    (warning,) = of_marks("phases", 0.1)
    assert (warning.kind, warning.amount) == ("costly marks", 0.1)


def test_the_relative_cost_is_of_steps_without_marks_within(pretended, workload, quick):
    import random

    work = workload(device=open_device("cuda"))
    blocks, measurements, _ = measure_relative(work, references(torch.device("cpu")), 2, random.Random(0), 1)
    assert {block.intervals.shape[1] for block in blocks if block.subject == "cell"} == {3}
    assert {one.metric for one in measurements} >= {"relative_cost", "launch_cost"}


def trained(work, steps):
    """The losses of so many updates by the batches that the workload draws."""
    return [float(work.update(*work.next_batch())) for _ in range(steps)]


def test_a_captured_step_trains_as_one_that_is_not(pretended, workload):
    """From the weights of its seed, on the same batches: what makes the graph is part of the training."""
    eager, captured = (
        workload(optimizer="sgd", device=open_device("cuda"), mode=mode) for mode in ("eager", "cuda_graph")
    )
    for mine, other in zip(eager.model.parameters(), captured.model.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert trained(eager, 8) == trained(captured, 8)
    assert captured.device.recorded == 1


def test_a_step_is_carried_out_a_few_times_then_recorded_then_replayed(pretended):
    device, calls = open_device("cuda"), []
    step = device.capture(lambda: calls.append(1))
    with pretended.logged() as log:
        for _ in range(EAGER_FIRST):
            step()
    beside = ["ask for the stream", "own waits for default", "enter own", "leave own", "default waits for own"]
    assert log == beside * EAGER_FIRST
    assert (len(calls), device.recorded) == (EAGER_FIRST, 0)
    step()
    step()
    assert (len(calls), device.recorded) == (EAGER_FIRST + 2, 1)


def test_a_graph_is_recorded_in_the_stream_of_the_first_steps(pretended, monkeypatch):
    class Graph:
        def __enter__(self):
            pretended.log.append("begin")

        def __exit__(self, *_):
            pretended.log.append("end")

        def replay(self):
            pretended.log.append("replay")

    monkeypatch.setattr(torch.accelerator, "Graph", Graph, raising=False)
    device = open_device("cuda")
    with pretended.logged() as log:
        replay = OnHost.really_records(device, lambda: log.append("step"), torch.Stream(None))
        replay()
    assert log == ["enter own", "begin", "step", "end", "leave own", "replay"]


def test_the_metrics_of_a_captured_step(pretended, workload, quick):
    work = workload(optimizer="sgd", device=open_device("cuda"), mode="cuda_graph")
    timed, measurements, _ = measure_phases(work, 2, 1)
    assert [block.subject for block in timed] == ["train"] * 2
    metrics = {one.metric for one in measurements}
    assert metrics >= {"step", "fetch", "launching"}
    assert not metrics & {"forward", "mark_overhead"}
    _, inferred, _ = measure_inference(work, 1)
    assert {one.metric for one in inferred} == {"inference", "inference_throughput"}
    assert work.device.recorded == 2


def test_the_peak_is_above_what_was_in_use_and_absent_where_nothing_counts(pretended, workload):
    work = workload(device=open_device("cuda"))
    pretended.used, pretended.peak = 100, 350
    assert {one.metric: (one.value, one.statistic) for one in measure_memory(work)} == {
        "peak_memory": (250.0, "exact"),
        "peak_memory_reserved": (500.0, "maximum"),
    }
    pretended.used = pretended.peak = 0
    assert measure_memory(work) == []


def test_a_new_order_of_images_is_copied_without_waiting(pretended, workload, monkeypatch):
    asked = []
    copied = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, *to, **how: asked.append(how) or copied(tensor, *to, **how))
    work = workload(device=open_device("cuda"), images=64)
    with pretended.logged() as log:
        next(work._batches)
    assert "synchronize" not in log
    assert asked[-1] == {"non_blocking": True}


def test_the_copy_of_a_batch_is_timed(pretended, workload, quick):
    (copied,) = measure_copy(workload(device=open_device("cuda")))
    assert copied.metric == "copy"


@pytest.mark.parametrize(
    ("capability", "refused"),
    [
        ((7, 5), {"bfloat16": "emulation", "tf32": "compute capability 8.0"}),
        ((8, 6), {}),
        ((9, 0), {}),
        ((12, 0), {}),
        ((6, 1), {"eager": "no kernels"}),
    ],
)
def test_what_a_gpu_cannot_do_follows_from_its_capability(pretended, monkeypatch, capability, refused):
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    monkeypatch.setattr(module.shutil, "which", lambda name: name)
    pretended.capability = capability
    unsupported = available()["cuda:0"].unsupported
    assert "ieee or tf32" in unsupported["bf16"]
    assert unsupported.keys() >= refused.keys()
    for what, words in refused.items():
        assert words in unsupported[what]
    if not refused:
        assert unsupported.keys() == {"bf16"}


@pytest.mark.parametrize(("lacking", "words"), [("triton", "needs Triton"), ("compiler", "needs a C compiler")])
def test_compiling_is_left_out_where_something_is_missing_for_it(pretended, monkeypatch, lacking, words):
    monkeypatch.setattr(module, "find_spec", lambda name: None if lacking == "triton" else object())
    monkeypatch.setattr(module.shutil, "which", lambda name: None if lacking == "compiler" else name)
    reason = unsupported_on(Cell("mlp", device="cuda", mode="compile"))
    assert words in reason


def test_a_library_that_torch_refuses_to_tell_of_leaves_the_other_facts(pretended, monkeypatch):
    def refuse():
        raise RuntimeError("cuDNN is too new for the old card beside it")

    monkeypatch.setattr(torch.backends.cudnn, "version", refuse)
    facts = open_device("cuda").describe()
    assert (facts["gpu"], facts["gpu_pci"], facts["gpu_uuid"]) == ("Pretended 100", "00000000:04:00.0", "1234")
    assert "cudnn" not in facts
    assert facts["gpu_float32"].keys() == {"products", "convolutions"}


def test_where_memory_was_held_is_the_device_in_use(pretended):
    pretended.peak = 7
    assert device_in_use().name == "cuda:0"
    pretended.initialized = False
    assert device_in_use().name == "cpu"


@pytest.mark.parametrize(("free", "expected"), [(2**20, True), (2**30, False)])
def test_a_library_at_a_loss_on_a_full_device_has_no_memory(pretended, free, expected):
    pretended.free = free
    error = RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR")
    assert is_out_of_memory(error) is expected


def test_random_numbers_and_the_current_device_are_the_caller_s_own_again(monkeypatch):
    kept = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_device_index", lambda: 1)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 3)
    monkeypatch.setattr(torch.accelerator, "set_device_index", kept.append)
    monkeypatch.setattr(torch.random, "fork_rng", lambda **how: kept.append(how) or np.errstate())
    with random_numbers_kept("cuda:2"):
        pass
    assert kept == [{"devices": range(3), "device_type": "cuda"}, 1]
