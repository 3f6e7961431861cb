"""Traces explained: what a step is made of, and the difference of two, in shares that add up to all of it."""

import json

import pytest

from bench.explain.traces import explain_traces, idle_causes, shortened
from bench.stats.attribution import Share
from bench.trace.analysis import analyze
from tests.trace import gpu
from tests.trace.handmade import annotation, operator


@pytest.fixture
def trace(tmp_path):
    """An analysis of events written to a file of that name."""

    def read(events, name):
        path = tmp_path / f"{name}.pt.trace.json"
        path.write_text(json.dumps({"traceEvents": list(events), **gpu.properties()}))
        return analyze(path)

    return read


def slower(events, category="kernel", extra=20):
    """The same training with every kernel of a convolution's backward pass longer, and all after it later."""
    late = {event["ts"]: event for event in events if "grad" in event["name"] and event.get("cat") == category}
    return [{**event, "dur": event["dur"] + extra} if late.get(event.get("ts")) is event else event for event in events]


def check_levels(explanation):
    for title, rows in explanation.levels.items():
        assert sum(row.difference for row in rows) == pytest.approx(explanation.difference), title
        if explanation.difference:
            assert sum(row.share for row in rows) == pytest.approx(1), title


def test_every_level_of_one_trace_adds_up_to_its_step(trace):
    explanation = explain_traces(trace(gpu.training(), "one"))
    check_levels(explanation)
    assert list(explanation.levels) == ["phase", "category and phase", "kernel", "operator", "module"]
    assert "convolution backward" in {row.name for row in explanation.levels["category and phase"]}
    assert explanation.sentence == ""


def test_every_level_of_two_adds_up_to_their_difference(trace):
    first, second = trace(gpu.training(), "first"), trace(slower(gpu.training(), extra=500), "second")
    for pair in ((second, first), (first, second)):
        explanation = explain_traces(*pair)
        check_levels(explanation)
        assert explanation.sentence.startswith("second.pt.trace.json is ")
        assert "slower than first.pt.trace.json" in explanation.sentence
        assert "convolution backward" in explanation.sentence
        assert any("tells nothing of chance" in note for note in explanation.notes)
    assert explanation.difference < 0


def test_steps_that_overlap_in_length_are_said_to_be_chance(trace):
    def steps(lengths):
        for at, length in enumerate(lengths):
            yield annotation(f"ProfilerStep#{at}", at * 1000, length)
            yield operator("aten::mm", at * 1000, length - 10)

    apart = explain_traces(trace(steps([200, 210]), "a"), trace(steps([100, 110]), "b"))
    near = explain_traces(trace(steps([100, 210]), "a"), trace(steps([100, 110]), "b"))
    assert not any("may be chance" in note for note in apart.notes)
    assert any("may be chance" in note for note in near.notes)


def test_a_trace_against_itself_has_no_shares(trace):
    one = trace(gpu.training(), "one")
    explanation = explain_traces(one, one)
    check_levels(explanation)
    assert explanation.sentence == "the second and the first take the same time, within 1 %."
    assert {row.share for rows in explanation.levels.values() for row in rows} == {None}
    json.dumps(explanation.to_dict(), allow_nan=False)


def test_a_trace_of_the_host_against_one_of_the_device_says_so(trace):
    host = trace([annotation("ProfilerStep#0", 0, 100), operator("aten::mm", 10, 20)], "host")
    explanation = explain_traces(trace(gpu.training(), "gpu"), host)
    check_levels(explanation)
    assert "one is of the host, the other of the device: their parts are of two kinds" in explanation.notes


def test_idle_time_adds_up_by_its_causes(trace):
    one = trace(gpu.training(), "one")
    causes = idle_causes(one)
    assert sum(seconds for _, _, seconds in causes) == pytest.approx(one.seconds - one.busy)
    assert {cause for cause, _, _ in causes} == {"host wait", "kernel wait"}


def test_what_is_not_shown_is_summed_up():
    rows = [Share(name, value, 0.0, value / 10) for name, value in (("a", 5.0), ("b", 3.0), ("c", 2.0))]
    assert shortened(rows, 1) == [rows[0], Share("(2 more)", 5.0, 0.0, 0.5), Share("(all)", 10.0, 0.0, 1.0)]


def test_the_document_holds_every_part(trace):
    document = explain_traces(trace(gpu.training(), "one")).to_dict()
    assert document["steps"]["whole"] == 3
    assert sum(row["seconds"] for row in document["parts"]["operator"]) == pytest.approx(document["seconds"])
    assert {row["name"] for row in document["kernels"]} == {work.name for work in gpu.WORKS}
    both = explain_traces(trace(gpu.training(), "one"), trace(gpu.training(), "two")).to_dict()
    assert set(both) == {"first", "second", "difference", "sentence", "parts", "notes"}
