"""Profile: the pass itself, on real workloads: phases, modules, counts, and the file that it leaves."""

import gzip
import json
import re

import pytest

from bench.measure.profile import profile_cell, profile_metrics
from bench.vocabulary import PHASES

NAME = re.compile(r"(.*?)(\.\d+)?\.pt\.trace\.json\.gz")  # what TensorBoard's plug-in takes for worker and span


CONV1, CONV2 = "0.0 Conv2d", "0.3 Conv2d"  # of lenet5: path and class


@pytest.fixture
def profiled(workload, tmp_path):
    def run(architecture="lenet5", **fields):
        return profile_cell(lambda: workload(architecture, **fields), tmp_path / "traces")

    return run


def test_a_step_is_taken_apart_by_phase_and_module(profiled):
    summary = profiled()
    assert (summary["side"], set(summary["phases"])) == ("host", set(PHASES))
    categories = {
        (phase, module): category for phase, category, operator, module, *_ in summary["rows"] if "conv" in operator
    }
    assert {("forward", CONV1), ("forward", CONV2), ("backward", CONV1), ("backward", CONV2)} <= set(categories)
    assert set(categories.values()) == {"convolution"}
    backward = [row for row in summary["rows"] if row[2] == "aten::convolution_backward"]
    assert sorted((row[3], row[5]) for row in backward) == [(CONV1, 1), (CONV2, 1)]


def test_parts_never_exceed_the_phase_that_they_are_of(profiled):
    summary = profiled("resnet8")
    for phase, seconds in summary["phases"].items():
        assert (
            0 < sum(row[4] for row in summary["rows"] if row[0] == phase) <= seconds * (1 + 1e-9)
            or phase == "zero_grad"
        )
    other = sum(row[4] for row in summary["rows"] if row[1] == "other")
    assert other < 0.05 * sum(row[4] for row in summary["rows"])


def test_the_trace_is_where_and_what_tensorboard_looks_for(profiled, tmp_path):
    summary = profiled("debug")
    path = tmp_path / "traces" / summary["trace"]
    assert [one.name for one in path.parent.iterdir()] == [summary["trace"]]
    assert NAME.fullmatch(path.name)[2]
    assert path.stat().st_size == summary["bytes"]
    document = json.loads(gzip.decompress(path.read_bytes()))
    assert {"profile_memory", "record_shapes", "with_stack"} <= set(document)
    marks = {event["name"] for event in document["traceEvents"] if event.get("cat") == "user_annotation"}
    assert set(PHASES) <= marks
    assert {name for name in marks if name.startswith("nn.Module: ")}


def test_the_plugin_s_reading_comes_along(profiled):
    summary = profiled()["reading"]
    assert summary["reader"] == "torch-tb-profiler"
    assert summary["breakdown"]["total"] > 0
    assert summary["peak_memory"]["cpu"] > 64 * 28 * 28 * 4  # a batch of images at the least


def test_the_hooks_leave_the_model_as_it_was(workload, tmp_path):
    work = workload()
    profile_cell(lambda: work, tmp_path)
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in work.model.modules())


def test_the_overhead_is_of_a_whole_step_without_its_fetch():
    summary = {"phases": {"fetch": 5.0, "forward": 2.0, "backward": 4.0}, "launches": {"forward": 3, "backward": 2.5}}
    overhead, launches = profile_metrics(summary, step_seconds=4.0, threads=1)
    assert (overhead.metric, overhead.value) == ("profiler_overhead", 1.5)
    assert (launches.metric, launches.value, launches.statistic) == (
        "launches_forward",
        3,
        "exact",
    )  # steps disagree on backward


@pytest.mark.slow
def test_a_compiled_step_has_the_names_of_its_fused_kernels(profiled, monkeypatch):
    # another test may have imported Python's own distutils into this process, beside which setuptools refuses its own
    monkeypatch.setenv("SETUPTOOLS_USE_DISTUTILS", "stdlib")
    summary = profiled("debug", mode="compile")
    assert set(summary["phases"]) == set(PHASES)
    assert any("cpp_fused" in row[2] for row in summary["rows"])


def test_a_step_that_evaluates_the_model_several_times_is_taken_apart_too(profiled):
    summary = profiled("debug", optimizer="lbfgs")
    assert set(summary["phases"]) == set(PHASES)
    calls = {
        row[0]: row[5]
        for row in summary["rows"]
        if row[2] in ("aten::mkldnn_convolution", "aten::convolution_backward")
    }
    assert calls["forward"] == calls["backward"] > 1
