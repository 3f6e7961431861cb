"""The table of a trace: torch-tb-profiler used for real, and our own reading where it is not there or fails."""

import logging
import sys

import pytest

from bench.trace.events import load
from bench.trace.tb_profiler import read
from tests.trace import gpu
from tests.trace.handmade import annotation, operator

# to import any of them raises ImportError where it is None
NO_PLUGIN = ("torch_tb_profiler", "torch_tb_profiler.profiler", "torch_tb_profiler.profiler.data")


@pytest.fixture
def without_plugin(monkeypatch):
    for name in NO_PLUGIN:
        monkeypatch.setitem(sys.modules, name, None)


def test_the_plugin_reads_a_training_on_a_gpu(training, capsys):
    summed = read(training)
    check_reading(summed)
    assert set(summed["breakdown"]) == {"kernel", "memcpy", "memset", "runtime", "operators", "other", "total"}
    seconds = [host + device for _, _, host, device in summed["operators"]]
    assert seconds == sorted(seconds, reverse=True)
    assert len(summed["kernels"]) == len({work.name for work in gpu.KERNELS})
    name, calls, seconds, blocks, occupancy, tensor = summed["kernels"][0]
    assert (name, calls, blocks, occupancy, tensor) == ("sm80_dgrad_implicit_gemm", 3, 4.0, 50.0, False)
    assert seconds == pytest.approx(3 * 40e-6)
    assert summed["gpu"]["occupancy"] == 50
    assert summed["peak_memory"] == {"cuda:0": 2**20, "cpu": 1024}
    assert capsys.readouterr() == ("", "")


def test_operators_of_a_gpu_have_the_time_of_their_kernels(training):
    operators = {name: (calls, device) for name, calls, _, device in read(training)["operators"]}
    assert operators["aten::conv2d"] == (3, pytest.approx(3 * 30e-6))
    assert operators["aten::addmm"] == (3, pytest.approx(3 * 15e-6))


def test_kernels_that_do_not_say_how_they_fill_the_device_have_no_efficiency(written):
    bare = [{**event, "args": {**event["args"]}} if "args" in event else event for event in gpu.training()]
    for event in bare:
        for fact in ("blocks per SM", "est. achieved occupancy %"):
            event.get("args", {}).pop(fact, None)
    summed = read(load(written(bare, **gpu.properties())))
    assert set(summed["gpu"]) == {"utilization", "tensor_cores"}


def test_a_trace_of_a_cpu_has_neither_kernels_nor_figures_of_a_gpu(written):
    summed = read(load(written([annotation("ProfilerStep#1", 0, 50), operator("aten::add", 5, 10)])))
    assert summed["reader"] == "torch-tb-profiler"
    assert summed["operators"] == [["aten::add", 1, pytest.approx(10e-6), 0.0]]
    assert not {"kernels", "gpu", "peak_memory", "note"} & set(summed)


def test_the_plugin_s_complaints_become_a_note(training):
    assert read(training)["note"].endswith("to any operator (3 times)")  # the synchronizations


def test_without_the_plugin_we_count_the_same_kernels_and_memory(training, monkeypatch):
    check_both_readers(training, monkeypatch)


def check_both_readers(trace, monkeypatch):
    by_plugin = read(trace)
    for name in NO_PLUGIN:
        monkeypatch.setitem(sys.modules, name, None)
    by_hand = read(trace)
    assert (by_plugin["reader"], by_hand["reader"]) == ("torch-tb-profiler", "bench")
    assert "is not there" in by_hand["note"]
    kernels = {name: (calls, pytest.approx(seconds)) for name, calls, seconds, *_ in by_hand["kernels"]}
    assert kernels == {name: (calls, seconds) for name, calls, seconds, *_ in by_plugin["kernels"]}
    assert by_hand.get("peak_memory") == by_plugin.get("peak_memory")


def check_reading(summed):
    assert summed["reader"] == "torch-tb-profiler"
    roles = sum(seconds for role, seconds in summed["breakdown"].items() if role != "total")
    assert summed["breakdown"]["total"] == pytest.approx(roles)
    assert 0 <= summed["gpu"]["sm_efficiency"] <= summed["gpu"]["utilization"] <= 1
    assert 0 < summed["gpu"]["occupancy"] <= 100
    assert summed["advice"]
    assert not any("<" in advice for advice in summed["advice"])


def test_the_plugin_reads_a_real_trace(real, capsys):
    check_reading(read(real))
    assert capsys.readouterr() == ("", "")


def test_both_readers_agree_on_a_real_trace(real, monkeypatch):
    check_both_readers(real, monkeypatch)


@pytest.mark.parametrize(("name", "distinct"), [("alexnet_train_a100", 16), ("ddp_rank0_v100", 77)])
def test_a_real_trace_has_as_many_kernels_as_are_known(named, name, distinct):
    summed = read(named(name))
    assert len(summed["kernels"]) == distinct
    assert summed["gpu"]["tensor_cores"] == 0


def test_what_is_known_of_a_real_training_is_read(named):
    summed = read(named("ddp_rank0_v100"))
    name, calls, host, device = summed["operators"][0]
    assert (name, calls) == ("aten::convolution_backward", 265)
    assert device > host > 0
    assert summed["gpu"]["utilization"] > 0.9
    assert "ranges on the same thread should not intersect" in summed["note"]


def test_a_trace_that_stops_the_plugin_is_read_by_hand(written):
    trace = load(written([operator("aten::add", 0, 10), {**annotation("odd", 0, 5), "name": "ProfilerStep#x"}]))
    found = read(trace)
    assert found["reader"] == "bench"
    assert found["note"].startswith("torch-tb-profiler could not read it (ValueError")
    assert found["operators"] == [["aten::add", 1, pytest.approx(10e-6), 0.0]]


def test_what_the_plugin_prints_and_logs_becomes_a_note_alone(training, monkeypatch, capsys, caplog):
    from torch_tb_profiler.profiler.data import RunProfileData

    reading, logger = RunProfileData.from_json, logging.getLogger("pytorch_profiler")

    def noisy(*arguments):
        sys.stdout.write("odd range 17\n")
        logger.warning("odd thread 4")
        return reading(*arguments)

    monkeypatch.setattr(RunProfileData, "from_json", noisy)
    note = read(training)["note"]
    assert "odd range #" in note
    assert "odd thread #" in note
    assert capsys.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name == logger.name]
    assert logger.propagate


def test_without_the_plugin_operators_come_by_their_own_time(training, without_plugin):
    seconds = [host for _, _, host, _ in read(training)["operators"]]
    assert seconds == sorted(seconds, reverse=True)
    assert len(set(seconds)) > 1


@pytest.mark.parametrize(
    ("kind", "name"), [(0, "cpu"), (1, "cuda:2"), (12, "xpu:2"), (13, "mps:2"), (99, "kind 99:2"), (None, "cpu")]
)
def test_memory_is_that_of_the_device_that_the_trace_names(written, without_plugin, kind, name):
    facts = {"Device Type": kind, "Device Id": 2, "Total Allocated": 7.0}
    event = {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 1, "tid": 1, "ts": 0, "args": facts}
    assert read(load(written([operator("aten::add", 0, 10), event])))["peak_memory"] == {name: 7.0}
