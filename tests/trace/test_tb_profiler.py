"""Reading: torch-tb-profiler used for real, and our own reading where it is not there or fails."""

import sys

import pytest

from bench.trace.events import load
from bench.trace.tb_profiler import read
from tests.trace.handmade import annotation, operator

NO_PLUGIN = dict.fromkeys(("torch_tb_profiler", "torch_tb_profiler.profiler", "torch_tb_profiler.profiler.data"))


@pytest.fixture
def no_plugin(monkeypatch):
    for name in NO_PLUGIN:
        monkeypatch.setitem(sys.modules, name, None)  # to import it raises ImportError


@pytest.mark.parametrize(("name", "distinct"), [("alexnet_train_a100", 16), ("ddp_rank0_v100", 77)])
def test_the_plugin_reads_a_real_trace(real, name, distinct, capsys):
    found = read(load(real(name)))
    assert found["reader"] == "torch-tb-profiler"
    assert len(found["kernels"]) == distinct
    assert found["breakdown"]["total"] == pytest.approx(
        sum(seconds for role, seconds in found["breakdown"].items() if role != "total")
    )
    assert 0 <= found["gpu"]["sm_efficiency"] <= found["gpu"]["utilization"] <= 1
    assert 0 < found["gpu"]["occupancy"] <= 100
    assert found["gpu"]["tensor_cores"] == 0
    assert found["advice"]
    assert not any("<" in advice for advice in found["advice"])
    assert capsys.readouterr() == ("", "")


def test_operators_of_a_gpu_s_trace_have_the_time_of_their_kernels(real):
    found = read(load(real("ddp_rank0_v100")))
    name, calls, host, device = found["operators"][0]
    assert (name, calls) == ("aten::convolution_backward", 265)
    assert device > host > 0
    assert found["gpu"]["utilization"] > 0.9


def test_the_plugin_s_complaints_become_a_note(real):
    assert "ranges on the same thread should not intersect" in read(load(real("ddp_rank0_v100")))["note"]


@pytest.mark.parametrize(("name", "distinct"), [("alexnet_train_a100", 16), ("ddp_rank0_v100", 77)])
def test_without_the_plugin_we_count_the_same_kernels_and_operators(real, name, distinct, no_plugin):
    trace = load(real(name))
    by_hand = read(trace)
    assert by_hand["reader"] == "bench"
    assert "is not there" in by_hand["note"]
    assert len(by_hand["kernels"]) == distinct


def test_both_readers_agree_on_calls_and_seconds(real, monkeypatch):
    trace = load(real("ddp_rank0_v100"))
    plugin = {name: (calls, seconds) for name, calls, seconds, *_ in read(trace)["kernels"]}
    for name in NO_PLUGIN:
        monkeypatch.setitem(sys.modules, name, None)
    own = {name: (calls, pytest.approx(seconds)) for name, calls, seconds, *_ in read(trace)["kernels"]}
    assert plugin == own


def test_a_trace_that_stops_the_plugin_is_read_by_hand(written):
    trace = load(written([operator("aten::add", 0, 10), {**annotation("odd", 0, 5), "name": "ProfilerStep#x"}]))
    found = read(trace)
    assert found["reader"] == "bench"
    assert found["note"].startswith("torch-tb-profiler could not read it (ValueError")
    assert found["operators"] == [["aten::add", 1, pytest.approx(10e-6), 0.0]]


@pytest.mark.parametrize(
    ("kind", "name"), [(0, "cpu"), (1, "cuda:2"), (12, "xpu:2"), (13, "mps:2"), (99, "kind 99:2"), (None, "cpu")]
)
def test_memory_is_that_of_the_device_that_the_trace_names(written, no_plugin, kind, name):
    facts = {"Device Type": kind, "Device Id": 2, "Total Allocated": 7.0}
    event = {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 1, "tid": 1, "ts": 0, "args": facts}
    assert read(load(written([operator("aten::add", 0, 10), event])))["peak_memory"] == {name: 7.0}
